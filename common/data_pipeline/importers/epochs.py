"""Times written as a number: seconds to nanoseconds since 1970, told by their size."""

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from common.data_pipeline.arrays import to_numpy
from common.data_pipeline.importers.batch import Batch
from common.data_pipeline.importers.exceptions import UnreadableTime
from common.domain.bars import Floats, Times
from common.domain.time import NANOSECONDS

if TYPE_CHECKING:
    import pyarrow as pa

# Between 1973-03-03 and 2200 the four units share no number, so that each row tells its own:
# publishers have changed the unit in the middle of a file.
EARLIEST_NS: Final = 100_000_000 * NANOSECONDS
LATEST_NS: Final = 7_258_118_400 * NANOSECONDS
_UNITS: Final = (NANOSECONDS, 1_000_000, 1_000, 1)
_NUMBER: Final = re.compile(r"-?\d{9,}(\.\d+)?")


def is_epoch(text: str) -> bool:
    """Tell whether a text is a time written as a number; eight digits are a date.

    Examples
    --------
    >>> is_epoch("1571302800.0"), is_epoch("20191017")
    (True, False)
    """
    return _NUMBER.fullmatch(text.strip()) is not None


def read_epochs(column: "pa.Array", batch: Batch) -> Times:
    """Return nanoseconds for numbers, or texts of numbers, each in its own unit.

    Raises
    ------
    UnreadableTime
        If one is not a number, is rounded (`1.57E+12`), or is in no unit a time from
        1973 to 2200.
    """
    import pyarrow as pa

    numbers = _parse(column, batch) if pa.types.is_string(column.type) else column
    if pa.types.is_floating(numbers.type):
        whole, part = _split(to_numpy(numbers.cast(pa.float64())), batch)
    else:
        whole, part = to_numpy(numbers.cast(pa.int64())), None
    unit = _units(whole, batch)
    times: Times = whole * unit
    if part is not None and part.any():
        # A float holds a second of our days to a quarter of a microsecond and no better.
        times += np.rint(part * (unit / 1_000)).astype(np.int64) * 1_000
    return times


def _units(whole: Times, batch: Batch) -> Times | int:
    bounds = [(EARLIEST_NS // unit, LATEST_NS // unit, unit) for unit in _UNITS]
    low, high = whole.min(), whole.max()
    for first, last, unit in bounds:
        if first <= low and high < last:
            return unit
    conditions = [(first <= whole) & (whole < last) for first, last, _ in bounds]
    units: Times = np.select(conditions, _UNITS, 0).astype(np.int64)
    if not units.all():
        row = int(np.argmin(units != 0))
        raise batch.error(
            UnreadableTime,
            row,
            f"the time {whole[row]} is outside 1973 to 2200 in seconds, milliseconds,"
            " microseconds and nanoseconds",
        )
    return units


def _split(numbers: Floats, batch: Batch) -> tuple[Times, Floats]:
    finite = np.isfinite(numbers) & (np.abs(numbers) < 2.0**63)
    if not finite.all():
        row = int(np.argmin(finite))
        raise batch.error(UnreadableTime, row, f"the time is {numbers[row]}")
    whole = np.floor(numbers)
    return whole.astype(np.int64), numbers - whole


def _parse(texts: "pa.Array", batch: Batch) -> "pa.Array":
    import pyarrow as pa

    try:
        return texts.cast(pa.int64())
    except pa.ArrowInvalid:
        pass
    for row, text in enumerate(texts.to_pylist()):
        if not is_epoch(text):
            raise batch.error(UnreadableTime, row, f"{text!r} is not a time since 1970")
    return texts.cast(pa.float64())
