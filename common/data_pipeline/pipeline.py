"""From a published file to the store: read, check, merge."""

from pathlib import Path

from common.data_pipeline import importers
from common.data_pipeline.store import MergeReport, SeriesStore
from common.domain.enums import SeriesKind
from common.domain.errors import InvalidArgument
from common.domain.instruments import SeriesKey


def import_bars(
    store: SeriesStore, path: Path, key: SeriesKey, *, replace: bool = False
) -> MergeReport:
    """Store the bars of a file, all of them or none.

    Raises
    ------
    InvalidArgument
        If the key is not of bars.
    PlatformError
        As `importers.read_bars` and `SeriesStore.merge_bars`.
    """
    if key.timeframe is None:
        raise InvalidArgument(f"{key} holds no bars", series=str(key))
    return store.merge_bars(key, importers.read_bars(path, key.timeframe), replace=replace)


def import_trades(
    store: SeriesStore, path: Path, key: SeriesKey, *, replace: bool = False
) -> MergeReport:
    """Store the public trades of a file, all of them or none.

    Raises
    ------
    InvalidArgument
        If the key is not of public trades.
    PlatformError
        As `importers.read_trades` and `SeriesStore.merge_table`.
    """
    _check_kind(key, SeriesKind.TRADES)
    return store.merge_table(key, importers.read_trades(path), replace=replace)


def import_funding(
    store: SeriesStore, path: Path, key: SeriesKey, *, replace: bool = False
) -> MergeReport:
    """Store the funding rates of a file, all of them or none.

    Raises
    ------
    InvalidArgument
        If the key is not of funding rates.
    PlatformError
        As `importers.read_funding` and `SeriesStore.merge_table`.
    """
    _check_kind(key, SeriesKind.FUNDING)
    return store.merge_table(key, importers.read_funding(path), replace=replace)


def _check_kind(key: SeriesKey, kind: SeriesKind) -> None:
    if key.kind is not kind:
        raise InvalidArgument(f"{key} does not hold {kind}", series=str(key), kind=str(kind))
