"""What can be wrong with a file that is handed in; each names the file and the line."""

from pathlib import Path

from common.domain.errors import Extra, InvalidInput


class UnusableFile(InvalidInput):
    """A file that cannot be imported; nothing of it was.

    Parameters
    ----------
    path
        The file; its name, not its folder, is shown.
    problem
        What is wrong, with the value and the bound.
    line
        Where: the line of a text file or the row of a table, counted from 1.
    unit
        "line" or "row".
    """

    code = "unusable_file"

    def __init__(
        self,
        path: Path,
        problem: str,
        *,
        line: int | None = None,
        unit: str = "line",
        **extra: Extra,
    ) -> None:
        place = path.name if line is None else f"{path.name}, {unit} {line}"
        facts: dict[str, Extra] = {"file": path.name, **extra}
        if line is not None:
            facts[unit] = line
        super().__init__(f"{place}: {problem}", **facts)


class FileMissing(UnusableFile):
    """There is no file of that name, or it may not be read."""

    code = "file_missing"


class FileEmpty(UnusableFile):
    """A file without a single row."""

    code = "no_rows"


class FileDamaged(UnusableFile):
    """A file, or a row of it, that is cut off or is not what it says it is."""

    code = "file_damaged"


class UnknownLayout(UnusableFile):
    """The columns are not those of any layout that is known."""

    code = "unknown_layout"


class UnreadableNumber(UnusableFile):
    """A field that should be a number and is not."""

    code = "unreadable_number"


class UnreadableTime(UnusableFile):
    """A field that should be a time and is not, or is one outside 1973 to 2200."""

    code = "unreadable_time"


class MixedTimeZones(UnusableFile):
    """Times of one file with different offsets, or some with an offset and some without."""

    code = "mixed_time_zones"


class InvalidPrice(UnusableFile):
    """A price that is not positive and finite."""

    code = "invalid_price"


class InvalidQuantity(UnusableFile):
    """A volume or quantity that is negative or not finite."""

    code = "invalid_quantity"


class InvalidRate(UnusableFile):
    """A funding rate that cannot be one."""

    code = "invalid_rate"


class InvalidSide(UnusableFile):
    """A side of a trade that is neither buy nor sell."""

    code = "invalid_side"


class TimeframeMismatch(UnusableFile):
    """The rows are not bars of the timeframe that was named."""

    code = "timeframe_mismatch"
