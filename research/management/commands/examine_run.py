"""`examine_run`: tools of validation, each by itself, on a run of the ledger."""

from typing import Any

from django.core.management.base import CommandParser

from common.commands import PlatformCommand
from research.domain.question import NativeSource
from research.management.examination_report import render_examinations
from research.management.examining import add_examination_arguments, examine_all, has_failed
from research.selectors.runs import get_run


class Command(PlatformCommand):
    """Examine a run."""

    help = (
        "Apply tools of validation to a run of the ledger, each by itself, and keep what they"
        " found. Exit status 1 if one that judges did not pass it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the run, the tools, and what they are told."""
        parser.add_argument("run", type=int)
        add_examination_arguments(parser)
        parser.add_argument(
            "--native", metavar="FILE.py:CLASS", help="where the strategy file of the run lies"
        )

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Examine it."""
        native = None if options["native"] is None else NativeSource.parse(options["native"])
        return examine_all(get_run(options["run"]), options, native=native)

    def render(self, document: dict[str, Any]) -> str:
        """Return a page for each tool."""
        return render_examinations(document["examinations"])

    def exit_status(self, document: dict[str, Any]) -> int:
        """Return 1 if a tool that judges did not pass the run."""
        return int(has_failed(document))
