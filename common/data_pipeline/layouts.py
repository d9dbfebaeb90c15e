"""Columns of each kind of data, as importers hand them over and as they are stored."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from common.domain.enums import SeriesKind

if TYPE_CHECKING:
    import pyarrow as pa

LINE: Final = "line"


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns of one kind of data, in the order in which they are stored and hashed.

    Parameters
    ----------
    columns
        Name and Arrow type of each column; none of them holds nulls.
    key
        The columns that say which fact a row states: time (int64 nanoseconds) first. Two
        rows with the same key and other values contradict each other.
    not_negative
        Columns in which a number below zero means that the file is broken.
    """

    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...]
    not_negative: tuple[str, ...] = ()

    @property
    def time(self) -> str:
        """Name of the time column."""
        return self.key[0]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns."""
        return tuple(name for name, _ in self.columns)

    def schema(self) -> "pa.Schema":
        """Return the columns as an Arrow schema."""
        import pyarrow as pa

        return pa.schema([pa.field(name, kind, nullable=False) for name, kind in self.columns])

    def staged_schema(self) -> "pa.Schema":
        """Return the columns and `line`, where a row stands in its file (int64)."""
        import pyarrow as pa

        return self.schema().append(pa.field(LINE, "int64", nullable=False))


LAYOUTS: Final = {
    SeriesKind.BARS: Layout(
        columns=(
            ("open_ns", "int64"),
            ("open", "float64"),
            ("high", "float64"),
            ("low", "float64"),
            ("close", "float64"),
            ("volume", "float64"),
        ),
        key=("open_ns",),
        not_negative=("open", "high", "low", "close"),
    ),
    # A venue's own id tells two equal trades of one instant apart; where it is empty, all of
    # the row and how many equal ones there are does. `side` is that of the taker, +1 bought,
    # -1 sold (`OrderSide`).
    SeriesKind.TRADES: Layout(
        columns=(
            ("ts_ns", "int64"),
            ("id", "string"),
            ("price", "float64"),
            ("quantity", "float64"),
            ("side", "int8"),
        ),
        key=("ts_ns", "id"),
        not_negative=("price", "quantity"),
    ),
    # A fraction per funding interval: longs pay it to shorts when it is positive.
    SeriesKind.FUNDING: Layout(
        columns=(("ts_ns", "int64"), ("rate", "float64")),
        key=("ts_ns",),
    ),
}
