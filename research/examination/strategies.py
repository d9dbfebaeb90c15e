"""The strategy of a question, for tools that ask it anew."""

import numpy as np

from common.domain.bars import Floats
from research.domain.backtest import BacktestRequest, BacktestResult, Market
from research.engines.exceptions import UnsupportedFeature
from research.engines.registry import get_engine
from research.examination.facts import Asked
from research.validation.daily_facts import daily_returns
from trading.strategies.base import Strategy


def request_of(asked: Asked) -> BacktestRequest:
    """Return the request of a strategy of the platform.

    Raises
    ------
    UnsupportedFeature
        If a strategy file was asked: it sizes and times its orders itself.
    """
    if not isinstance(asked.request, BacktestRequest):
        raise UnsupportedFeature(
            f"{asked.request.path.name} is a strategy file of {asked.engine}: this tool asks"
            " strategies of the platform alone",
            engine=asked.engine,
            features=["native"],
        )
    return asked.request


def strategy_of(request: BacktestRequest) -> Strategy:
    """Return a strategy that has targets.

    Raises
    ------
    UnsupportedFeature
        If it quotes instead.
    """
    if not isinstance(request.strategy, Strategy):
        raise UnsupportedFeature(
            f"strategy {request.strategy.key} has no targets: it quotes", features=["quotes"]
        )
    return request.strategy


def run_again(
    asked: Asked, request: BacktestRequest, market: Market | None = None
) -> BacktestResult:
    """Run a request on the engine of a question.

    Parameters
    ----------
    asked
        Names the engine and the market.
    request
        What is run.
    market
        Another market, if not that one.

    Raises
    ------
    PlatformError
        As the engine.
    """
    return get_engine(asked.engine).run(request, market or asked.market)


def daily_of(result: BacktestResult, market: Market, *, cash: float) -> Floats:
    """Return the return of each UTC day of a run; after its ruin there is nothing more.

    Returns
    -------
    ndarray of float64, shape (n_days,)
        Simple returns, fractions.
    """
    marks = np.zeros(len(market.period))
    marks[: len(result.equity)] = result.equity
    return daily_returns(marks[:, None], open_ns=market.period.open_ns, initial=cash)[:, 0]


def total_of(result: BacktestResult, *, cash: float) -> float:
    """Return what a run earned, a fraction; the loss of everything is -1.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from common.domain.fills import no_fills
    >>> kept = BacktestResult(
    ...     engine="", engine_version="", fills=no_fills(), equity=np.array([90.0, 150.0]),
    ...     cash=150.0, quantity=0.0,
    ... )
    >>> total_of(kept, cash=100.0), total_of(replace(kept, ruined=True), cash=100.0)
    (0.5, -1.0)
    """
    return -1.0 if result.ruined else float(result.equity[-1]) / cash - 1.0
