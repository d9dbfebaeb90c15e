"""`list_engines`: what can run a backtest here."""

from typing import Any

from common.commands import PlatformCommand, columns
from research.engines.registry import list_engines


class Command(PlatformCommand):
    """List the engines."""

    help = "List every engine, whether it is installed, and what it can do."

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Ask the registry; no engine is imported."""
        return {"engines": [engine.describe() for engine in list_engines()]}

    def render(self, document: dict[str, Any]) -> str:
        """Return a table."""
        rows = [["name", "version", "capabilities"]]
        for row in document["engines"]:
            can = " ".join(name for name, able in row["capabilities"].items() if able)
            rows.append([row["name"], row["version"] or row["install"], can])
        return columns(rows)
