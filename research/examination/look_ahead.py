"""Whether a strategy knows the future: later bars are taken away, and earlier targets compared."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from research.domain.backtest import BacktestRequest
from research.examination.facts import Asked
from research.examination.figures import Figure, table
from research.examination.native import find_native_lookahead
from research.examination.options import option
from research.examination.strategies import strategy_of
from research.examination.tool import Finding, Form, Needs, Subject, Tool, Value
from research.validation.exceptions import NotComputable
from research.validation.gates import Measured, Undefined
from research.validation.judging import look_ahead as look_ahead_gate
from research.validation.lookahead import LookAhead, look_ahead_test


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAheadOptions:
    """How long a stretch is cut, and how often."""

    n_cuts: int = option(50, "random cuts, and at most as many at changes", low=1, high=1_000)
    most_bars: int = option(
        20_000, "bars at the end of the run that are cut", low=10, high=1_000_000
    )
    least_trades: int = option(
        10, "of a Freqtrade file: trades without which nothing is judged", low=1, high=1_000
    )


def examine(asked: Asked, options: LookAheadOptions, seed: int) -> Finding:
    """Take later bars away and see what changes before."""
    if not isinstance(asked.request, BacktestRequest):
        return find_native_lookahead(asked, least_trades=options.least_trades)
    strategy, bars = strategy_of(asked.request), asked.market.bars
    part = bars.rows(max(len(bars) - options.most_bars, 0), len(bars))
    try:
        found = look_ahead_test(
            strategy,
            part,
            asked.request.params,
            rng=np.random.default_rng(seed),
            n_cuts=options.n_cuts,
        )
    except NotComputable as e:
        missing = Undefined(e.detail)
        values: dict[str, Measured] = {value.key: missing for value in VALUES}
        values["bars"] = float(len(part))
        return Finding.judged(values, look_ahead_gate(missing))
    return Finding.judged(
        {
            "leaks": float(not found.passed),
            "bars": float(len(part)),
            "cuts": float(found.n_cuts),
            "changes": float(found.n_changes),
        },
        look_ahead_gate(found),
        figures=_figures(found),
    )


def _figures(found: LookAhead) -> dict[str, Figure]:
    leak = found.targets
    if leak is None:
        return {}
    return {
        "leak": table(
            "The first target that later bars change",
            ["bar", "with all bars", "without later bars", "bars kept"],
            [[leak.row, f"{leak.whole:g}", f"{leak.part:g}", leak.last]],
        )
    }


VALUES: Final = (
    Value("leaks", "targets and columns that later bars change", Form.COUNT),
    Value("bars", "bars looked at", Form.COUNT),
    Value("cuts", "cuts, or trades made again", Form.COUNT),
    Value("changes", "changes of the target", Form.COUNT),
)

TOOL: Final = Tool(
    key="look_ahead",
    title="Look-ahead",
    question="Does a target depend on a bar that had not come yet?",
    subject=Subject.RUN,
    needs=Needs.CODE,
    options=LookAheadOptions,
    values=VALUES,
    examine=examine,
)
