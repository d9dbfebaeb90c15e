"""Whether a strategy says how much of the past it needs: it is begun anywhere with that alone."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from research.domain.backtest import BacktestRequest
from research.examination.facts import Asked
from research.examination.figures import Figure, table
from research.examination.native import find_native_recursion
from research.examination.options import option
from research.examination.strategies import strategy_of
from research.examination.tool import Finding, Form, Needs, Subject, Tool, Value
from research.validation.exceptions import NotComputable
from research.validation.gates import Measured, Undefined
from research.validation.lookahead import WarmUp, warm_up_test
from trading.strategies.causality import HISTORY_TOLERANCE


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmUpOptions:
    """From how many places it is begun, and what of a file may still move."""

    n_starts: int = option(50, "places to begin at, drawn with repeats", low=1, high=1_000)
    most_bars: int = option(20_000, "bars at the end of the run", low=10, high=1_000_000)
    tolerance: float = option(
        HISTORY_TOLERANCE, "of a Freqtrade file: how far an indicator may move, relative",
        low=0.0, high=1.0,
    )  # fmt: skip


def examine(asked: Asked, options: WarmUpOptions, seed: int) -> Finding:
    """Begin at many places with the declared warm-up, and compare with all of history."""
    if not isinstance(asked.request, BacktestRequest):
        return find_native_recursion(asked, tolerance=options.tolerance)
    strategy, params = strategy_of(asked.request), asked.request.params
    bars = asked.market.bars
    part = bars.rows(max(len(bars) - options.most_bars, 0), len(bars))
    declared = float(strategy.warm_up(params))
    try:
        found = warm_up_test(
            strategy, part, params, rng=np.random.default_rng(seed), n_starts=options.n_starts
        )
    except NotComputable as e:
        values: dict[str, Measured] = {value.key: Undefined(e.detail) for value in VALUES}
        values |= {"declared": declared, "bars": float(len(part))}
        return Finding(
            values=values, passed=False, sentence=f"The warm-up cannot be tried: {e.detail}."
        )
    return Finding(
        values={
            "declared": declared,
            "dependent": float(not found.passed),
            "bars": float(len(part)),
            "starts": float(found.n_starts),
        },
        passed=found.passed,
        sentence=_sentence(found, declared),
        figures=_figures(found),
    )


def _sentence(found: WarmUp, declared: float) -> str:
    if found.targets is None:
        return (
            f"Begun at {found.n_starts} places with {declared:,.0f} bars before them it wants"
            " what it wants with all of history: its warm-up is long enough."
        )
    return (
        f"It asks for {declared:,.0f} bars of warm-up, and older ones change what it wants:"
        f" {found.targets}. Two runs that begin at different times would disagree."
    )


def _figures(found: WarmUp) -> dict[str, Figure]:
    of = found.targets
    if of is None:
        return {}
    return {
        "dependence": table(
            "A target that older bars change",
            ["bar", "with all bars", "with the warm-up alone", "first bar kept"],
            [[of.row, f"{of.whole:g}", f"{of.part:g}", of.first]],
        )
    }


VALUES: Final = (
    Value("declared", "bars of warm-up it asks for", Form.COUNT),
    Value("dependent", "targets or columns that older bars change", Form.COUNT),
    Value("bars", "bars looked at", Form.COUNT),
    Value("starts", "places it was begun at", Form.COUNT),
)

TOOL: Final = Tool(
    key="warm_up",
    title="Warm-up",
    question="Does a target depend on bars before the warm-up that the strategy asks for?",
    subject=Subject.RUN,
    needs=Needs.CODE,
    options=WarmUpOptions,
    values=VALUES,
    examine=examine,
)
