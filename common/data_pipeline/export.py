"""Stored bars as files for other programs."""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from common.data_pipeline.arrays import to_arrow
from common.data_pipeline.durable import disk_errors, sync
from common.data_pipeline.exceptions import NoRows, OutputExists
from common.data_pipeline.store import SeriesStore
from common.domain.bars import PRICE_COLUMNS, Bars
from common.domain.errors import InvalidArgument
from common.domain.instruments import SeriesKey
from common.domain.time import NANOSECONDS

if TYPE_CHECKING:
    import pyarrow as pa

type Parts = Iterable[Bars]


def export_bars(  # noqa: PLR0913 - a period, a target and a format are what an export is
    store: SeriesStore,
    key: SeriesKey,
    *,
    start_ns: int | None = None,
    end_ns: int | None = None,
    format: str,  # noqa: A002 - the word of the command's option
    output: Path,
    overwrite: bool = False,
) -> int:
    """Write the stored bars that open in `[start_ns, end_ns)` to a file; return how many.

    Parameters
    ----------
    store, key
        Which series.
    start_ns, end_ns
        Nanoseconds since 1970 UTC; None is unbounded.
    format
        A name in `FORMATS`.
    output
        The file. It appears when it is complete.
    overwrite
        Whether an existing file may be replaced.

    Raises
    ------
    InvalidArgument
        If there is no such format, or the output is a folder or a device.
    OutputExists
        If the file exists and must not be replaced.
    NoRows
        If there is no bar in the period.
    SeriesNotFound, InvalidPeriod
        As `SeriesStore.iter_bars`.
    StoreUnavailable
        If the disk refuses; nothing is left behind.
    """
    if format not in FORMATS:
        known = " ".join(FORMATS)
        raise InvalidArgument(f"unknown format {format!r}; known: {known}", format=format)
    # The finished file takes the place of the output, whatever that is.
    if output.exists() and not output.is_file():
        raise InvalidArgument(f"{output} is not a file", path=str(output))
    if output.exists() and not overwrite:
        raise OutputExists(f"{output} exists and is not overwritten", path=str(output))
    parts = store.iter_bars(key, start_ns, end_ns)
    temporary = output.with_name(f".{output.name}.{os.getpid()}.part")
    with disk_errors(output):
        try:
            rows = FORMATS[format](parts, temporary)
            if not rows:
                raise NoRows(f"{key} holds no bar in the period to export", series=str(key))
            sync(temporary)
            temporary.replace(output)
            sync(output.parent)
        finally:
            temporary.unlink(missing_ok=True)
    return rows


def csv_header() -> bytes:
    """Return the first line of a CSV export."""
    return f"{','.join(('time', *PRICE_COLUMNS))}\n".encode("ascii")


def csv_lines(bars: Bars) -> bytes:
    """Return bars as CSV: ISO-8601 UTC, and the fewest digits that read back the same."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    _write_csv_lines(bars, sink)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _write_csv(parts: Parts, path: Path) -> int:
    import pyarrow as pa

    rows = 0
    with pa.OSFile(str(path), "wb") as sink:
        sink.write(csv_header())
        for bars in parts:
            _write_csv_lines(bars, sink)
            rows += len(bars)
    return rows


def _write_csv_lines(bars: Bars, sink: "pa.NativeFile") -> None:
    from pyarrow import csv

    options = csv.WriteOptions(include_header=False, quoting_style="none")
    csv.write_csv(_table(bars, "time", _iso_times(bars)), sink, options)


def _iso_times(bars: Bars) -> "pa.Array":
    import pyarrow as pa
    from pyarrow import compute as pc

    # Bars off the grid can open at fractions of a second; no digit of them is lost.
    unit, end = ("ns", 29) if (bars.open_ns % NANOSECONDS).any() else ("s", 19)
    # Without a zone, which Arrow would look up for every row.
    times = to_arrow(bars.open_ns).view(pa.timestamp("ns")).cast(pa.timestamp(unit))
    texts = pc.binary_replace_slice(times.cast(pa.string()), start=10, stop=11, replacement="T")
    return pc.binary_replace_slice(texts, start=end, stop=end, replacement="Z")


def _write_parquet(parts: Parts, path: Path) -> int:
    from pyarrow import parquet

    rows = 0
    with parquet.ParquetWriter(path, _utc_schema("time"), compression="zstd") as writer:
        for bars in parts:
            writer.write_table(_utc_table(bars, "time"))
            rows += len(bars)
    return rows


def _write_freqtrade(parts: Parts, path: Path) -> int:
    """Write Feather as Freqtrade keeps its own bars (its `data_handler_ohlcv` "feather")."""
    from pyarrow import ipc

    rows, options = 0, ipc.IpcWriteOptions(compression="lz4")
    with ipc.new_file(str(path), _utc_schema("date"), options=options) as writer:
        for bars in parts:
            writer.write_table(_utc_table(bars, "date"))
            rows += len(bars)
    return rows


def _utc_schema(time: str) -> "pa.Schema":
    import pyarrow as pa

    prices = [(name, pa.float64()) for name in PRICE_COLUMNS]
    return pa.schema([(time, pa.timestamp("ns", "UTC")), *prices])


def _utc_table(bars: Bars, time: str) -> "pa.Table":
    return _table(bars, time, to_arrow(bars.open_ns).view(_utc_schema(time).field(time).type))


def _table(bars: Bars, time: str, times: "pa.Array") -> "pa.Table":
    import pyarrow as pa

    prices = [to_arrow(getattr(bars, name)) for name in PRICE_COLUMNS]
    return pa.Table.from_arrays([times, *prices], names=[time, *PRICE_COLUMNS])


FORMATS: Final[Mapping[str, Callable[[Parts, Path], int]]] = {
    "csv": _write_csv,
    "freqtrade": _write_freqtrade,
    "parquet": _write_parquet,
}
