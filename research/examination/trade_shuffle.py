"""How deep a run could have fallen, had its round trips come in another order."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from common.domain.bars import Floats
from research.examination.facts import RunFacts
from research.examination.figures import histogram
from research.examination.options import option
from research.examination.tool import Finding, Form, Needs, Subject, Tool, Value
from research.validation.bootstrap import max_drawdown
from research.validation.exceptions import NotComputable
from research.validation.gates import Measured, Undefined
from research.validation.trade_shuffle import shuffled_drawdowns


@dataclass(frozen=True, slots=True, kw_only=True)
class ShuffleOptions:
    """How many orders are drawn."""

    n_paths: int = option(1_000, "random orders", low=1, high=100_000)


def examine(facts: RunFacts, options: ShuffleOptions, seed: int) -> Finding:
    """Shuffle the round trips of a run."""
    returns = trip_returns(facts)
    values: dict[str, Measured] = {"round_trips": float(len(returns))}
    try:
        found = shuffled_drawdowns(
            returns, rng=np.random.default_rng(seed), n_paths=options.n_paths
        )
    except NotComputable as e:
        missing = Undefined(e.detail)
        values |= dict.fromkeys(("drawdown", "median", "q95", "q99", "share_as_deep"), missing)
        return Finding(values=values, sentence=f"No order can be drawn: {e.detail}.")
    observed = max_drawdown(returns)
    deeper = float(np.mean(found.values >= observed))
    values |= {
        "drawdown": observed,
        "median": found.quantile(0.5),
        "q95": found.quantile(0.95),
        "q99": found.quantile(0.99),
        "share_as_deep": deeper,
    }
    return Finding(
        values=values,
        sentence=(
            f"In the order in which they came its {len(returns):,} round trips fell by"
            f" {observed:.1%} at most; {deeper:.0%} of {options.n_paths:,} random orders of the"
            f" same round trips fall as deep, half by {found.quantile(0.5):.1%}, and one in"
            f" twenty by {found.quantile(0.95):.1%} or more: be ready for that."
        ),
        figures={"drawdowns": histogram("Maximum drawdown of random orders", found.values)},
    )


def trip_returns(facts: RunFacts) -> Floats:
    """Return the net PnL of each closed round trip over the equity before it.

    Returns
    -------
    ndarray of float64, shape (n_round_trips,)
        Fractions, in the order of the entries; funding is left out.
    """
    place = np.searchsorted(facts.bars.open_ns, facts.trips["entry_ns"], side="right") - 1
    returns: Floats = facts.trips["net_pnl"] / facts.before[place]
    return returns


TOOL: Final = Tool(
    key="trade_shuffle",
    title="Trade shuffle",
    question="How deep could it have fallen, had the same round trips come in another order?",
    subject=Subject.RUN,
    needs=Needs.FACTS,
    options=ShuffleOptions,
    values=(
        Value("round_trips", "closed round trips", Form.COUNT),
        Value("drawdown", "drawdown as they came", Form.PERCENT),
        Value("median", "median of the orders", Form.PERCENT),
        Value("q95", "exceeded by one order in 20", Form.PERCENT),
        Value("q99", "exceeded by one order in 100", Form.PERCENT),
        Value("share_as_deep", "orders at least as deep", Form.PERCENT),
    ),
    examine=examine,
)
