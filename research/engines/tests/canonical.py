"""The execution rule once more, bar by bar in exact arithmetic, and the comparison with it.

It shares no code with the engines: quantities are whole lots, money is Decimal with 60
digits, numbers are read as they are written. It may be slow.
"""

from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Context, Decimal, localcontext
from typing import Final

import numpy as np

from common.domain.bars import Floats
from common.domain.costs import Rebalance, SizingMode
from common.domain.fills import FILL_DTYPE, Fills
from research.domain.backtest import BacktestRequest, Market

_EXACT: Final = Context(prec=60)


@dataclass(frozen=True, slots=True)
class Canonical:
    """What the rule makes of targets; the arrays are the nearest floats of exact numbers."""

    fills: Fills
    equity: Floats
    cash: float
    lots: int
    skipped: int
    ruined: bool


@dataclass(slots=True)
class _Account:
    cash: Decimal
    lots: int = 0
    fills: list[tuple[int, int, float, float, float, int, int]] = field(default_factory=list)


def execute(request: BacktestRequest, market: Market, targets: Floats) -> Canonical:
    """Execute targets on the bars of the period by the canonical rule."""
    with localcontext(_EXACT):
        return _execute(request, market, targets)


def _execute(request: BacktestRequest, market: Market, targets: Floats) -> Canonical:
    bars, lot = market.period, market.instrument.lot
    minimum = market.instrument.min_notional or Decimal(0)
    account = _Account(_exact(request.cash))
    last, due, skipped = 0.0, 0, 0
    equity: list[float] = []
    # Marks are floats of exact parts; what decides an order is exact throughout.
    cash, quantity, closes = float(account.cash), 0.0, bars.close.tolist()
    for t in range(len(bars)):
        if due:
            _fill(account, due, (int(bars.open_ns[t]), _exact(bars.open[t])), request, lot)
            due = 0
            cash, quantity = float(account.cash), float(account.lots * lot)
        equity.append(cash + quantity * closes[t])
        if equity[-1] <= 0:
            break
        target = float(targets[t])
        if np.isnan(target):
            continue
        changed, last = target != last, target
        if not changed and request.rebalance is Rebalance.ON_CHANGE:
            continue
        close = _exact(bars.close[t])
        worth = account.cash + account.lots * lot * close
        # int() rounds toward zero, which is the rule for orders of either sign.
        due = int(_wanted(request, _exact(target), worth, close) / lot - account.lots)
        if due and target != 0 and abs(due) * lot * close < minimum:
            due = 0
            skipped += t + 1 < len(bars)
    return Canonical(
        fills=np.array(account.fills, FILL_DTYPE),
        equity=np.array(equity),
        cash=float(account.cash),
        lots=account.lots,
        skipped=skipped,
        ruined=equity[-1] <= 0,
    )


def _wanted(request: BacktestRequest, target: Decimal, equity: Decimal, close: Decimal) -> Decimal:
    sizing = request.sizing
    if sizing.mode is SizingMode.EQUITY_FRACTION:
        return target * equity / close
    value = _exact(sizing.value or 0.0)
    return target * value / close if sizing.mode is SizingMode.FIXED_NOTIONAL else target * value


def _fill(
    account: _Account,
    due: int,
    opening: tuple[int, Decimal],
    request: BacktestRequest,
    lot: Decimal,
) -> None:
    time, price = opening
    side = 1 if due > 0 else -1
    price *= 1 + side * _exact(request.costs.slippage)
    rate = _exact(request.costs.fee_rate)
    size = abs(due)
    if side > 0:
        payable = account.cash / (price * (1 + rate)) / lot
        size = min(size, int(payable.to_integral_value(ROUND_FLOOR)))
    if size <= 0:
        return
    quantity = size * lot
    fee = price * quantity * rate
    account.cash -= side * price * quantity + fee
    account.lots += side * size
    account.fills.append((time, side, float(price), float(quantity), float(fee), 0, 0))


def _exact(number: float) -> Decimal:
    return Decimal(repr(float(number)))


def merge(fills: Fills) -> Fills:
    """Add up fills of equal time, side and price, which are one execution in pieces."""
    merged: list[np.void] = []
    for fill in fills.copy():
        if merged and all(merged[-1][name] == fill[name] for name in ("ts_ns", "side", "price")):
            merged[-1]["quantity"] += fill["quantity"]
            merged[-1]["fee"] += fill["fee"]
        else:
            merged.append(fill)
    return np.array(merged, FILL_DTYPE)


def compare(*, fills: Fills, expected: Canonical, market: Market, cash: float) -> list[str]:
    """Return every difference above the tolerances, as sentences; none if they are equal.

    Prices may differ by 1e-9 relative, quantities by a lot or 1e-6, fees by 1e-6, and
    final equity, recomputed from the fills, by 1e-6; times and sides not at all.
    """
    ours, theirs = merge(fills), merge(expected.fills)
    if len(ours) != len(theirs):
        return [f"{len(ours)} fills, expected {len(theirs)}"]
    lot = float(market.instrument.lot)
    # Half a millionth of a lot for the rounding of quantities that are a lot apart.
    one_lot = lot * (1 + 5e-7)
    checks = {
        "ts_ns": np.zeros(len(theirs)),
        "side": np.zeros(len(theirs)),
        "price": 1e-9 * theirs["price"],
        "quantity": np.maximum(one_lot, 1e-6 * theirs["quantity"]),
        "fee": np.maximum(1e-6 * theirs["fee"], _fee_of(one_lot, theirs)),
    }
    found = [
        f"fill {at}: {name} {ours[name][at]!r}, expected {theirs[name][at]!r}"
        for name, allowed in checks.items()
        for at in np.flatnonzero(np.abs(ours[name] - theirs[name]) > allowed)
    ]
    close = market.period.close[len(expected.equity) - 1]
    signed = ours["side"] * ours["quantity"]
    final = cash - float(np.sum(signed * ours["price"] + ours["fee"])) + signed.sum() * close
    if abs(final - expected.equity[-1]) > 1e-6 * abs(expected.equity[-1]):
        found.append(f"final equity {final!r}, expected {expected.equity[-1]!r}")
    return found


def _fee_of(quantity: float, fills: Fills) -> Floats:
    # A quantity that is a lot off has the fee of that quantity.
    fees: Floats = fills["fee"] / fills["quantity"] * quantity
    return fees
