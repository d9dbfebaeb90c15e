"""What is asked of a strategy's code beside a backtest: each a function of its market.

They run where the code may run: in a child of the fork server, or at a terminal.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any, Final

import numpy as np

from common.domain.errors import InvalidArgument
from research.compute.set_trials import days_of
from research.domain.backtest import BacktestRequest
from research.engines.capabilities import check_supported
from research.engines.exceptions import UnsupportedFeature
from research.engines.registry import get_engine
from research.examination.facts import Asked
from research.examination.options import read_options
from research.examination.registry import get_tool
from research.validation.delayed import Delayed
from research.validation.exceptions import NotComputable
from research.validation.lookahead import look_ahead_test
from research.validation.neighbourhood import DEFAULT_FRACTION, neighbours
from research.validation.sharpe import estimate
from research.validation.thresholds import Thresholds
from trading.strategies.base import Strategy

# Each of some 150 cuts asks the strategy anew; more bars find little that these do not.
LOOK_AHEAD_BARS: Final = 20_000

type Answer = dict[str, Any]
type CodeQuestion = Callable[[Asked, Mapping[str, Any]], Answer]


def ask_code(name: str, asked: Asked, options: Mapping[str, Any]) -> Answer:
    """Return the answer to one of these questions, as JSON values.

    Raises
    ------
    InvalidArgument
        If there is none of that name.
    PlatformError
        As the question.
    """
    if name not in _QUESTIONS:
        raise InvalidArgument(f"unknown question {name!r} of a strategy's code", question=name)
    return _QUESTIONS[name](asked, options)


def _supported(asked: Asked, options: Mapping[str, Any]) -> Answer:
    """Say of each engine why it cannot run the request; nothing where it can."""
    request, found = _request(asked), {}
    for name in options["engines"]:
        can = get_engine(name).capabilities
        try:
            check_supported(engine=name, can=can, request=request, market=asked.market)
        except UnsupportedFeature as error:
            found[name] = {"code": error.code, "detail": error.detail}
    return found


def _neighbours(asked: Asked, options: Mapping[str, Any]) -> Answer:
    """Return the sets around that of the request."""
    request, fraction = _request(asked), options.get("fraction", DEFAULT_FRACTION)
    return {"sets": list(neighbours(_strategy(request), request.params, fraction=fraction))}


def _delayed_sharpe(asked: Asked, options: Mapping[str, Any]) -> Answer:  # noqa: ARG001
    """Return the daily Sharpe ratio if every target is read one bar later."""
    request, market = _request(asked), asked.market
    late = replace(request, strategy=Delayed(_strategy(request)))
    result = get_engine(asked.engine).run(late, market)
    return {"sharpe": estimate(days_of(result, late, market).returns).sharpe}


def _look_ahead(asked: Asked, options: Mapping[str, Any]) -> Answer:
    """Cut the bars, and say whether an earlier target changes."""
    request, bars = _request(asked), asked.market.bars
    part = bars.rows(max(len(bars) - LOOK_AHEAD_BARS, 0), len(bars))
    rng = np.random.default_rng(options["seed"])
    found = look_ahead_test(_strategy(request), part, request.params, rng=rng)
    return {
        "n_cuts": found.n_cuts,
        "n_changes": found.n_changes,
        "targets": None if found.targets is None else asdict(found.targets),
    }


def _tool(asked: Asked, options: Mapping[str, Any]) -> Answer:
    """Return what a tool of validation finds."""
    tool = get_tool(options["key"])
    asked = replace(asked, thresholds=Thresholds.of(options["thresholds"]))
    found = tool.find(asked, read_options(tool.options, options["options"]), options["seed"])
    return found.describe()


def _request(asked: Asked) -> BacktestRequest:
    if not isinstance(asked.request, BacktestRequest):
        raise NotComputable("only a strategy of the platform can be asked")
    return asked.request


def _strategy(request: BacktestRequest) -> Strategy:
    if not isinstance(request.strategy, Strategy):
        raise NotComputable(f"strategy {request.strategy.key} has no targets: it quotes")
    return request.strategy


_QUESTIONS: Final[Mapping[str, CodeQuestion]] = {
    "delayed_sharpe": _delayed_sharpe,
    "look_ahead": _look_ahead,
    "neighbours": _neighbours,
    "supported": _supported,
    "tool": _tool,
}
