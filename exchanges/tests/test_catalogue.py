from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.data_pipeline.exceptions import SeriesNotFound
from common.data_pipeline.store import SeriesStore
from common.data_pipeline.tests.series import KEY, hours, rows_at
from common.domain.instruments import InstrumentId, SeriesKey
from common.domain.timeframe import Timeframe
from exchanges.models import Series, Venue
from exchanges.services.catalogue import register_all, register_series

pytestmark = pytest.mark.django_db

OTHER = SeriesKey.bars(InstrumentId("ETH/USDT", "KRAKEN"), Timeframe.H1)


@pytest.fixture
def store(tmp_path: Path) -> SeriesStore:
    store = SeriesStore(tmp_path)
    for key in (KEY, OTHER):
        store.merge_bars(key, [rows_at(hours(0, 1))])
    return store


class TestRegisterSeries:
    def test_makes_nothing_for_what_is_not_stored(self, tmp_path: Path) -> None:
        with pytest.raises(SeriesNotFound):
            register_series(store=SeriesStore(tmp_path), key=KEY)

        assert not Venue.objects.exists()


class TestRegisterAll:
    def test_writes_the_rows_that_are_behind_and_no_others(self, store: SeriesStore) -> None:
        register_all(store=store)
        written = Series.objects.get(instrument__symbol="ETH/USDT").updated_at
        store.merge_bars(KEY, [rows_at(hours(2))])

        manifests = register_all(store=store)

        assert [manifest.key for manifest in manifests] == [KEY, OTHER]
        assert Series.objects.get(instrument__symbol="BTC/USDT").rows == 3
        assert Series.objects.get(instrument__symbol="ETH/USDT").updated_at == written

    def test_asks_once_if_no_row_is_behind(self, store: SeriesStore) -> None:
        register_all(store=store)

        with CaptureQueriesContext(
            connection,
        ) as queries:
            register_all(store=store)

        assert len(queries) == 1
