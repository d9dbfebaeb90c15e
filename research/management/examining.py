"""The options of the commands that examine, and what they do with them."""

from collections.abc import Iterable
from typing import Any

from django.core.management.base import CommandParser

from common.domain.clock import SystemClock
from common.domain.errors import InvalidArgument
from exchanges.selectors.market_data import open_store
from research.domain.examination_question import ExaminationQuestion
from research.domain.question import NativeSource
from research.examination.options import describe_options
from research.examination.registry import get_tool
from research.models import Run, Sweep
from research.selectors.examinations import describe_examination
from research.services.examinations import check, examine
from research.services.means import Means


def add_examination_arguments(parser: CommandParser) -> None:
    """Add the tools and what they are told."""
    parser.add_argument(
        "--tool", action="append", required=True, metavar="TOOL", dest="tools",
        help="list_tools shows them; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", dest="told",
        help="told to every tool that has an option of that name; may be repeated",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="draws all that is left to chance")


def examine_all(
    subject: Run | Sweep, options: dict[str, Any], *, native: NativeSource | None = None
) -> dict[str, Any]:
    """Apply every tool that is named and return what each found.

    Raises
    ------
    PlatformError
        As `check`, before a tool begins, and as `examine`; what was found until then is kept.
    """
    tools, told = options["tools"], _told(options["told"])
    _check_names(tools, told)
    checked = [
        check(
            subject=subject,
            question=ExaminationQuestion(
                tool=tool,
                options={name: told[name] for name in _names(tool) if name in told},
                seed=options["seed"],
                native=native,
            ),
        )
        for tool in tools
    ]
    means = Means(store=open_store(), clock=SystemClock())
    found = [examine(checked=each, means=means) for each in checked]
    return {"examinations": [describe_examination(each) for each in found]}


def has_failed(document: dict[str, Any]) -> bool:
    """Return whether a tool that judges did not pass what it looked at."""
    return any(each["passed"] is False for each in document["examinations"])


def _told(pairs: Iterable[str]) -> dict[str, str]:
    told: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals and value):
            raise InvalidArgument(f"--option {pair!r} is not NAME=VALUE")
        if name in told:
            raise InvalidArgument(f"--option {name} is given twice")
        told[name] = value
    return told


def _check_names(tools: list[str], told: dict[str, str]) -> None:
    known = {name for tool in tools for name in _names(tool)}
    unknown = sorted(set(told) - known)
    if unknown:
        choice = ", ".join(sorted(known)) or "none"
        raise InvalidArgument(f"unknown option {unknown[0]!r}; there are: {choice}")


def _names(tool: str) -> list[str]:
    return [each["name"] for each in describe_options(get_tool(tool).options)]
