"""Blocks of delimited text as columns: fast where all is well, line by line where not."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from common.data_pipeline.arrays import to_arrow, to_texts
from common.data_pipeline.importers.exceptions import FileDamaged, UnreadableNumber

if TYPE_CHECKING:
    import pyarrow as pa

_TEXT: Final = frozenset({
    *("time", "local_time", "id", "side", "buyer_is_maker", "is_snapshot"),
})


@dataclass(frozen=True, slots=True)
class Columns:
    """Where our columns stand among the fields of a line.

    Parameters
    ----------
    path
        The file, for messages.
    places
        Our name to the position of the field, from 0.
    width
        How many fields each line has.
    delimiter
        What stands between two of them.
    """

    path: Path
    places: Mapping[str, int]
    width: int
    delimiter: str


def parse_fast(block: bytes, columns: Columns) -> dict[str, "pa.Array"] | None:
    """Return the columns of a block, or None if anything in it is irregular."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    names = [str(place) for place in range(columns.width)]
    types = {
        names[place]: pa.string() if ours in _TEXT else pa.float64()
        for ours, place in columns.places.items()
    }
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(block),
            read_options=arrow_csv.ReadOptions(column_names=names),
            parse_options=arrow_csv.ParseOptions(delimiter=columns.delimiter),
            convert_options=arrow_csv.ConvertOptions(
                column_types=types, include_columns=list(types), null_values=[]
            ),
        ).combine_chunks()
    except pa.ArrowInvalid:
        return None
    return {
        ours: table.column(names[place]).combine_chunks() for ours, place in columns.places.items()
    }


def parse_slowly(block: bytes, first_line: int, columns: Columns) -> dict[str, "pa.Array"]:
    """Return the columns of a block whose lines are irregular, or say which one is wrong.

    Raises
    ------
    FileDamaged
        If a line has not the right number of fields, or is not UTF-8.
    UnreadableNumber
        If a number is not one.
    """
    texts: dict[str, list[str]] = {ours: [] for ours in columns.places if ours in _TEXT}
    numbers: dict[str, list[float]] = {ours: [] for ours in columns.places if ours not in _TEXT}
    for number, line in enumerate(block.split(b"\n"), start=first_line):
        if not line.strip():
            continue
        fields = _fields(line, number, columns)
        for ours, found in texts.items():
            found.append(fields[columns.places[ours]])
        for ours, values in numbers.items():
            text = fields[columns.places[ours]]
            try:
                values.append(_number(text))
            except ValueError as e:
                raise UnreadableNumber(
                    columns.path, f"{ours} is {text!r}, not a number", line=number
                ) from e
    return {
        **{ours: to_texts(found) for ours, found in texts.items()},
        **{ours: to_arrow(np.array(values, np.float64)) for ours, values in numbers.items()},
    }


def _fields(line: bytes, number: int, columns: Columns) -> Sequence[str]:
    try:
        text = line.decode("utf-8").rstrip("\r")
        fields = next(csv.reader([text], delimiter=columns.delimiter))
    except UnicodeDecodeError as e:
        raise FileDamaged(columns.path, f"is not UTF-8 text: {e}", line=number) from e
    except csv.Error as e:
        raise FileDamaged(columns.path, f"cannot be split into fields: {e}", line=number) from e
    if len(fields) != columns.width:
        raise FileDamaged(
            columns.path,
            f"{len(fields)} fields, there must be {columns.width}: {text[:80]!r}",
            line=number,
        )
    return fields


def _number(text: str) -> float:
    # Python reads 1_000 as a number; nobody who writes market data means one by it.
    return float(text.replace("_", "?"))
