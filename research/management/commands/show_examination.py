"""`show_examination`: what a tool of validation found, as it was kept."""

from typing import Any

from django.core.management.base import CommandParser

from common.commands import PlatformCommand
from research.management.examination_report import render_examination
from research.selectors.examinations import describe_examination, get_examination


class Command(PlatformCommand):
    """Show an examination as it was recorded."""

    help = "Show what a tool of validation found about a run or a sweep."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the examination's number."""
        parser.add_argument("examination", type=int)

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Read it."""
        return describe_examination(get_examination(options["examination"]))

    def render(self, document: dict[str, Any]) -> str:
        """Return its page."""
        return render_examination(document)
