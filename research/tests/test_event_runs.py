"""Runs on recorded events: which files, which bars, and what the ledger says of both."""

from decimal import Decimal
from math import log1p
from pathlib import Path
from typing import Any

import pytest

from common.data_pipeline.events.formats import RecordingFile, RecordingFormat
from common.data_pipeline.store import SeriesStore
from common.domain.costs import AccountType, CostModel
from common.domain.enums import RunStatus
from common.domain.errors import PlatformError
from common.domain.instruments import InstrumentId
from common.domain.timeframe import Timeframe
from exchanges.services.recordings import import_recording
from research.compute import fork_server
from research.domain.settings import EngineSettings
from research.engines.exceptions import UnsupportedFeature
from research.selectors.runs import describe_run
from research.tests.conftest import Ask
from research.tests.test_examine_run import examined

pytestmark = [pytest.mark.django_db, pytest.mark.engine("hftbacktest"), pytest.mark.timeout(120)]

FEED = "binanceusdm_btcusdt_20240808_feed.gz"
BTC = InstrumentId("BTC/USDT:USDT", "BINANCEUSDM")
MINUTE_NS = Timeframe.M1.nanoseconds
# 2024-08-08T23:55:00Z, the first whole minute of the recording.
FIRST_NS = 1_723_161_300 * 10**9


ASKED: dict[str, Any] = {
    "strategy_key": "buy_and_hold",
    "engine": "hftbacktest",
    "instrument": BTC,
    "timeframe": Timeframe.M1,
    "costs": CostModel(funding=False),
}


@pytest.fixture
def feed(store: SeriesStore, sample_data: Path) -> None:
    import_recording(
        store=store,
        recording=RecordingFile(path=sample_data / FEED, format=RecordingFormat.BINANCE_FUTURES),
        instrument_id=BTC,
        tick=Decimal("0.1"),
        lot=Decimal("0.001"),
    )


@pytest.fixture
def recorded(ask: Ask, feed: None) -> Ask:
    def run(**changes: Any) -> Any:
        return ask(**(ASKED | changes))

    return run


class TestExamination:
    def test_reads_the_bars_that_its_trades_made(self, recorded: Ask, store: SeriesStore) -> None:
        run = recorded()

        found = examined(run, store, "regimes", window_days=0.002)

        growth = log1p(run.metrics["total_return"])
        assert found.values["growth"] == pytest.approx(growth)
        assert found.values["hour_best"] == pytest.approx(growth)

    def test_asks_its_strategy_anew(self, recorded: Ask, store: SeriesStore) -> None:
        run = recorded()

        assert examined(run, store, "look_ahead").values["bars"] == 5
        with pytest.raises(UnsupportedFeature, match="recorded events, which cannot be drawn"):
            examined(run, store, "bar_bootstrap", n_paths=2)


class TestEventRun:
    def test_names_its_events_and_the_bars_that_their_trades_make(self, recorded: Ask) -> None:
        run = recorded()

        shown = describe_run(run, with_fills=True)
        assert (run.status, run.series.kind) == (RunStatus.SUCCEEDED, "events")
        assert shown["dataset"]["timeframe"] == "1m"
        assert (shown["dataset"]["start"], shown["dataset"]["end"]) == (
            "2024-08-08T23:55:00Z",
            "2024-08-09T00:00:00Z",
        )
        assert shown["dataset"]["rows"] == 5
        assert len(run.settings["events_hash"]) == 64
        assert run.instrument_sizes["tick"] == "0.1"
        # Decided at the close of the first minute, so filled in the second.
        assert shown["fills"][0]["ts"].startswith("2024-08-08T23:56:0")

    def test_a_later_start_is_another_question(self, recorded: Ask) -> None:
        whole, later = recorded(), recorded(start_ns=FIRST_NS + 2 * MINUTE_NS)

        assert later.status == RunStatus.SUCCEEDED
        assert later.input_hash != whole.input_hash
        assert later.dataset.rows == 3
        assert describe_run(later, with_fills=True)["fills"][0]["ts"].startswith(
            "2024-08-08T23:58:0"
        )

    def test_another_timeframe_is_another_dataset(self, recorded: Ask) -> None:
        minutes, threes = recorded(), recorded(timeframe=Timeframe.M3)

        assert (threes.dataset.rows, threes.settings["timeframe"]) == (1, "3m")
        assert threes.dataset_id != minutes.dataset_id

    def test_is_refused_on_an_engine_for_bars(self, recorded: Ask) -> None:
        run = recorded(engine="vectorbt", settings=EngineSettings(on_events=True))

        assert (run.status, run.error_code) == (RunStatus.REFUSED, "unsupported_feature")
        assert "vectorbt does not support events" in run.error_detail

    def test_needs_recorded_events(self, ask: Ask) -> None:
        with pytest.raises(PlatformError, match=r"BTC/USD\.TEST events.*import_events"):
            ask(engine="hftbacktest")

    def test_needs_a_whole_bar(self, recorded: Ask) -> None:
        with pytest.raises(PlatformError, match="no whole bar of 1h"):
            recorded(timeframe=Timeframe.H1)


@pytest.fixture(scope="module", autouse=True)
def _end_fork_server() -> Any:
    yield
    fork_server.stop()


@pytest.mark.slow
class TestQueued:
    """In a child of the fork server, as in this process."""

    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"engine": "nautilus", "settings": EngineSettings(on_events=True)},
            {"strategy_key": "quote_both_sides", "account": AccountType.MARGIN},
        ],
        ids=["taker", "on another engine", "quotes"],
    )
    def test_has_the_same_result(
        self, recorded: Ask, enqueue: Ask, execute: Ask, changes: dict[str, Any]
    ) -> None:
        here = recorded(**changes)

        there = execute(enqueue(**(ASKED | changes)))

        assert (there.status, there.error_detail) == (RunStatus.SUCCEEDED, "")
        assert there.n_fills == here.n_fills > 0
        assert (there.input_hash, there.result_hash) == (here.input_hash, here.result_hash)
        assert (there.series_id, there.settings) == (here.series_id, here.settings)

    def test_is_refused_where_the_memory_does_not_do(
        self, feed: None, enqueue: Ask, execute: Ask, settings: Any
    ) -> None:
        compute = settings.PLATFORM.compute.model_copy(update={"job_memory_mb": 100})
        settings.PLATFORM = settings.PLATFORM.model_copy(update={"compute": compute})

        run = execute(enqueue(**ASKED))

        assert (run.status, run.error_code) == (RunStatus.REFUSED, "memory_budget_exceeded")
        assert "491,973 events" in run.error_detail
