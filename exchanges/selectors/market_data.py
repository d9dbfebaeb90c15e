"""What is stored: series by name, and the store itself."""

from datetime import timedelta
from pathlib import Path

from django.conf import settings

from common.data_pipeline.store import SeriesStore
from common.domain.instruments import InstrumentId
from exchanges.exceptions import UnknownInstrument
from exchanges.models import Instrument


def open_store() -> SeriesStore:
    """Return this installation's store of market data."""
    market_data = settings.PLATFORM.market_data
    return SeriesStore(
        Path(settings.STORE_ROOT),
        lock_seconds=market_data.lock_timeout_seconds,
        grace=timedelta(hours=market_data.unreferenced_file_hours),
    )


def get_instrument(instrument_id: InstrumentId) -> Instrument:
    """Return the instrument with its venue, in one query.

    Raises
    ------
    UnknownInstrument
        If there is none; the message names some that there are.
    """
    instruments = Instrument.objects.select_related("venue")
    try:
        return instruments.get(venue__code=instrument_id.venue, symbol=instrument_id.symbol)
    except Instrument.DoesNotExist as e:
        known = ", ".join(str(row) for row in instruments.order_by("venue__code", "symbol")[:5])
        raise UnknownInstrument(
            f"no instrument {instrument_id}; known: {known or 'none yet, import or fetch bars'}",
            instrument=str(instrument_id),
        ) from e
