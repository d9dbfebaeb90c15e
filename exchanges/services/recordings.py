"""Recordings of order-book events into the store, and the rows that say so."""

from decimal import Decimal

from common.data_pipeline.events.formats import RecordingFile
from common.data_pipeline.events.importing import Progress, import_events
from common.data_pipeline.events.report import EventReport
from common.data_pipeline.events.sizes import Sizes, Step
from common.data_pipeline.exceptions import SeriesNotFound
from common.data_pipeline.store import SeriesStore
from common.domain.enums import SeriesKind
from common.domain.instruments import DEFAULT_LOT, InstrumentId, SeriesKey
from exchanges.exceptions import UnknownSizes
from exchanges.models import Instrument
from exchanges.services.catalogue import exact_sizes, register_series, set_sizes
from exchanges.services.importing import refuse_synthetic


def import_recording(
    *,
    store: SeriesStore,
    recording: RecordingFile,
    instrument_id: InstrumentId,
    tick: Decimal | None = None,
    lot: Decimal | None = None,
    progress: Progress | None = None,
) -> EventReport:
    """Import a recording of order-book events, all of it or nothing.

    Parameters
    ----------
    store, recording, instrument_id
        What goes where.
    tick, lot
        Steps of prices and quantities; None takes those of the events stored already, else
        those of the instrument.
    progress
        Called now and then with the number of events read so far.

    Raises
    ------
    SyntheticVenue
        If the venue is the synthetic one: what a file holds is not synthetic.
    UnknownSizes
        If a step is neither stated nor known.
    InvalidArgument
        If a step is not positive, or has more digits than the database keeps.
    PlatformError
        What the format and the store raise.
    """
    refuse_synthetic(instrument_id)
    stated = exact_sizes({"tick": tick, "lot": lot})
    key = SeriesKey(instrument_id, SeriesKind.EVENTS)
    known = {**_known_sizes(store, key), **stated}
    for name in ("tick", "lot"):
        if name not in known:
            raise UnknownSizes(
                f"the {name} of {instrument_id} is not known: state it with --{name}",
                instrument=str(instrument_id),
                size=name,
            )
    sizes = Sizes(Step(known["tick"].normalize()), Step(known["lot"].normalize()))
    report = import_events(
        store, recording.open(instrument_id), key, sizes=sizes, progress=progress
    )
    register_series(store=store, key=key)
    set_sizes(instrument_id=instrument_id, **stated)
    return report


def _known_sizes(store: SeriesStore, key: SeriesKey) -> dict[str, Decimal]:
    try:
        events = store.manifest(key).events
    except SeriesNotFound:
        events = None
    if events is not None:
        return {"tick": events.tick, "lot": events.lot}
    instrument = Instrument.objects.filter(
        venue__code=key.instrument.venue, symbol=key.instrument.symbol
    ).first()
    if instrument is None:
        return {}
    # The lot of an instrument that nobody described is not a fact about it.
    lot = None if instrument.lot == DEFAULT_LOT else instrument.lot
    known = {"tick": instrument.tick, "lot": lot}
    return {name: size for name, size in known.items() if size is not None}
