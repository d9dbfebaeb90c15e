"""Published files into the store, and the rows that say so."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from common.data_pipeline import pipeline
from common.data_pipeline.store import MergeReport, SeriesStore
from common.data_pipeline.synthetic import is_synthetic
from common.domain.enums import SeriesKind
from common.domain.instruments import InstrumentId, SeriesKey
from exchanges.exceptions import SyntheticVenue
from exchanges.services.catalogue import exact_sizes, register_series, set_sizes


def import_file(
    *,
    store: SeriesStore,
    path: Path,
    key: SeriesKey,
    replace: bool = False,
    sizes: Mapping[str, Decimal | None] | None = None,
) -> MergeReport:
    """Import a published file of bars, public trades or funding rates, all of it or nothing.

    Parameters
    ----------
    store, path, key
        What goes where.
    replace
        Whether rows of the file win over stored ones that differ.
    sizes
        Lot, tick and minimum notional of the instrument, where they are known.

    Raises
    ------
    SyntheticVenue
        If the venue is the synthetic one: what a file holds is not synthetic.
    InvalidArgument
        If a size is not positive, or has more digits than the database keeps.
    PlatformError
        What the importer and the store raise.
    """
    refuse_synthetic(key.instrument)
    # Before the file: what is wrong with them must not leave bars without sizes behind.
    stated = exact_sizes(sizes or {})
    if key.kind is SeriesKind.TRADES:
        report = pipeline.import_trades(store, path, key, replace=replace)
    elif key.kind is SeriesKind.FUNDING:
        report = pipeline.import_funding(store, path, key, replace=replace)
    else:
        report = pipeline.import_bars(store, path, key, replace=replace)
    register_series(store=store, key=key)
    set_sizes(instrument_id=key.instrument, **stated)
    return report


def refuse_synthetic(instrument_id: InstrumentId) -> None:
    """Refuse to import a file for the synthetic venue.

    Raises
    ------
    SyntheticVenue
        If the venue is the synthetic one.
    """
    if is_synthetic(instrument_id):
        raise SyntheticVenue(
            f"{instrument_id.venue} is the synthetic venue: a file cannot be imported there",
            venue=instrument_id.venue,
        )
