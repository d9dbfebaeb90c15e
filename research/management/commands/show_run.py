"""`show_run`: a run of the ledger."""

from typing import Any

from django.core.management.base import CommandParser

from common.commands import PlatformCommand
from research.management.report import render_run
from research.selectors.runs import describe_run, get_run


class Command(PlatformCommand):
    """Show a run as it was recorded."""

    help = "Show a run of the ledger."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the run's number."""
        parser.add_argument("run", type=int)
        parser.add_argument("--no-fills", action="store_true", help="leave the fills out")

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Read it."""
        with_fills = options["json"] and not options["no_fills"]
        return describe_run(get_run(options["run"]), with_fills=with_fills)

    def render(self, document: dict[str, Any]) -> str:
        """Return the run as text."""
        return render_run(document)
