"""`examine_sweep`: tools of validation, each by itself, on a sweep of the ledger."""

from typing import Any

from django.core.management.base import CommandParser

from common.commands import PlatformCommand
from research.management.examination_report import render_examinations
from research.management.examining import add_examination_arguments, examine_all, has_failed
from research.selectors.sweeps import get_sweep


class Command(PlatformCommand):
    """Examine a sweep."""

    help = (
        "Apply tools of validation to a sweep of the ledger, each by itself, and keep what they"
        " found. Exit status 1 if one that judges did not pass it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the sweep, the tools, and what they are told."""
        parser.add_argument("sweep", type=int)
        add_examination_arguments(parser)

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Examine it."""
        return examine_all(get_sweep(options["sweep"]), options)

    def render(self, document: dict[str, Any]) -> str:
        """Return a page for each tool."""
        return render_examinations(document["examinations"])

    def exit_status(self, document: dict[str, Any]) -> int:
        """Return 1 if a tool that judges did not pass the sweep."""
        return int(has_failed(document))
