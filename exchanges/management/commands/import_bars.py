"""`import_bars`: a published file of bars into the store."""

from typing import Any

from django.core.management.base import CommandParser

from common.commands import positive_decimal, series_key
from common.domain.instruments import SeriesKey
from common.domain.timeframe import Timeframe
from exchanges.management.importing import ImportCommand

_SIZES = {
    "tick": "smallest step of a price",
    "lot": "smallest step of a quantity",
    "min-notional": "smallest value of an order, in the quote currency",
}


class Command(ImportCommand):
    """Import a file of bars."""

    help = "Import a file of bars (CSV, Feather or Parquet) into the store."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add timeframe and sizes."""
        super().add_arguments(parser)
        parser.add_argument("--timeframe", required=True, help=" ".join(Timeframe))
        for name, meaning in _SIZES.items():
            parser.add_argument(f"--{name}", type=positive_decimal, help=meaning)

    def key(self, options: dict[str, Any]) -> SeriesKey:
        """Return the series of bars."""
        return series_key(options)
