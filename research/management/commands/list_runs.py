"""`list_runs`: the newest runs of the ledger."""

from typing import Any

from django.core.management.base import CommandParser

from common.commands import PlatformCommand, columns
from common.domain.enums import RunStatus
from common.domain.time import format_utc, to_ns
from research.models import Run
from research.selectors.metrics import format_metric
from research.selectors.runs import list_runs


class Command(PlatformCommand):
    """List runs, the newest first."""

    help = "List the newest runs: what waits, what runs and how far it is, what came out."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what narrows the list."""
        parser.add_argument("--status", choices=list(RunStatus))
        parser.add_argument("--engine")
        parser.add_argument("--strategy", help="key of a strategy")
        parser.add_argument("--limit", type=int, default=20)

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Read them."""
        names = {
            "status": "status",
            "engine": "engine",
            "strategy": "strategy_version__strategy__key",
        }
        wanted = {column: options[name] for name, column in names.items() if options[name]}
        runs = list_runs().filter(**wanted).order_by("-pk")[: max(0, options["limit"])]
        return {"runs": [_describe(run) for run in runs]}

    def render(self, document: dict[str, Any]) -> str:
        """Return them as a table."""
        heading = [
            "run",
            "status",
            "done",
            "strategy",
            "engine",
            "series",
            "net return",
            "created",
        ]
        rows = [
            [
                str(run["run_id"]),
                run["status"],
                f"{run['progress']:.0%}",
                run["strategy"],
                run["engine"],
                run["series"],
                format_metric(run["total_return"], "percent"),
                run["created"],
            ]
            for run in document["runs"]
        ]
        return columns([heading, *rows]) if rows else "no runs"


def _describe(run: Run) -> dict[str, Any]:
    return {
        "run_id": run.pk,
        "status": run.status,
        "code": run.error_code or None,
        "progress": run.progress,
        "attempt": run.attempt,
        "experiment": run.experiment.name,
        "strategy": run.strategy_version.strategy.key,
        "params": run.params,
        "engine": run.engine,
        "series": str(run.series),
        "total_return": run.metrics.get("total_return"),
        "created": format_utc(to_ns(run.created_at)),
    }
