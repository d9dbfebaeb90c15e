"""`list_tools`: what can be asked about a run or a sweep."""

from typing import Any

from common.commands import PlatformCommand
from research.examination.registry import list_tools


class Command(PlatformCommand):
    """List the tools of validation."""

    help = "List every tool of examine_run and examine_sweep, what it answers and its options."

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Ask the registry."""
        return {"tools": [tool.describe() for tool in list_tools()]}

    def render(self, document: dict[str, Any]) -> str:
        """Return each tool with its options below it."""
        return "\n".join(line for tool in document["tools"] for line in _lines(tool))


def _lines(tool: dict[str, Any]) -> list[str]:
    return [
        f"{tool['key']} (of a {tool['subject']}): {tool['question']}",
        *(f"    {each['name']}={each['default']}  {_bounds(each)}" for each in tool["options"]),
    ]


def _bounds(option: dict[str, Any]) -> str:
    if option["choices"]:
        return f"{option['help']}; one of {', '.join(option['choices'])}"
    low, high = option["low"], option["high"]
    bounds = [f"from {low:g}"] if low is not None else []
    bounds += [f"to {high:g}"] if high is not None else []
    return "; ".join([option["help"], " ".join(bounds)]) if bounds else str(option["help"])
