"""A small installation: a venue with an instrument, and its series in the store."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from pytest_django import Settings

from common.data_pipeline.store import SeriesStore
from common.data_pipeline.tests.series import KEY, bars_at, hours, rows_at
from common.domain.bars import Bars
from common.domain.enums import SeriesKind
from exchanges.models import Instrument, Series, Venue
from exchanges.selectors.market_data import open_store
from exchanges.services.catalogue import register_series

# Two hours of January, then February with two hours missing, then one hour of March.
HOURS = (0, 1, 2, 3, 6, 7, 8, 9, 29 * 24 + 2)


@dataclass(frozen=True)
class Stored:
    """Bars in the store, and the row of their series."""

    store: SeriesStore
    series: Series

    @property
    def bars(self) -> Bars:
        """The bars that are stored."""
        return bars_at(hours(*HOURS))

    @property
    def address(self) -> str:
        """Where the API serves them."""
        return f"/api/v1/series/{self.series.pk}/bars/"


def store_bars(settings: Settings, folder: Path) -> Stored:
    """Store bars of three months below a folder, and register them."""
    settings.STORE_ROOT = folder / "market_data"
    store = open_store()
    store.merge_bars(KEY, [rows_at(hours(*HOURS))])
    return Stored(store, register_series(store=store, key=KEY))


def make_series(count: int) -> list[Series]:
    """Make that many rows of series, each of an instrument and a venue of its own."""
    made = []
    for number in range(count):
        venue = Venue.objects.create(code=f"V{number:03d}", name=f"Venue {number}")
        instrument = Instrument.objects.create(
            venue=venue, symbol="BTC/USDT", market_type="SPOT", tick=Decimal("0.01")
        )
        made.append(
            Series.objects.create(
                instrument=instrument,
                kind=SeriesKind.BARS,
                timeframe="1h",
                rows=number,
                manifest_version=1,
            )
        )
    return made
