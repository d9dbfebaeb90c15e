import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from common.data_pipeline.rows import BarRows
from common.data_pipeline.store import SeriesStore
from common.data_pipeline.tests.series import KEY, hours, rows_at
from common.domain.instruments import InstrumentId, SeriesKey
from common.domain.timeframe import Timeframe
from exchanges.selectors.market_data import open_store

pytestmark = pytest.mark.django_db

OTHER = SeriesKey.bars(InstrumentId("BTC/USDT", "KRAKEN"), Timeframe.H1)
WORDS = ("--instrument", "BTC/USDT.BINANCE", "--timeframe", "1h")


def scaled(rows: BarRows, factor: float) -> BarRows:
    prices = {name: getattr(rows, name) * factor for name in ("open", "high", "low", "close")}
    return replace(rows, **prices)


@pytest.fixture
def store(settings: Any, tmp_path: Path) -> SeriesStore:
    settings.STORE_ROOT = tmp_path / "market_data"
    return open_store()


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[object, Any]:
    status: object = 0
    try:
        call_command("check_series", *WORDS, *words, "--json")
    except SystemExit as ended:
        status = ended.code
    return status, json.loads(capsys.readouterr().out)


class TestCheckSeriesCommand:
    # More than a tenth apart is an error, less is a warning.
    @pytest.mark.parametrize(("factor", "status"), [(1.0, 0), (1.09, 0), (1.11, 1)])
    def test_fails_if_the_other_venue_disagrees_by_a_tenth(
        self,
        store: SeriesStore,
        capsys: pytest.CaptureFixture[str],
        factor: float,
        status: int,
    ) -> None:
        rows = rows_at(hours(*range(48)))
        store.merge_bars(KEY, [rows])
        store.merge_bars(OTHER, [scaled(rows, factor)])

        ended, document = run(capsys, "--against", "KRAKEN")

        assert ended == status
        assert document["comparison"]["has_errors"] is bool(status)
        assert document["has_errors"] is False

    def test_is_not_held_against_itself(
        self, store: SeriesStore, capsys: pytest.CaptureFixture[str]
    ) -> None:
        store.merge_bars(KEY, [rows_at(hours(0, 1))])

        ended, document = run(capsys, "--against", "binance")

        assert (ended, document["code"]) == (2, "invalid_argument")

    def test_fails_if_too_much_is_missing(
        self, store: SeriesStore, capsys: pytest.CaptureFixture[str]
    ) -> None:
        store.merge_bars(KEY, [rows_at(hours(0, 9))])

        ended, document = run(capsys)

        assert ended == 1
        assert document["findings"][0]["code"] == "missing_bars"

    def test_refuses_a_data_file_that_holds_something_else(
        self, store: SeriesStore, capsys: pytest.CaptureFixture[str]
    ) -> None:
        store.merge_bars(KEY, [rows_at(hours(0, 1))])
        store.merge_bars(OTHER, [rows_at(hours(0, 1), price=50.0)])
        (ours,), (theirs,) = (
            list((store.root / venue).rglob("*.parquet")) for venue in ("BINANCE", "KRAKEN")
        )
        ours.write_bytes(theirs.read_bytes())

        ended, document = run(capsys)

        assert (ended, document["code"]) == (1, "store_corrupted")
