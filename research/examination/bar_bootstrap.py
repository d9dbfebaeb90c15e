"""What a strategy makes of markets that could have been: bars drawn anew in blocks."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from common.domain.bars import Floats
from portfolio.metrics.drawdown import drawdowns, max_drawdown
from research.domain.backtest import BacktestRequest, BacktestResult, Market
from research.engines.exceptions import UnsupportedFeature
from research.examination.facts import Asked
from research.examination.figures import histogram
from research.examination.options import option
from research.examination.strategies import request_of, run_again, strategy_of, total_of
from research.examination.tool import Finding, Form, Needs, Subject, Tool, Value
from research.validation.bar_bootstrap import resampled_bars
from research.validation.exceptions import NotComputable
from research.validation.gates import Measured, Undefined
from research.validation.resampling import Scheme


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketOptions:
    """How many markets are drawn, and how. Each is a run of the engine."""

    n_paths: int = option(
        100, "markets drawn; each takes as long as the run itself", low=2, high=2_000
    )
    block: float | None = option(
        None, "mean length of a block in bars; auto is as long as bars depend on each other",
        low=1,
    )  # fmt: skip
    scheme: Scheme = option(Scheme.STATIONARY, "blocks of random length, or all alike")


def examine(asked: Asked, options: MarketOptions, seed: int) -> Finding:
    """Run a strategy on markets drawn from the bars of its own."""
    request = request_of(asked)
    strategy_of(request)
    market = _plain(asked)
    rng = np.random.default_rng(seed)
    try:
        drawn = (
            resampled_bars(market.bars, rng=rng, block=options.block, scheme=options.scheme)
            for _ in range(options.n_paths)
        )
        paths = [_path(asked, request, replace(market, bars=bars)) for bars in drawn]
    except NotComputable as e:
        values: dict[str, Measured] = {value.key: Undefined(e.detail) for value in TOOL.values}
        return Finding(values=values, sentence=f"No market can be drawn: {e.detail}.")
    totals, depths, held = (np.array(column) for column in zip(*paths, strict=True))
    return _finding(totals, depths, held)


def _plain(asked: Asked) -> Market:
    market = asked.market
    beside = {"finer bars": market.detail, "recorded events": market.events}
    there = [name for name, each in beside.items() if each is not None]
    if there:
        raise UnsupportedFeature(
            f"the run was made on {' and '.join(there)}, which cannot be drawn with its bars",
            features=", ".join(there),
        )
    return market


def _path(asked: Asked, request: BacktestRequest, drawn: Market) -> tuple[float, float, float]:
    result = run_again(asked, request, drawn)
    period = drawn.period
    return (
        total_of(result, cash=request.cash),
        _depth(result, request.cash),
        float(period.close[-1] / period.open[0]) - 1.0,
    )


def _depth(result: BacktestResult, cash: float) -> float:
    return 1.0 if result.ruined else float(max_drawdown(drawdowns(result.equity, initial=cash)))


def _finding(totals: Floats, depths: Floats, held: Floats) -> Finding:
    low, median, high = (float(np.quantile(totals, level)) for level in (0.05, 0.5, 0.95))
    earned, beaten = float(np.mean(totals > 0.0)), float(np.mean(totals > held))
    deep = float(np.quantile(depths, 0.95))
    return Finding(
        values={
            "return_p05": low,
            "return_median": median,
            "return_p95": high,
            "share_earning": earned,
            "share_beating": beaten,
            "held_median": float(np.median(held)),
            "drawdown_median": float(np.median(depths)),
            "drawdown_p95": deep,
        },
        sentence=(
            f"On {len(totals):,} markets made of the moves of its own it earns on {earned:.0%},"
            f" {median:+.1%} in the median, and beats buying and holding on {beaten:.0%}; one in"
            f" twenty falls by {deep:.0%} or more. Blocks keep short patterns and lose trends"
            " longer than a block: what needs those earns less here than it did."
        ),
        figures={
            "returns": histogram("Total return on drawn markets", totals, name="markets"),
            "drawdowns": histogram("Maximum drawdown on drawn markets", depths, name="markets"),
        },
    )


TOOL: Final = Tool(
    key="bar_bootstrap",
    title="Bootstrap of bars",
    question="What would it make of other markets put together from blocks of these bars?",
    subject=Subject.RUN,
    needs=Needs.CODE,
    options=MarketOptions,
    values=(
        Value("return_p05", "return, 5 % quantile", Form.PERCENT),
        Value("return_median", "return, median", Form.PERCENT),
        Value("return_p95", "return, 95 % quantile", Form.PERCENT),
        Value("share_earning", "markets on which it earns", Form.PERCENT),
        Value("share_beating", "markets on which it beats buy and hold", Form.PERCENT),
        Value("held_median", "buy and hold, median", Form.PERCENT),
        Value("drawdown_median", "drawdown, median", Form.PERCENT),
        Value("drawdown_p95", "drawdown, 95 % quantile", Form.PERCENT),
    ),
    examine=examine,
)
