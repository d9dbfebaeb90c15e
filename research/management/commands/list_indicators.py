"""`list_indicators`: the indicators strategies may use."""

from typing import Any

from common.commands import PlatformCommand, columns
from common.indicators.registry import list_indicators


class Command(PlatformCommand):
    """List the indicators."""

    help = "List every indicator with inputs, parameters, outputs and warm-up."

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Ask the registry."""
        return {"indicators": [indicator.describe() for indicator in list_indicators()]}

    def render(self, document: dict[str, Any]) -> str:
        """Return a table."""
        rows = [["key", "parameters", "outputs", "warm-up", "summary"]]
        for row in document["indicators"]:
            parameters = " ".join(f"{p['name']}={p['default']}" for p in row["parameters"])
            outputs = " ".join(row["outputs"])
            rows.append([row["key"], parameters, outputs, str(row["warm_up"]), row["summary"]])
        return columns(rows)
