"""The rungs of the fidelity ladder on a recorded book."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from common.data_pipeline.events.reading import read_event_files
from common.data_pipeline.events.resample import bars_from_events
from common.data_pipeline.rows import BarRows
from common.domain.bars import Bars
from common.domain.costs import CostModel
from common.domain.enums import SeriesKind
from common.domain.instruments import InstrumentId, SeriesKey
from common.domain.timeframe import Timeframe
from exchanges.selectors.market_data import open_store
from exchanges.services.catalogue import register_series
from research.engines.registry import list_engines
from research.models import Run
from research.tests.test_compare_engines import compare, document

PERPETUAL = InstrumentId("BTC/USDT:USDT", "BINANCEUSDM")
INSTALLED = {each.name for each in list_engines() if each.installed}

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.skipif("hftbacktest" not in INSTALLED, reason="hftbacktest is not installed"),
]


@pytest.fixture
def recorded(db: None, sample_data: Path) -> Bars:
    """Store five minutes of recorded events; return the bars that their trades make."""
    call_command(
        "import_events", str(sample_data / "binanceusdm_btcusdt_20240808_feed.gz"),
        "--instrument", str(PERPETUAL), "--format", "binance_futures",
        "--tick", "0.1", "--lot", "0.001", verbosity=0,
    )  # fmt: skip
    files = read_event_files(open_store(), SeriesKey(PERPETUAL, SeriesKind.EVENTS), None, None)
    return bars_from_events(files, Timeframe.M1)


def climb(bars: Bars) -> list[dict[str, Any]]:
    store, key = open_store(), SeriesKey.bars(PERPETUAL, Timeframe.M1)
    store.merge_bars(key, [BarRows.of(bars)])
    register_series(store=store, key=key)
    found = document(
        compare(
            store, "vectorbt", ladder=True, instrument=PERPETUAL, timeframe=Timeframe.M1,
            params={"fast": 1, "slow": 2},
            costs=CostModel(fee_rate=0.0005, maker_fee_rate=0.0002, slippage=0.001, funding=False),
        )
    )  # fmt: skip
    ladder: list[dict[str, Any]] = found["ladder"]
    return ladder


class TestLadderOnEvents:
    def test_is_climbed_to_the_queue(self, recorded: Bars) -> None:
        rungs = {each["rung"]: each for each in climb(recorded)}

        climbed = [name for name, each in rungs.items() if each["final_equity"] is not None]
        assert climbed == ["frictionless", "fees", "slippage", "book", "latency", "queue"]
        assert rungs["funding"]["reason"] == "funding is left out, as asked"
        runs = {name: Run.objects.get(pk=rungs[name]["run_id"]) for name in climbed}
        assert {runs[name].engine for name in climbed[3:]} == {"hftbacktest"}
        assert [runs[name].settings.get("recorded_latency") for name in climbed[3:]] == [
            None, True, True,
        ]  # fmt: skip
        assert runs["queue"].settings["execution"] == "maker"
        assert {float(runs[name].slippage) for name in climbed[3:]} == {0.0}

    def test_costs_add_up_from_the_first_rung_to_the_last(self, recorded: Bars) -> None:
        rungs = climb(recorded)

        total = sum(each["cost"] or 0.0 for each in rungs)
        first, last = rungs[0]["final_equity"], rungs[-1]["final_equity"]
        assert total == pytest.approx(first - last, abs=1e-9)
        # Half a tick of spread is far less than a mean slippage of a thousandth.
        assert next(each for each in rungs if each["rung"] == "book")["cost"] < -5

    def test_other_bars_are_not_compared_with_the_book(self, recorded: Bars) -> None:
        rungs = {each["rung"]: each for each in climb(recorded.rows(0, 4))}

        for name in ("book", "latency", "queue"):
            assert (rungs[name]["final_equity"], rungs[name]["cost"]) == (None, None)
            assert rungs[name]["reason"].startswith("it ran on 5 bars from 2024-08-08 23:55")
