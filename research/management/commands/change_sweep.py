"""`change_sweep`: pause a sweep, let it go on, or end it."""

from typing import Any

from django.core.management.base import CommandParser

from common.commands import PlatformCommand
from common.domain.clock import SystemClock
from research.models import Sweep
from research.selectors.sweeps import describe_sweep
from research.services import sweep_queue


class Command(PlatformCommand):
    """Pause a sweep, let it go on, or end it."""

    help = "Pause a sweep, let it go on, or end it; trials that are written are kept."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the sweep and what to do."""
        parser.add_argument("sweep", type=int)
        parser.add_argument("change", choices=["pause", "resume", "cancel"])

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Do it."""
        return describe_sweep(_change(options["sweep"], options["change"]), best=0)

    def render(self, document: dict[str, Any]) -> str:
        """Return what it is now."""
        state = "paused" if document["paused"] else document["status"]
        return f"sweep {document['sweep_id']} {state}, {document['n_trials']} trials"


def _change(number: int, change: str) -> Sweep:
    if change == "resume":
        return sweep_queue.resume_sweep(sweep_id=number)
    act = sweep_queue.pause_sweep if change == "pause" else sweep_queue.cancel_sweep
    return act(sweep_id=number, at=SystemClock().now())
