import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from common.data_pipeline.hashing import bars_hash
from common.data_pipeline.resample import resample_bars
from common.data_pipeline.store import SeriesStore
from common.data_pipeline.tests.series import KEY, bars_at, hours, rows_at
from common.domain.timeframe import Timeframe
from exchanges.models import Series
from exchanges.selectors.market_data import open_store

pytestmark = pytest.mark.django_db

SOURCE = ("--instrument", "BTC/USDT.BINANCE", "--timeframe", "1h")
# From 22:00 of a day to 22:00 two days later, without one hour of the second day.
HOURS = (*range(11), *range(12, 49))


@pytest.fixture
def store(settings: Any, tmp_path: Path) -> SeriesStore:
    settings.STORE_ROOT = tmp_path / "market_data"
    store = open_store()
    store.merge_bars(KEY, [rows_at(hours(*HOURS))])
    return store


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[object, Any]:
    status: object = 0
    try:
        call_command("resample_bars", *words, "--json")
    except SystemExit as ended:
        status = ended.code
    return status, json.loads(capsys.readouterr().out)


class TestResampleBarsCommand:
    def test_stores_the_longer_bars_that_are_whole(
        self, store: SeriesStore, capsys: pytest.CaptureFixture[str]
    ) -> None:
        expected = resample_bars(bars_at(hours(*HOURS)), Timeframe.H12)

        status, document = run(capsys, *SOURCE, "--to", "12h")

        assert (status, document) == (
            0,
            {
                "series": "BTC/USDT.BINANCE bars-12h",
                "source": "BTC/USDT.BINANCE bars-1h",
                "rows": 2,
                "start": "2024-02-01T12:00:00Z",
                "end": "2024-02-02T12:00:00Z",
                "gaps": 0,
                "added": 2,
                "replaced": 0,
                "hash": bars_hash(expected),
            },
        )
        assert Series.objects.get(timeframe="12h").rows == 2

    def test_adds_what_became_whole_and_changes_nothing_else(
        self, store: SeriesStore, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run(capsys, *SOURCE, "--to", "12h")
        store.merge_bars(KEY, [rows_at(hours(11))])

        _, document = run(capsys, *SOURCE, "--to", "12h")

        assert (document["rows"], document["added"], document["replaced"]) == (3, 1, 0)

    @pytest.mark.parametrize(
        ("words", "status", "code"),
        [
            ((*SOURCE, "--to", "30m"), 2, "invalid_argument"),
            ((*SOURCE, "--to", "7h"), 2, "invalid_argument"),
            ((*SOURCE, "--to", "1w"), 1, "no_rows"),
            ((*SOURCE[:-1], "1m", "--to", "1h"), 1, "series_not_found"),
        ],
    )
    def test_names_what_is_wrong(
        self,
        store: SeriesStore,
        capsys: pytest.CaptureFixture[str],
        words: tuple[str, ...],
        status: int,
        code: str,
    ) -> None:
        ended, document = run(capsys, *words)

        assert (ended, document["code"]) == (status, code)
        assert not Series.objects.exists()
        assert [manifest.key for manifest in store.list_manifests()] == [KEY]
