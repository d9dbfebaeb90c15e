"""What is left of a run where costs are higher, and where every target is read a bar late."""

from dataclasses import dataclass, replace
from itertools import pairwise
from math import log1p
from typing import Final

from common.domain.costs import CostModel
from research.domain.backtest import BacktestRequest
from research.examination.bootstrap import annual_sharpe
from research.examination.facts import Asked
from research.examination.figures import Figure, lines
from research.examination.options import option
from research.examination.strategies import (
    daily_of,
    request_of,
    run_again,
    strategy_of,
    total_of,
)
from research.examination.tool import Finding, Form, Needs, Subject, Tool, Value
from research.validation.delayed import Delayed
from research.validation.gates import Measured, Undefined, measured
from research.validation.judging import delay as delay_gate
from research.validation.judging import doubled_costs as cost_gate

_DOUBLED: Final = 2
_PER_BASIS_POINT: Final = 1e4
# A fee or a slippage of half the price is no cost any more.
_DEAREST: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class StressOptions:
    """How far costs are raised."""

    most: int = option(
        3,
        "multiples of the costs that are run; then doubled until nothing is earned",
        low=2,
        high=20,
    )


def examine(asked: Asked, options: StressOptions, seed: int) -> Finding:  # noqa: ARG001
    """Run a question again at multiples of its costs, and one bar late."""
    request = request_of(asked)
    curve = _curve(asked, request, options.most)
    sharpe = measured(lambda: _sharpe(asked, request))
    late = replace(request, strategy=Delayed(strategy_of(request)))
    delayed = measured(lambda: _sharpe(asked, late))
    delayed_gate = delay_gate(sharpe, delayed, asked.thresholds)
    doubled: Measured = curve if isinstance(curve, Undefined) else curve[_DOUBLED]
    edge = curve if isinstance(curve, Undefined) else _edge(asked, request, curve)
    values: dict[str, Measured] = {
        "free_return": curve if isinstance(curve, Undefined) else curve[0],
        "asked_return": curve if isinstance(curve, Undefined) else curve[1],
        "doubled_return": doubled,
        "edge": edge,
        "edge_bps": edge if isinstance(edge, Undefined) else edge * _cost_of(request.costs),
        "sharpe": sharpe,
        "delayed_sharpe": delayed,
        "kept": delayed_gate.value,
    }
    return Finding.judged(
        values,
        cost_gate(doubled, asked.thresholds),
        delayed_gate,
        further=_edge_sentence(values),
        figures=_figures(curve),
    )


type _Curve = dict[float, float]


def _curve(asked: Asked, request: BacktestRequest, most: int) -> _Curve | Undefined:
    """Return the total return by multiple; beyond `most` doubled until nothing is earned."""
    largest = max(request.costs.fee_rate, request.costs.slippage)
    if not largest:
        return Undefined("fees and slippage are zero, and any multiple of nothing is nothing")
    if most * largest >= _DEAREST:
        return Undefined(f"{most} times the costs would be {_DEAREST:.0%} or more")
    curve: _Curve = {n: _total(asked, request, n) for n in range(most + 1)}
    further = 2 * most
    while curve[0] > 0.0 and min(curve.values()) > 0.0 and further * largest < _DEAREST:
        curve[further] = _total(asked, request, further)
        further *= 2
    return curve


def _total(asked: Asked, request: BacktestRequest, multiple: float) -> float:
    dearer = replace(request, costs=multiplied(request.costs, multiple))
    return total_of(run_again(asked, dearer), cash=request.cash)


def _edge(asked: Asked, request: BacktestRequest, curve: _Curve) -> Measured:
    """Return the multiple at which nothing is earned, run once more next to it."""
    edge = measured_edge(curve)
    if isinstance(edge, Undefined) or edge in curve:
        return edge
    nearer = {**curve, edge: _total(asked, request, edge)}
    return measured_edge(dict(sorted(nearer.items())))


def multiplied(costs: CostModel, multiple: float) -> CostModel:
    """Return a multiple of fees and slippage; a rebate stays what it is, and so does funding.

    Examples
    --------
    >>> multiplied(CostModel(fee_rate=0.001, maker_fee_rate=-0.001, slippage=0.0005), 3)
    CostModel(fee_rate=0.003, maker_fee_rate=-0.001, slippage=0.0015, funding=True)
    """
    return replace(
        costs,
        fee_rate=multiple * costs.fee_rate,
        maker_fee_rate=costs.maker_fee_rate * (multiple if costs.maker_fee_rate > 0.0 else 1.0),
        slippage=multiple * costs.slippage,
    )


def measured_edge(curve: _Curve) -> Measured:
    """Return the multiple of the costs at which nothing is earned.

    Parameters
    ----------
    curve
        Total return by multiple, from 0 on.

    Returns
    -------
    Measured
        Between two multiples that were run growth is taken to fall in a straight line; undefined
        where it earns at all of them, or at none.

    Examples
    --------
    >>> measured_edge({0: 0.21, 1: 0.1, 2: 1 / 1.1 - 1})
    1.5
    >>> measured_edge({0: -0.1, 1: -0.2, 2: -0.3})
    Undefined(reason='it earns nothing even without costs')
    """
    if curve[0] <= 0.0:
        return Undefined("it earns nothing even without costs")
    for (below, gain), (above, loss) in pairwise(curve.items()):
        if loss <= -1.0:
            return Undefined(f"at {above:g} times the costs everything is lost")
        if loss <= 0.0:
            high, low = log1p(gain), log1p(loss)
            return below + (above - below) * high / (high - low)
    return Undefined(f"it still earns at {max(curve):g} times the costs")


def _sharpe(asked: Asked, request: BacktestRequest) -> float:
    return annual_sharpe(daily_of(run_again(asked, request), asked.market, cash=request.cash))


def _cost_of(costs: CostModel) -> float:
    return (costs.fee_rate + costs.slippage) * _PER_BASIS_POINT


def _edge_sentence(values: dict[str, Measured]) -> str:
    edge, cost = values["edge"], values["edge_bps"]
    if isinstance(edge, Undefined) or isinstance(cost, Undefined):
        return f" No cost at which it breaks even is known: {_reason(edge)}."
    return (
        f" It breaks even at about {edge:.2f} times its costs, {cost:.1f} basis points an order."
    )


def _reason(value: Measured) -> str:
    return value.reason if isinstance(value, Undefined) else ""


def _figures(curve: _Curve | Undefined) -> dict[str, Figure]:
    if isinstance(curve, Undefined):
        return {}
    multiples = [f"{multiple:g}x" for multiple in curve]
    return {
        "curve": lines(
            "Total return by multiples of the costs", multiples, {"return": [*curve.values()]}
        ),
    }


TOOL: Final = Tool(
    key="stress",
    title="Costs and delay",
    question="What is left at higher costs, and with every decision one bar late?",
    subject=Subject.RUN,
    needs=Needs.CODE,
    options=StressOptions,
    values=(
        Value("free_return", "return without costs", Form.PERCENT),
        Value("asked_return", "return at its costs", Form.PERCENT),
        Value("doubled_return", "return at doubled costs", Form.PERCENT),
        Value("edge", "multiple of the costs that breaks even"),
        Value("edge_bps", "the same, basis points an order"),
        Value("sharpe", "Sharpe a year"),
        Value("delayed_sharpe", "Sharpe a year, one bar late"),
        Value("kept", "share kept one bar late", Form.PERCENT),
    ),
    examine=examine,
)
