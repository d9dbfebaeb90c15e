"""What the days of a run could have added up to, drawn anew in blocks."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import sqrt
from typing import Final

import numpy as np

from common.domain.bars import Floats
from portfolio.metrics.returns import YEAR_DAYS
from research.examination.facts import RunFacts
from research.examination.figures import Figure, histogram
from research.examination.options import option
from research.examination.tool import Finding, Form, Needs, Subject, Tool, Value
from research.validation.block_length import block_length
from research.validation.bootstrap import bootstrap, max_drawdown, total_return
from research.validation.distribution import Distribution
from research.validation.exceptions import NotComputable
from research.validation.gates import Measured, Undefined
from research.validation.judging import bootstrap as bootstrap_gate
from research.validation.resampling import Scheme
from research.validation.sharpe import estimate
from research.validation.thresholds import Thresholds


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapOptions:
    """How histories are drawn."""

    n_paths: int = option(1_000, "histories drawn", low=1, high=100_000)
    block: float | None = option(
        None, "mean length of a block in days; auto is as long as the days depend on each other",
        low=1,
    )  # fmt: skip
    scheme: Scheme = option(Scheme.STATIONARY, "blocks of random length, or all alike")


def annual_sharpe(returns: Floats) -> float:
    """Return the Sharpe ratio of daily returns, a year of 365 days.

    Raises
    ------
    NotComputable
        If they do not vary.
    """
    return estimate(returns).sharpe * sqrt(YEAR_DAYS)


_STATISTICS: Final = {
    "return": total_return,
    "sharpe": annual_sharpe,
    "drawdown": max_drawdown,
}
_LEVELS: Final = {"p05": 0.05, "median": 0.5, "p95": 0.95}


def examine(facts: RunFacts, options: BootstrapOptions, seed: int) -> Finding:
    """Draw histories from the days of a run."""
    returns = facts.daily
    try:
        block = options.block or block_length(returns, scheme=options.scheme)
    except NotComputable as e:
        return _none(Undefined(e.detail), facts.thresholds)
    # Each from a generator of its own: the same histories, seen three times.
    drawn = {
        name: _draw(returns, statistic, replace(options, block=block), seed=seed)
        for name, statistic in _STATISTICS.items()
    }
    values: dict[str, Measured] = {"block": block}
    for name, found in drawn.items():
        for label, level in _LEVELS.items():
            values[f"{name}_{label}"] = (
                found if isinstance(found, Undefined) else found.quantile(level)
            )
    total = drawn["return"]
    values["share_losing"] = (
        total if isinstance(total, Undefined) else float(np.mean(total.values <= 0.0))
    )
    level = facts.thresholds.bootstrap_level
    low = total if isinstance(total, Undefined) else total.quantile(level)
    return Finding.judged(values, bootstrap_gate(low, facts.thresholds), figures=_figures(drawn))


def _draw(
    returns: Floats,
    statistic: Callable[[Floats], float],
    options: BootstrapOptions,
    *,
    seed: int,
) -> Distribution | Undefined:
    try:
        return bootstrap(
            returns,
            statistic,
            rng=np.random.default_rng(seed),
            n_paths=options.n_paths,
            block=options.block,
            scheme=options.scheme,
        )
    except NotComputable as e:
        return Undefined(e.detail)


def _none(missing: Undefined, thresholds: Thresholds) -> Finding:
    values: dict[str, Measured] = {value.key: missing for value in TOOL.values}
    return Finding.judged(values, bootstrap_gate(missing, thresholds))


def _figures(drawn: dict[str, Distribution | Undefined]) -> dict[str, Figure]:
    titles = {
        "return": "Total return of the drawn histories",
        "sharpe": "Sharpe ratio a year of the drawn histories",
        "drawdown": "Maximum drawdown of the drawn histories",
    }
    return {
        name: histogram(titles[name], found.values)
        for name, found in drawn.items()
        if not isinstance(found, Undefined)
    }


TOOL: Final = Tool(
    key="bootstrap",
    title="Bootstrap of returns",
    question="What would its days have added up to in other orders and mixtures?",
    subject=Subject.RUN,
    needs=Needs.FACTS,
    options=BootstrapOptions,
    values=(
        Value("block", "mean length of a block, days"),
        Value("return_p05", "return, 5 % quantile", Form.PERCENT),
        Value("return_median", "return, median", Form.PERCENT),
        Value("return_p95", "return, 95 % quantile", Form.PERCENT),
        Value("sharpe_p05", "Sharpe a year, 5 % quantile"),
        Value("sharpe_median", "Sharpe a year, median"),
        Value("sharpe_p95", "Sharpe a year, 95 % quantile"),
        Value("drawdown_p05", "drawdown, 5 % quantile", Form.PERCENT),
        Value("drawdown_median", "drawdown, median", Form.PERCENT),
        Value("drawdown_p95", "drawdown, 95 % quantile", Form.PERCENT),
        Value("share_losing", "histories that earn nothing", Form.PERCENT),
    ),
    examine=examine,
)
