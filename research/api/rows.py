"""Fills and marks as rows of an answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, override

from common.api.rows import Rows
from research.selectors.fact_pages import FactPage, describe_fills, describe_marks


@dataclass(frozen=True, slots=True)
class FactRows(Rows):
    """Facts of a run, in the document that pages of lists have."""

    name = "results"

    page: FactPage
    next_page: str | None
    previous_page: str | None

    @override
    def __len__(self) -> int:
        return len(self.page)

    @override
    def beside(self) -> Mapping[str, Any]:
        """Return how many rows there are, and the addresses of the pages around this one."""
        return {"count": self.page.count, "next": self.next_page, "previous": self.previous_page}


class FillRows(FactRows):
    """Fills."""

    columns = ("ts", "side", "price", "quantity", "fee", "liquidity")

    @override
    def describe(self, first: int, last: int) -> list[dict[str, Any]]:
        """Return fills as JSON values."""
        return describe_fills(self.page.rows(first, last))


class MarkRows(FactRows):
    """Equity at the close of each bar."""

    columns = ("time", "equity")

    @override
    def describe(self, first: int, last: int) -> list[dict[str, Any]]:
        """Return marks as JSON values."""
        return describe_marks(self.page.rows(first, last))
