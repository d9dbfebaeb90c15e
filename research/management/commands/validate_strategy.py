"""`validate_strategy`: all gates on one strategy, and a verdict that stays."""

from typing import Any

from django.core.management.base import CommandParser

from common.commands import PlatformCommand
from common.domain.clock import SystemClock
from exchanges.selectors.market_data import open_store
from research.domain.grid import Grid
from research.domain.question import RunQuestion
from research.domain.set_list import SetList
from research.domain.sweep import SweepQuestion
from research.domain.validation_question import ValidationQuestion
from research.management.arguments import add_run_arguments, read_question, read_values
from research.management.progress import progress_bar
from research.management.searching import add_search_arguments, read_search
from research.management.stopping import stoppable
from research.management.validation_report import render_validation
from research.selectors.validations import describe_validation
from research.services.means import Means
from research.services.validations import validate

_MB = 1_000_000


class Command(PlatformCommand):
    """Validate a strategy."""

    help = (
        "Choose the best set of a grid and put it through every gate: what luck, costs, delay,"
        " neighbours, later years and another engine leave of it. Exit status 1 if one fails."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the grid, how it is looked at, and the options of a run."""
        parser.add_argument(
            "--grid",
            action="append",
            default=[],
            metavar="NAME=FIRST:LAST:STEP",
            help="or NAME=A,B,C; the sets it is chosen from, once for each parameter; without"
            " any, --param is judged alone, which the gates on choice cannot pass",
        )
        add_search_arguments(parser)
        parser.add_argument("--engine", default="vectorbt", help="list_engines shows them")
        parser.add_argument("--min-round-trips", type=int, default=10, help="fewer never rank")
        parser.add_argument("--memory-mb", type=int, default=500, help="of one chunk of sets")
        parser.add_argument(
            "--prior-trials", type=int, default=0, metavar="N", help="trials made elsewhere"
        )
        parser.add_argument("--windows", type=int, default=6, help="of the walk-forward")
        parser.add_argument(
            "--purge-days", type=int, default=5, help="left out before each test, for what is held"
        )
        parser.add_argument(
            "--embargo-days", type=int, default=5, help="left out besides, for what resembles"
        )
        parser.add_argument(
            "--parity-bars", type=int, default=2_000, help="the last ones, on a second engine"
        )
        parser.add_argument(
            "--processes", type=int, default=2, metavar="N",
            help="engines that run at one time, each in a process of its own; 1 runs them here",
        )  # fmt: skip
        parser.add_argument(
            "--choose",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="judge this set of the grid instead of the best one, once for each parameter",
        )
        add_run_arguments(parser)

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Validate.

        Raises
        ------
        Interrupted
            On SIGINT or SIGTERM; the trials so far are kept, there is no verdict.
        """
        question = _read(options)
        with (
            stoppable("the trials so far are in the ledger, there is no verdict"),
            progress_bar("sets", total=question.sweep.grid.size) as progress,
        ):
            means = Means(store=open_store(), clock=SystemClock(), progress=progress)
            validation = validate(question=question, means=means)
        return describe_validation(validation)

    def render(self, document: dict[str, Any]) -> str:
        """Return the verdict as one page."""
        return render_validation(document)

    def exit_status(self, document: dict[str, Any]) -> int:
        """Return 1 if a gate failed."""
        return 0 if document["verdict"] == "PASS" else 1


def _read(options: dict[str, Any]) -> ValidationQuestion:
    asked: RunQuestion = read_question(options, engine=options["engine"])
    return ValidationQuestion(
        sweep=SweepQuestion(
            question=asked,
            grid=Grid.parse(options["grid"]) if options["grid"] else SetList((asked.params,)),
            search=read_search(options),
            min_round_trips=options["min_round_trips"],
            budget_bytes=options["memory_mb"] * _MB,
        ),
        prior_trials=options["prior_trials"],
        n_windows=options["windows"],
        purge_days=options["purge_days"],
        embargo_days=options["embargo_days"],
        parity_bars=options["parity_bars"],
        choice=read_values(options["choose"], "--choose"),
        processes=options["processes"],
    )
