"""`join_sweep`: work on a sweep that others began, beside whoever else does."""

from typing import Any

from django.core.management.base import CommandParser

from common.commands import PlatformCommand
from common.domain.clock import SystemClock
from common.domain.enums import RunStatus
from exchanges.selectors.market_data import open_store
from research.management.arguments import add_top_argument
from research.management.progress import progress_bar
from research.management.report import render_sweep
from research.management.stopping import stoppable
from research.selectors.sweeps import describe_sweep, get_sweep
from research.services.means import Means
from research.services.sweeps import resume_sweep


class Command(PlatformCommand):
    """Join a sweep."""

    help = (
        "Work on a sweep until it has ended: one whose process was killed, or one that workers"
        " and other terminals are at."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the sweep."""
        parser.add_argument("sweep", type=int)
        add_top_argument(parser)

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Work on it.

        Raises
        ------
        Interrupted
            On SIGINT or SIGTERM; the sweep is left to others, or for later.
        """
        number = options["sweep"]
        with (
            stoppable("the sweep is left to others; join_sweep goes on with it"),
            progress_bar("sets", total=get_sweep(number).n_sets) as progress,
        ):
            means = Means(store=open_store(), clock=SystemClock(), progress=progress)
            sweep = resume_sweep(number=number, means=means)
        return describe_sweep(sweep, best=options["top"])

    def render(self, document: dict[str, Any]) -> str:
        """Return the best sets as a table."""
        return render_sweep(document)

    def exit_status(self, document: dict[str, Any]) -> int:
        """Return 1 unless the sweep was completed."""
        return 0 if document["status"] == RunStatus.SUCCEEDED else 1
