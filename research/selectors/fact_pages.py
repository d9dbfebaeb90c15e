"""The facts that a run left, in pages."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from common.domain.enums import Liquidity, OrderSide
from common.domain.time import format_utc
from research.models import Run
from research.selectors.facts import artefact_of, read_artefact

type Columns = dict[str, NDArray[Any]]

_TIME: Final = {"fills": "ts_ns", "equity": "open_ns"}


@dataclass(frozen=True, slots=True)
class FactPage:
    """Some of the rows of a period.

    Parameters
    ----------
    columns
        By name, each of shape (n_rows,), oldest first; empty if the run left no such facts.
    count
        How many rows the whole period has.
    """

    columns: Columns
    count: int

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def rows(self, first: int, last: int) -> Columns:
        """Return the rows `[first, last)` of the page, as views."""
        return {name: column[first:last] for name, column in self.columns.items()}


def read_fact_page(
    run: Run, kind: str, *, start_ns: int | None, end_ns: int | None, offset: int, limit: int
) -> FactPage:
    """Return at most `limit` rows of `[start_ns, end_ns)`, those after the first `offset`.

    Parameters
    ----------
    run
        With its artefacts.
    kind
        `fills` or `equity`.
    start_ns, end_ns
        Nanoseconds since 1970 UTC; None is unbounded.
    offset, limit
        Numbers of rows: several fills may share a time, so a time is no place to go on from.

    Raises
    ------
    ArtefactDamaged
        If the file is not what the run left.
    """
    artefact = artefact_of(run, kind)
    if artefact is None:
        return FactPage({}, 0)
    columns = read_artefact(artefact)
    times = columns[_TIME[kind]]
    begin = 0 if start_ns is None else int(np.searchsorted(times, start_ns))
    end = len(times) if end_ns is None else int(np.searchsorted(times, end_ns))
    first, last = min(begin + offset, end), min(begin + offset + limit, end)
    return FactPage(
        {name: column[first:last] for name, column in columns.items()}, max(0, end - begin)
    )


def describe_fills(fills: Columns) -> list[dict[str, Any]]:
    """Return fills as JSON values."""
    names = ("ts_ns", "side", "price", "quantity", "fee", "liquidity")
    return [
        {
            "ts": format_utc(ts_ns),
            "side": OrderSide(side).name,
            "price": price,
            "quantity": quantity,
            "fee": fee,
            "liquidity": Liquidity(liquidity).name,
        }
        for ts_ns, side, price, quantity, fee, liquidity in zip(
            *(fills[name].tolist() for name in names), strict=True
        )
    ]


def describe_marks(marks: Columns) -> list[dict[str, Any]]:
    """Return the equity at each close as JSON values, under the open time of its bar."""
    return [
        {"time": format_utc(time), "equity": mark}
        for time, mark in zip(marks["open_ns"].tolist(), marks["equity"].tolist(), strict=True)
    ]
