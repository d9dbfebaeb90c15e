"""`show_sweep`: a sweep of the ledger."""

from typing import Any

from django.core.management.base import CommandParser

from common.commands import PlatformCommand
from common.domain.errors import InvalidArgument
from research.management.report import render_sweep
from research.selectors.sweeps import describe_sweep, get_sweep


class Command(PlatformCommand):
    """Show a sweep as it was recorded."""

    help = "Show a sweep of the ledger with its best sets."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the sweep's number."""
        parser.add_argument("sweep", type=int)
        parser.add_argument("--top", type=int, default=10, help="how many of the best to show")

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Read it.

        Raises
        ------
        InvalidArgument
            If a negative number of sets is asked for.
        """
        if options["top"] < 0:
            raise InvalidArgument(f"--top is {options['top']}, must be >= 0")
        return describe_sweep(get_sweep(options["sweep"]), best=options["top"])

    def render(self, document: dict[str, Any]) -> str:
        """Return the best sets as a table."""
        return render_sweep(document)
