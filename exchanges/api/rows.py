"""Bars as rows of an answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, override

from common.api.rows import Rows
from common.data_pipeline import export
from common.domain.bars import PRICE_COLUMNS
from common.domain.instruments import SeriesKey
from common.domain.time import format_utc
from exchanges.selectors.bars import BarsPage


@dataclass(frozen=True, slots=True)
class BarRows(Rows):
    """Bars of a series; as CSV they are the lines that `export_bars` writes."""

    name = "bars"
    columns = ("time", *PRICE_COLUMNS)

    key: SeriesKey
    page: BarsPage

    @override
    def __len__(self) -> int:
        return len(self.page.bars)

    @override
    def beside(self) -> Mapping[str, Any]:
        """Return the series, and where the next bars begin."""
        next_ns = self.page.next_ns
        return {
            "series": str(self.key),
            "next_start": None if next_ns is None else format_utc(next_ns),
        }

    @override
    def describe(self, first: int, last: int) -> list[dict[str, Any]]:
        """Return bars as JSON values."""
        bars = self.page.bars.rows(first, last)
        prices = (getattr(bars, name).tolist() for name in PRICE_COLUMNS)
        times = map(format_utc, bars.open_ns.tolist())
        return [
            dict(zip(self.columns, row, strict=True)) for row in zip(times, *prices, strict=True)
        ]

    @override
    def csv_header(self) -> bytes:
        """Return the line of names."""
        return export.csv_header()

    @override
    def csv_lines(self, first: int, last: int) -> bytes:
        """Return bars as lines."""
        return export.csv_lines(self.page.bars.rows(first, last))
