"""Longer bars of a stored series, beside it in the store."""

from common.data_pipeline.resample import resample_series
from common.data_pipeline.store import MergeReport, SeriesStore
from common.domain.instruments import SeriesKey
from common.domain.timeframe import Timeframe
from exchanges.services.catalogue import register_series


def resample(
    *, store: SeriesStore, key: SeriesKey, timeframe: Timeframe, replace: bool = False
) -> MergeReport:
    """Store the bars of a longer timeframe that the stored ones make.

    Parameters
    ----------
    store, key
        Bars of which instrument and timeframe.
    timeframe
        A multiple of theirs.
    replace
        Whether the bars made win over stored ones that differ.

    Raises
    ------
    PlatformError
        What `resample_series` raises.
    """
    report = resample_series(store, key, timeframe, replace=replace)
    register_series(store=store, key=SeriesKey.bars(key.instrument, timeframe))
    return report
