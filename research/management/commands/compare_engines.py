"""`compare_engines`: one question to several engines, and what they differ by in money."""

import argparse
import sys
from typing import Any

from django.core.management.base import CommandParser

from common.commands import PlatformCommand
from common.domain.clock import SystemClock
from exchanges.selectors.market_data import open_store
from research.domain.question import RunQuestion
from research.domain.verdict import Verdict
from research.management.arguments import add_run_arguments, read_question
from research.management.comparison_report import render_comparison
from research.management.stopping import stoppable
from research.selectors.comparisons import describe_comparison
from research.services.comparisons import ComparisonQuestion, compare_engines
from research.services.means import Means
from research.services.run_processes import Ended


class Command(PlatformCommand):
    """Compare engines, and climb the fidelity ladder."""

    help = (
        "Run a strategy on several engines over the same bars, and show every difference by its"
        " cause and in money; with --ladder also what each step towards real fills costs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the engines and the options of a run."""
        parser.add_argument(
            "--engines",
            type=_names,
            default=(),
            metavar="A,B,C",
            help="default: every installed one that can run it",
        )
        parser.add_argument(
            "--ladder", action="store_true", help="add the fidelity ladder, rung by rung"
        )
        parser.add_argument(
            "--processes", type=_count, default=2, metavar="N",
            help="engines that run at one time, each in a process of its own; 1 runs them here",
        )  # fmt: skip
        add_run_arguments(parser)

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Compare them.

        Raises
        ------
        Interrupted
            On SIGINT or SIGTERM; the rows of the runs under way are CANCELED.
        """
        asked = ComparisonQuestion(
            question=read_question(options, engine=""),
            engines=options["engines"],
            ladder=options["ladder"],
        )
        with stoppable("the ledger has the runs that were under way as CANCELED"):
            comparison = compare_engines(
                asked=asked,
                means=Means(store=open_store(), clock=SystemClock()),
                processes=options["processes"],
                report=self._show_progress,
            )
        return describe_comparison(comparison)

    def render(self, document: dict[str, Any]) -> str:
        """Return the comparison as text."""
        return render_comparison(document)

    def exit_status(self, document: dict[str, Any]) -> int:
        """Return 1 if a run failed or engines differ by what they may not."""
        return 1 if document["verdict"] in {Verdict.DIFFERENT, Verdict.FAILED} else 0

    def _show_progress(self, question: RunQuestion, ended: Ended) -> None:
        if sys.stderr.isatty():
            run = f"run {ended.run_id}" if ended.run_id is not None else ended.code
            self.stderr.write(f"{question.engine}: {run}")


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if not all(names):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list such as vectorbt,nautilus")
    return names


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of processes, 1 or more")
    return int(text)
