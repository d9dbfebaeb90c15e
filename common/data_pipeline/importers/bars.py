"""Bars from files."""

from collections.abc import Iterator
from pathlib import Path

from common.data_pipeline.importers.layouts import BAR_LAYOUTS
from common.data_pipeline.importers.numbers import check_prices, check_quantity, read_numbers
from common.data_pipeline.importers.sources import open_source, read_batches
from common.data_pipeline.importers.timeframe_check import TimeframeCheck
from common.data_pipeline.importers.times import TimeReader
from common.data_pipeline.rows import BarRows
from common.domain.bars import PRICE_COLUMNS
from common.domain.timeframe import Timeframe


def read_bars(path: Path, timeframe: Timeframe) -> Iterator[BarRows]:
    """Yield the bars of a file in its own order, batch by batch.

    Parameters
    ----------
    path
        Text with delimited fields (also as gzip or zip), Feather or Parquet, in any layout
        of `layouts.BAR_LAYOUTS`.
    timeframe
        Length of the bars; no file says it reliably.

    Raises
    ------
    UnusableFile
        One of its subclasses, with file and line, as soon as something wrong is met: what
        was yielded before must not be kept.

    Notes
    -----
    Rows are yielded as they are, repeated or disordered ones included. Times without an
    offset are UTC. Where a file counts volume in both assets the base asset's is taken.
    """
    times = TimeReader()
    check = TimeframeCheck(path, timeframe)
    for batch in read_batches(open_source(path, BAR_LAYOUTS), path):
        open_ns = times.read(batch)
        columns = {name: read_numbers(batch, name) for name in PRICE_COLUMNS}
        check_prices(batch, {name: columns[name] for name in PRICE_COLUMNS[:-1]})
        check_quantity(batch, "volume", columns["volume"])
        check.add(open_ns)
        yield BarRows(open_ns=open_ns, **columns, lines=batch.lines)
    check.finish()
