"""`list_strategies`: what can be run."""

from dataclasses import asdict
from typing import Any

from common.commands import PlatformCommand, columns
from trading.services.catalogue import sync_strategies


class Command(PlatformCommand):
    """List the strategies of the library and of the configured folder."""

    help = "List every strategy with its parameters, and every file that is broken."

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Read the sources; the database's rows are brought up to date."""
        listing = sync_strategies()
        return {
            "strategies": [asdict(description) for description in listing.strategies],
            "problems": [
                {"code": problem.code, "detail": problem.detail, "extra": problem.extra}
                for problem in listing.problems
            ],
        }

    def render(self, document: dict[str, Any]) -> str:
        """Return a table, and the problems below it."""
        rows = [["key", "version", "origin", "parameters", "summary"]]
        for row in document["strategies"]:
            parameters = " ".join(f"{p['name']}={p['default']}" for p in row["parameters"])
            rows.append([row["key"], row["version"], row["origin"], parameters, row["summary"]])
        problems = [f"broken: {row['detail']}" for row in document["problems"]]
        return "\n".join([columns(rows), *problems])

    def exit_status(self, document: dict[str, Any]) -> int:
        """Return 1 if a file is broken."""
        return 1 if document["problems"] else 0
