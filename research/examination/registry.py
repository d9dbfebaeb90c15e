"""Every tool by its name; it is imported when it is first asked for."""

from collections.abc import Iterable
from importlib import import_module
from typing import Final

from research.examination.tool import Tool
from research.exceptions import UnknownTool

TOOLS: Final = {
    "bar_bootstrap": "research.examination.bar_bootstrap",
    "best_deflated_sharpe": "research.examination.best_deflated_sharpe",
    "bootstrap": "research.examination.bootstrap",
    "combinatorial": "research.examination.combinatorial",
    "deflated_sharpe": "research.examination.deflated_sharpe",
    "look_ahead": "research.examination.look_ahead",
    "neighbourhood": "research.examination.neighbourhood",
    "overfitting": "research.examination.overfitting",
    "random_entry": "research.examination.random_entry",
    "regimes": "research.examination.regimes",
    "stress": "research.examination.stress",
    "trade_shuffle": "research.examination.trade_shuffle",
    "walk_forward": "research.examination.walk_forward",
    "warm_up": "research.examination.warm_up",
}


def get_tool(key: str) -> Tool:
    """Return the tool of that name.

    Raises
    ------
    UnknownTool
        If there is none; the message lists those there are.
    """
    if key not in TOOLS:
        raise UnknownTool(f"unknown tool {key!r}; known: {', '.join(TOOLS)}", tool=key)
    found: Tool = import_module(TOOLS[key]).TOOL
    return found


def list_tools() -> Iterable[Tool]:
    """Return all tools in the order of their names."""
    return [get_tool(key) for key in TOOLS]
