"""Options that say how a grid is searched, shared by the commands that do."""

from typing import Any

from django.core.management.base import CommandParser

from common.domain.errors import InvalidArgument
from research.domain.search import Search
from research.search.methods import METHODS

_GRID = "grid"


def add_search_arguments(parser: CommandParser) -> None:
    """Add the options of a search."""
    parser.add_argument(
        "--search",
        choices=[_GRID, *METHODS],
        default=_GRID,
        help="how the sets are found: all of the grid, or by Optuna",
    )
    parser.add_argument("--trials", type=int, metavar="N", help="of a search")
    parser.add_argument(
        "--prune", action="store_true", help="give bad sets up after a part of the bars"
    )


def read_search(options: dict[str, Any]) -> Search | None:
    """Return the search that is asked for, None where the whole grid is tried.

    Raises
    ------
    InvalidArgument
        If a search has no number of trials, or a grid has one.
    """
    if options["search"] == _GRID:
        if options["trials"] is not None or options["prune"]:
            raise InvalidArgument(
                "--trials and --prune are of a search: a grid is tried whole; --search"
                f" {'|'.join(METHODS)}"
            )
        return None
    if options["trials"] is None:
        raise InvalidArgument(f"--search {options['search']} needs --trials N")
    return Search(method=options["search"], n_trials=options["trials"], pruning=options["prune"])
