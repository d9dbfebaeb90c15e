"""`resample_bars`: longer bars from stored shorter ones."""

from typing import Any

from django.core.management.base import CommandParser

from common.commands import PlatformCommand, add_series_arguments, series_key
from common.domain.instruments import SeriesKey
from common.domain.time import format_utc
from common.domain.timeframe import Timeframe
from exchanges.selectors.market_data import open_store
from exchanges.services.resampling import resample


class Command(PlatformCommand):
    """Resample stored bars."""

    help = "Make longer bars of stored ones; a bar of which any part is missing is left out."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the series and the timeframe to make."""
        add_series_arguments(parser)
        parser.add_argument(
            "--to", required=True, metavar="TIMEFRAME", help="a multiple of --timeframe"
        )
        parser.add_argument(
            "--replace", action="store_true", help="let the new bars win over stored ones"
        )

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Make the bars."""
        source, timeframe = series_key(options), Timeframe.parse(options["to"])
        report = resample(
            store=open_store(), key=source, timeframe=timeframe, replace=options["replace"]
        )
        return {
            "series": str(SeriesKey.bars(source.instrument, timeframe)),
            "source": str(source),
            "rows": report.rows,
            "start": format_utc(report.start_ns),
            "end": format_utc(report.end_ns),
            "gaps": report.gaps,
            "added": report.added,
            "replaced": report.replaced,
            "hash": report.hash,
        }

    def render(self, document: dict[str, Any]) -> str:
        """Return the result in two lines."""
        return (
            "{series}: {rows} bars from {start} to {end}, {gaps} missing; {added} of them new,"
            " {replaced} replaced\nhash {hash}".format(**document)
        )
