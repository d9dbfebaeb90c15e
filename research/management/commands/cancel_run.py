"""`cancel_run`: end a run that waits or runs in a worker."""

from typing import Any

from django.core.management.base import CommandParser

from common.commands import PlatformCommand
from common.domain.clock import SystemClock
from common.domain.enums import RunStatus
from research.selectors.runs import describe_run
from research.services import queue


class Command(PlatformCommand):
    """End a run before it is done."""

    help = "End a queued run at once, and a running one within seconds."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the run's number."""
        parser.add_argument("run", type=int)

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Ask for its end."""
        run = queue.cancel(run_id=options["run"], at=SystemClock().now())
        return describe_run(run, with_fills=False)

    def render(self, document: dict[str, Any]) -> str:
        """Return what became of it."""
        if document["status"] == RunStatus.CANCELED:
            return f"run {document['run_id']} CANCELED"
        return f"run {document['run_id']} {document['status']}: its worker is ending it"
