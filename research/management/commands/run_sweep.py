"""`run_sweep`: every set of a grid of parameters, each a trial of the ledger."""

from typing import Any

from django.core.management.base import CommandParser

from common.commands import PlatformCommand
from common.domain.clock import SystemClock
from common.domain.enums import RunStatus
from exchanges.selectors.market_data import open_store
from research.domain.grid import Grid
from research.domain.sweep import Objective, SweepQuestion
from research.management.arguments import add_run_arguments, read_question
from research.management.progress import progress_bar
from research.management.report import render_sweep
from research.management.stopping import stoppable
from research.selectors.sweeps import describe_sweep
from research.services.sweep_sittings import Means
from research.services.sweeps import resume_sweep, run_sweep

_MB = 1_000_000


class Command(PlatformCommand):
    """Sweep a grid."""

    help = "Try every set of a grid of parameters; each is a trial in the ledger."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the grid, the objective and the options of a run."""
        parser.add_argument(
            "--grid",
            action="append",
            required=True,
            metavar="NAME=FIRST:LAST:STEP",
            help="or NAME=A,B,C; both ends are included; once for each parameter",
        )
        parser.add_argument("--engine", default="vectorbt", help="list_engines shows them")
        parser.add_argument("--objective", default="sharpe", help="the metric that ranks")
        parser.add_argument("--min-round-trips", type=int, default=10, help="fewer never rank")
        parser.add_argument("--memory-mb", type=int, default=500, help="of one chunk of sets")
        parser.add_argument("--top", type=int, default=10, help="how many of the best to show")
        parser.add_argument("--resume", type=int, metavar="ID", help="go on with a killed sweep")
        add_run_arguments(parser)

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Sweep.

        Raises
        ------
        Interrupted
            On SIGINT or SIGTERM; the sweep is CANCELED, its trials so far are kept.
        """
        question = SweepQuestion(
            question=read_question(options, engine=options["engine"]),
            grid=Grid.parse(options["grid"]),
            objective=Objective(options["objective"]),
            min_round_trips=options["min_round_trips"],
            budget_bytes=options["memory_mb"] * _MB,
        )
        with (
            stoppable("the trials so far are in the ledger"),
            progress_bar("sets", total=question.grid.size) as progress,
        ):
            means = Means(store=open_store(), clock=SystemClock(), progress=progress)
            if options["resume"] is None:
                sweep = run_sweep(question=question, means=means)
            else:
                sweep = resume_sweep(number=options["resume"], question=question, means=means)
        return describe_sweep(sweep, best=options["top"])

    def render(self, document: dict[str, Any]) -> str:
        """Return the best sets as a table."""
        return render_sweep(document)

    def exit_status(self, document: dict[str, Any]) -> int:
        """Return 1 unless the sweep was completed."""
        return 0 if document["status"] == RunStatus.SUCCEEDED else 1
