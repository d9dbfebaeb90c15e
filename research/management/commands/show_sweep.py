"""`show_sweep`: a sweep of the ledger."""

from typing import Any

from django.core.management.base import CommandParser

from common.commands import PlatformCommand
from research.management.arguments import add_top_argument
from research.management.report import render_sweep
from research.selectors.sweeps import describe_sweep, get_sweep


class Command(PlatformCommand):
    """Show a sweep as it was recorded."""

    help = "Show a sweep of the ledger with its best sets."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the sweep's number."""
        parser.add_argument("sweep", type=int)
        add_top_argument(parser)

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Read it."""
        return describe_sweep(get_sweep(options["sweep"]), best=options["top"])

    def render(self, document: dict[str, Any]) -> str:
        """Return the best sets as a table."""
        return render_sweep(document)
