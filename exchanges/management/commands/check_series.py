"""`check_series`: what is wrong with stored bars."""

from typing import Any

from django.core.management.base import CommandParser

from common.commands import PlatformCommand, add_series_arguments, series_key
from common.domain.clock import SystemClock
from common.domain.time import to_ns
from exchanges.selectors.market_data import open_store
from exchanges.selectors.quality import check_series, compare_series


class Command(PlatformCommand):
    """Check stored bars."""

    help = "Report gaps, disorder, spikes and more; with --against, compare two venues."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the series and the other venue."""
        add_series_arguments(parser)
        parser.add_argument("--against", metavar="VENUE", help="the same series of this venue")

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Check it."""
        key, store = series_key(options), open_store()
        now_ns = to_ns(SystemClock().now())
        document: dict[str, Any] = {
            "series": str(key),
            **check_series(store=store, key=key, now_ns=now_ns).describe(),
        }
        if options["against"]:
            comparison = compare_series(store=store, key=key, venue=options["against"])
            document["comparison"] = comparison.describe()
        return document

    def render(self, document: dict[str, Any]) -> str:
        """Return a line a finding."""
        lines = [f"{document['series']}: {document['rows']:,} bars"]
        findings = [*document["findings"], *document.get("comparison", {}).get("findings", [])]
        lines += [
            f"  {finding['severity'].lower()}: {finding['sentence']}" for finding in findings
        ]
        return "\n".join(lines if findings else [*lines, "  nothing is wrong"])

    def exit_status(self, document: dict[str, Any]) -> int:
        """Return 1 if there is an error, in the series or in its disagreement with the other."""
        compared = document.get("comparison", {"has_errors": False})
        return 1 if document["has_errors"] or compared["has_errors"] else 0
