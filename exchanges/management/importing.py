"""What the three import commands share."""

from abc import abstractmethod
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from common.commands import PlatformCommand, add_instrument_arguments
from common.data_pipeline.store import MergeReport
from common.domain.instruments import SeriesKey
from common.domain.time import format_utc
from exchanges.selectors.market_data import open_store
from exchanges.services.importing import import_file


class ImportCommand(PlatformCommand):
    """A file into one series of the store."""

    @abstractmethod
    def key(self, options: dict[str, Any]) -> SeriesKey:
        """Return the series that the options name."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file and the instrument."""
        parser.add_argument("file", type=Path)
        add_instrument_arguments(parser)
        parser.add_argument(
            "--replace", action="store_true", help="let the file win over rows that differ"
        )

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Import the file."""
        key = self.key(options)
        report = import_file(
            store=open_store(),
            path=options["file"],
            key=key,
            replace=options["replace"],
            sizes={name: options.get(name) for name in ("lot", "tick", "min_notional")},
        )
        return describe(key, report)

    def render(self, document: dict[str, Any]) -> str:
        """Return the result in three lines."""
        return (
            f"{document['series']}: {document['rows']} rows,"
            f" {document['start']} to {document['end']}\n"
            f"{document['gaps']} missing, {document['duplicates']} duplicates dropped,"
            f" {document['added']} new, {document['replaced']} replaced\n"
            f"hash {document['hash']}"
        )


def describe(key: SeriesKey, report: MergeReport) -> dict[str, Any]:
    """Return what became of a file as JSON values."""
    return {
        "series": str(key),
        "rows": report.rows,
        "start": format_utc(report.start_ns),
        "end": format_utc(report.end_ns),
        "gaps": report.gaps,
        "duplicates": report.duplicates,
        "added": report.added,
        "replaced": report.replaced,
        "hash": report.hash,
    }
