"""Funding rates from files."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from common.data_pipeline.arrays import to_arrow
from common.data_pipeline.importers.batch import Batch
from common.data_pipeline.importers.exceptions import InvalidRate
from common.data_pipeline.importers.layouts import FUNDING_LAYOUTS
from common.data_pipeline.importers.numbers import read_numbers
from common.data_pipeline.importers.sources import open_source, read_batches
from common.data_pipeline.importers.times import TimeReader
from common.data_pipeline.layouts import LAYOUTS
from common.domain.bars import Floats
from common.domain.enums import SeriesKind

if TYPE_CHECKING:
    import pyarrow as pa

# Venues cap a funding at a few per cent; a fraction of one or more is a percentage or a price.
_MAX_RATE: Final = 1.0
# Freqtrade keeps rates in the shape of bars: the rate is the open, the rest is zero.
_UNUSED: Final = ("high", "low", "close")


def read_funding(path: Path) -> Iterator["pa.RecordBatch"]:
    """Yield the funding rates of a file in its own order, batch by batch.

    Parameters
    ----------
    path
        Text with delimited fields (also as gzip or zip), Feather or Parquet, in any layout
        of `layouts.FUNDING_LAYOUTS`.

    Returns
    -------
    iterator of pyarrow.RecordBatch
        `ts_ns` int64, `rate` float64 (a fraction of the position's value, paid by longs when
        positive), `line` int64 (where the row stands in the file, from 1).

    Raises
    ------
    UnusableFile
        One of its subclasses, with file and line, as soon as something wrong is met.
    """
    import pyarrow as pa

    times = TimeReader()
    schema = LAYOUTS[SeriesKind.FUNDING].staged_schema()
    for batch in read_batches(open_source(path, FUNDING_LAYOUTS), path):
        ts_ns, rate = times.read(batch), read_numbers(batch, "rate")
        _check(batch, rate)
        columns = [to_arrow(column) for column in (ts_ns, rate, batch.lines)]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _check(batch: Batch, rate: Floats) -> None:
    good = np.abs(rate) < _MAX_RATE
    if not good.all():
        row = int(np.argmin(good))
        raise batch.error(InvalidRate, row, f"rate is {rate[row]}, must be between -1 and 1")
    for name in _UNUSED:
        if name in batch.columns and (read_numbers(batch, name) != 0).any():
            row = int(np.argmax(read_numbers(batch, name) != 0))
            raise batch.error(
                InvalidRate, row, f"{name} is not 0: the file holds bars, not funding rates"
            )
