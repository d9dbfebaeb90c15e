"""Batches of rows on their way into the store: one form, and nothing broken in them."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from common.data_pipeline.arrays import to_arrow, to_numpy
from common.data_pipeline.exceptions import InvalidRow
from common.data_pipeline.layouts import LAYOUTS, LINE, Layout
from common.data_pipeline.rows import BarRows
from common.domain.enums import SeriesKind
from common.domain.time import NANOSECONDS, format_utc

if TYPE_CHECKING:
    import pyarrow as pa

# Times outside 1970 to 2200 are seconds or milliseconds taken for nanoseconds, or garbage.
_LATEST_NS: Final = 7_258_118_400 * NANOSECONDS


def from_bars(batches: Iterable[BarRows]) -> Iterator["pa.RecordBatch"]:
    """Yield rows of bars as Arrow batches with the staged schema, without copying."""
    import pyarrow as pa

    schema = LAYOUTS[SeriesKind.BARS].staged_schema()
    names = (*LAYOUTS[SeriesKind.BARS].names, "lines")
    for rows in batches:
        columns = [to_arrow(getattr(rows, name)) for name in names]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def from_tables(
    kind: SeriesKind, tables: Iterable["pa.Table | pa.RecordBatch"]
) -> Iterator["pa.RecordBatch"]:
    """Yield the layout's columns of each table as Arrow batches with the staged schema.

    Rows are numbered from 1 where there is no column `line`.
    """
    import pyarrow as pa

    layout, count = LAYOUTS[kind], 0
    for rows in tables:
        table = pa.Table.from_batches([rows]) if isinstance(rows, pa.RecordBatch) else rows
        if LINE not in table.column_names:
            lines = np.arange(count + 1, count + 1 + len(table))
            table = table.append_column(LINE, to_arrow(lines))
        count += len(table)
        yield from table.select([*layout.names, LINE]).cast(layout.staged_schema()).to_batches()


def check(batch: "pa.RecordBatch", layout: Layout) -> None:
    """Refuse rows that cannot be facts; what is only doubtful is the quality report's.

    Raises
    ------
    InvalidRow
        If a number is not finite, a price is negative, or a time is outside 1970 to 2200;
        names the line.
    """
    times: NDArray[np.int64] = to_numpy(batch.column(layout.time))
    outside = (times < 0) | (times >= _LATEST_NS)
    if outside.any():
        row = int(np.argmax(outside))
        line = batch.column(LINE)[row].as_py()
        raise InvalidRow(f"line {line}: time {times[row]} ns is outside 1970 to 2200", line=line)
    for name, arrow_type in layout.columns:
        if arrow_type == "float64":
            _check_numbers(batch, name, layout)


def _check_numbers(batch: "pa.RecordBatch", name: str, layout: Layout) -> None:
    values: NDArray[np.float64] = to_numpy(batch.column(name))
    bad = ~np.isfinite(values)
    rule = "is not finite"
    if name in layout.not_negative and not bad.any():
        bad, rule = values < 0, "is negative"
    if not bad.any():
        return
    row = int(np.argmax(bad))
    line = batch.column(LINE)[row].as_py()
    moment = format_utc(batch.column(layout.time)[row].as_py())
    raise InvalidRow(
        f"line {line} ({moment}): {name} {rule}: {float(values[row])!r}",
        line=line,
        time=moment,
        column=name,
    )
