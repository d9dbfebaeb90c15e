"""`run_backtest`: one run of one strategy on one engine."""

from typing import Any

from django.core.management.base import CommandParser

from common.commands import PlatformCommand
from common.domain.clock import SystemClock
from common.domain.enums import RunStatus
from exchanges.selectors.market_data import open_store
from research.management.arguments import add_run_arguments, read_question
from research.management.report import render_run
from research.management.stopping import stoppable
from research.selectors.runs import describe_run
from research.services.backtests import run_backtest


class Command(PlatformCommand):
    """Run a backtest and record it."""

    help = "Run a strategy on an engine over stored bars; the result goes into the ledger."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the engine and the options of a run."""
        parser.add_argument("--engine", required=True, help="list_engines shows them")
        add_run_arguments(parser)
        parser.add_argument("--no-fills", action="store_true", help="leave the fills out")

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Run it.

        Raises
        ------
        Interrupted
            On SIGINT or SIGTERM; the row of the run is CANCELED.
        """
        question = read_question(options, engine=options["engine"])
        with stoppable("if the run had begun, the ledger has it as CANCELED"):
            run = run_backtest(question=question, store=open_store(), clock=SystemClock())
        return describe_run(run, with_fills=options["json"] and not options["no_fills"])

    def render(self, document: dict[str, Any]) -> str:
        """Return the run as text."""
        return render_run(document)

    def exit_status(self, document: dict[str, Any]) -> int:
        """Return 1 unless the run succeeded."""
        return 0 if document["status"] == RunStatus.SUCCEEDED else 1
