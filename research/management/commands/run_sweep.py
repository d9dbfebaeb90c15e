"""`run_sweep`: many sets of parameters, each a trial of the ledger."""

from typing import Any

from django.core.management.base import CommandParser

from common.commands import PlatformCommand
from common.domain.clock import SystemClock
from common.domain.enums import RunStatus
from exchanges.selectors.market_data import open_store
from research.domain.grid import Grid
from research.domain.sweep import Objective, SweepQuestion
from research.management.arguments import add_run_arguments, add_top_argument, read_question
from research.management.progress import progress_bar
from research.management.report import render_sweep
from research.management.searching import add_search_arguments, read_search
from research.management.stopping import stoppable
from research.models import Sweep
from research.selectors.sweeps import describe_sweep, get_sweep
from research.services.means import Means
from research.services.sweep_queue import enqueue_sweep
from research.services.sweeps import resume_sweep, run_sweep
from research.services.watching import await_sweep

_MB = 1_000_000


class Command(PlatformCommand):
    """Sweep a grid, or search it."""

    help = (
        "Try the sets of a grid of parameters, all of them or those that a search asks for;"
        " each is a trial in the ledger."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the grid, the search, the objectives and the options of a run."""
        parser.add_argument(
            "--grid",
            action="append",
            required=True,
            metavar="NAME=FIRST:LAST:STEP",
            help="or NAME=A,B,C; both ends are included; once for each parameter",
        )
        parser.add_argument("--engine", default="vectorbt", help="list_engines shows them")
        add_search_arguments(parser)
        parser.add_argument(
            "--objective",
            default="sharpe",
            metavar="METRIC[,METRIC]",
            help="what ranks; several only in a search, which then keeps the Pareto front",
        )
        parser.add_argument("--min-round-trips", type=int, default=10, help="fewer never rank")
        parser.add_argument("--memory-mb", type=int, default=500, help="of one chunk of sets")
        add_top_argument(parser)
        parser.add_argument(
            "--resume", type=int, metavar="ID", help="work on a sweep that others began or left"
        )
        parser.add_argument(
            "--queue",
            action="store_true",
            help="let the workers do it and watch; Ctrl-C leaves it to them",
        )
        parser.add_argument(
            "--no-watch", action="store_true", help="with --queue: do not wait for its end"
        )
        add_run_arguments(parser)

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Sweep, here or in the workers.

        Raises
        ------
        Interrupted
            On SIGINT or SIGTERM; a sweep that runs here is CANCELED, its trials so far are
            kept.
        """
        question = _read(options)
        if options["queue"]:
            sweep = _queue(question, watch=not options["no_watch"])
            return describe_sweep(sweep, best=options["top"])
        with (
            stoppable("the trials so far are in the ledger"),
            progress_bar("sets", total=question.n_places) as progress,
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
        """Return 1 unless the sweep was completed, or still may be."""
        good = {RunStatus.SUCCEEDED, RunStatus.QUEUED, RunStatus.RUNNING}
        return 0 if document["status"] in good else 1


def _read(options: dict[str, Any]) -> SweepQuestion:
    objective, *further = map(Objective, options["objective"].split(","))
    return SweepQuestion(
        question=read_question(options, engine=options["engine"]),
        grid=Grid.parse(options["grid"]),
        search=read_search(options),
        objective=objective,
        further=tuple(further),
        min_round_trips=options["min_round_trips"],
        budget_bytes=options["memory_mb"] * _MB,
    )


def _queue(question: SweepQuestion, *, watch: bool) -> Sweep:
    with stoppable("a sweep that is in the queue already goes on; show_sweep shows it"):
        number = enqueue_sweep(question=question, user_id=None).pk
        if not watch:
            return get_sweep(number)
        kept = f"sweep {number} goes on; change_sweep {number} cancel ends it"
        with stoppable(kept), progress_bar("sets", total=question.n_places) as show:
            return await_sweep(sweep_id=number, note=lambda sweep: show(sweep.progress))
