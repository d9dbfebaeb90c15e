"""`run_backtest`: one run of one strategy on one engine."""

from typing import Any

from django.core.management.base import CommandParser

from common.commands import PlatformCommand
from common.domain.clock import SystemClock
from common.domain.enums import RunStatus
from exchanges.selectors.market_data import open_store
from research.domain.question import RunQuestion
from research.management.arguments import add_run_arguments, read_question
from research.management.progress import progress_bar
from research.management.report import render_run
from research.management.stopping import stoppable
from research.models import Run
from research.selectors.runs import describe_run, get_run
from research.services import queue
from research.services.backtests import run_backtest
from research.services.watching import await_end


class Command(PlatformCommand):
    """Run a backtest and record it."""

    help = "Run a strategy on an engine over stored bars; the result goes into the ledger."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the engine and the options of a run."""
        parser.add_argument("--engine", required=True, help="list_engines shows them")
        add_run_arguments(parser)
        parser.add_argument("--no-fills", action="store_true", help="leave the fills out")
        parser.add_argument(
            "--queue",
            action="store_true",
            help="let a worker run it and watch; Ctrl-C leaves it running",
        )
        parser.add_argument(
            "--no-watch", action="store_true", help="with --queue: do not wait for its end"
        )

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Run it, here or in a worker.

        Raises
        ------
        Interrupted
            On SIGINT or SIGTERM; the row of the run is CANCELED if it runs here.
        """
        question = read_question(options, engine=options["engine"])
        with_fills = options["json"] and not options["no_fills"]
        if options["queue"]:
            run = self._queue(question, watch=not options["no_watch"])
            return describe_run(run, with_fills=with_fills)
        with stoppable("if the run had begun, the ledger has it as CANCELED"):
            run = run_backtest(question=question, store=open_store(), clock=SystemClock())
        return describe_run(run, with_fills=with_fills)

    def _queue(self, question: RunQuestion, *, watch: bool) -> Run:
        with stoppable("a run that is in the queue already goes on; list_runs shows it"):
            number = queue.enqueue(question=question, user_id=None).pk
            if not watch:
                return get_run(number)
            kept = f"run {number} goes on; cancel_run {number} ends it"
            with stoppable(kept), progress_bar("%", total=100) as show:
                return await_end(run_id=number, note=lambda run: show(run.progress))

    def render(self, document: dict[str, Any]) -> str:
        """Return the run as text."""
        return render_run(document)

    def exit_status(self, document: dict[str, Any]) -> int:
        """Return 1 unless the run succeeded, or still may."""
        good = {RunStatus.SUCCEEDED, RunStatus.QUEUED, RunStatus.RUNNING}
        return 0 if document["status"] in good else 1
