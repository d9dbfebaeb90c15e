"""`export_bars`: stored bars into a file."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from common.commands import (
    PlatformCommand,
    add_period_arguments,
    add_series_arguments,
    period_ns,
    series_key,
)
from common.data_pipeline.export import FORMATS, export_bars
from exchanges.selectors.market_data import open_store


class Command(PlatformCommand):
    """Export stored bars."""

    help = "Export stored bars as CSV, Parquet or in Freqtrade's layout."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add series, period, format and target."""
        add_series_arguments(parser)
        add_period_arguments(parser)
        parser.add_argument("--format", required=True, choices=sorted(FORMATS))
        parser.add_argument("--output", required=True, type=Path)
        parser.add_argument("--overwrite", action="store_true", help="replace an existing file")

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Write the file."""
        key = series_key(options)
        start_ns, end_ns = period_ns(options)
        rows = export_bars(
            open_store(),
            key,
            start_ns=start_ns,
            end_ns=end_ns,
            format=options["format"],
            output=options["output"],
            overwrite=options["overwrite"],
        )
        return {"series": str(key), "rows": rows, "output": str(options["output"])}

    def render(self, document: dict[str, Any]) -> str:
        """Return one line."""
        return f"{document['series']}: {document['rows']} rows written to {document['output']}"
