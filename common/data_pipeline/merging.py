"""Rules by which the rows of a file become, or do not become, stored rows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from common.data_pipeline.arrays import to_arrow, to_flags, to_numpy
from common.data_pipeline.exceptions import ConflictingRows, StoredBarsDiffer
from common.data_pipeline.layouts import LINE, Layout
from common.data_pipeline.months import month_of
from common.domain.errors import Extra
from common.domain.time import format_utc

if TYPE_CHECKING:
    import pyarrow as pa

type Flags = NDArray[np.bool_]

_SHOWN: Final = 5
_ID: Final = "id"
_ID_LENGTH: Final = "id_length"


@dataclass(frozen=True, slots=True)
class Merged:
    """The rows of a month after a merge.

    Parameters
    ----------
    table
        All rows, sorted by the layout's key, each key once.
    added
        How many of the new rows have a key that was not stored.
    replaced
        How many stored rows got other values.
    """

    table: "pa.Table"
    added: int
    replaced: int


def settle(rows: "pa.Table", layout: Layout) -> "pa.Table":
    """Sort the rows of a file, drop those that repeat another one, and the lines with them.

    Equal trades that have no id are prints of their own: none of them is dropped.

    Parameters
    ----------
    rows
        Columns of the layout and `line`, in the file's order.

    Raises
    ------
    ConflictingRows
        If two rows have the same key and differ; names both lines and what differs.
    """
    if _increases(rows, layout):
        return rows.select(layout.names)
    ordered, keys = _sort(rows, _keys(rows, layout))
    same_key = _repeats(keys) & _has_name(keys)[1:]
    conflict = np.flatnonzero(same_key & ~_repeats(ordered.select(layout.names)))
    if conflict.size:
        first, second = ordered.slice(int(conflict[0]), 2).to_pylist()
        name = next(name for name in layout.names if first[name] != second[name])
        raise ConflictingRows(
            f"lines {first[LINE]} and {second[LINE]} both are {format_utc(first[layout.time])}"
            f" but {name} is {first[name]!r} in one and {second[name]!r} in the other",
            time=format_utc(first[layout.time]),
            lines=[first[LINE], second[LINE]],
            column=name,
        )
    return _keep(ordered, np.concatenate([[True], ~same_key])).select(layout.names)


def combine(stored: "pa.Table", new: "pa.Table", layout: Layout, *, replace: bool) -> Merged:
    """Merge settled new rows into the stored rows of the same month.

    Of equal trades that have no id there are then as many as the table with more of them
    has: two files may begin and end within the same instant.

    Raises
    ------
    StoredBarsDiffer
        If a stored row has other values than the new one with its key, unless `replace`;
        shows the first differences.
    """
    import pyarrow as pa

    both = pa.concat_tables([stored, new])
    if _increases(both, layout):
        return Merged(both, added=len(new), replaced=0)
    keys = [_numbered(_keys(rows, layout)) for rows in (stored, new)]
    # The sort is stable: of two rows with one key the stored one comes first.
    both, sorted_keys = _sort(both, pa.concat_tables(keys))
    same_key = _repeats(sorted_keys)
    differs = same_key & ~_repeats(both)
    if differs.any() and not replace:
        _refuse(both, np.flatnonzero(differs), layout)
    return Merged(
        _keep(both, np.concatenate([~same_key, [True]])),
        added=len(new) - int(np.count_nonzero(same_key)),
        replaced=int(np.count_nonzero(differs)),
    )


def _increases(rows: "pa.Table", layout: Layout) -> bool:
    times = to_numpy(rows.column(layout.time))
    return bool((times[1:] > times[:-1]).all())


def _keys(rows: "pa.Table", layout: Layout) -> "pa.Table":
    """Return what tells rows apart, and orders them; all there is to a trade without an id."""
    import pyarrow.compute as pc

    keys = rows.select(layout.key)
    if _ID not in layout.key:
        return keys
    # Most venues count their ids up: "999" comes before "1000".
    keys = keys.add_column(1, _ID_LENGTH, pc.binary_length(keys.column(_ID)))
    has_name = _has_name(keys)
    for name in [name for name in layout.names if name not in layout.key]:
        values = to_numpy(rows.column(name))
        told = np.where(has_name, values.dtype.type(0), values)
        keys = keys.append_column(name, to_arrow(told))
    return keys


def _has_name(keys: "pa.Table") -> Flags:
    if _ID_LENGTH not in keys.column_names:
        return np.ones(len(keys), np.bool_)
    named: Flags = to_numpy(keys.column(_ID_LENGTH)) > 0
    return named


def _numbered(keys: "pa.Table") -> "pa.Table":
    """Return sorted keys with another column that counts those that are equal from 0."""
    if _ID_LENGTH not in keys.column_names or not len(keys):
        return keys
    places = np.arange(len(keys))
    starts = np.where(np.concatenate([[True], ~_repeats(keys)]), places, 0)
    return keys.append_column("occurrence", to_arrow(places - np.maximum.accumulate(starts)))


def _sort(rows: "pa.Table", keys: "pa.Table") -> tuple["pa.Table", "pa.Table"]:
    import pyarrow.compute as pc

    order = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in keys.column_names])
    return rows.take(order), keys.take(order)


def _repeats(ordered: "pa.Table") -> Flags:
    """Tell of each row but the first whether it equals the one before it."""
    same: Flags = np.ones(max(0, len(ordered) - 1), np.bool_)
    for column in ordered.columns:
        same = same & _equals_previous(column)
    return same


def _equals_previous(column: "pa.ChunkedArray") -> Flags:
    import pyarrow.compute as pc

    values = column.combine_chunks()
    return to_flags(pc.equal(values[1:], values[:-1]))


def _keep(rows: "pa.Table", flags: Flags) -> "pa.Table":
    return rows if flags.all() else rows.take(to_arrow(np.flatnonzero(flags)))


def _refuse(both: "pa.Table", places: NDArray[np.intp], layout: Layout) -> NoReturn:
    differences: list[dict[str, Extra]] = []
    first = both.column(layout.time)[int(places[0])].as_py()
    for place in places[:_SHOWN]:
        stored, new = both.slice(int(place), 2).to_pylist()
        differences.extend(
            {
                "time": format_utc(stored[layout.time]),
                "column": name,
                "stored": stored[name],
                "new": new[name],
            }
            for name in layout.names
            if stored[name] != new[name]
        )
    shown = "; ".join(
        f"{entry['time']} {entry['column']} stored {entry['stored']!r}, new {entry['new']!r}"
        for entry in differences[:_SHOWN]
    )
    raise StoredBarsDiffer(
        f"{len(places)} stored rows of {month_of(first)} differ from the new ones: {shown}",
        rows=len(places),
        differences=list(differences[:_SHOWN]),
    )
