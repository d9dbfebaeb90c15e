"""The execution rule once more, bar by bar in exact arithmetic, and the comparison with it.

It shares no code with the engines: quantities are whole lots, money is Decimal with 60
digits, numbers are read as they are written. It may be slow.
"""

from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Context, Decimal, localcontext
from typing import Final

import numpy as np

from common.domain.bars import Bars, Floats
from common.domain.costs import CostModel, Rebalance, SizingMode
from common.domain.enums import FillReason
from common.domain.fills import FILL_DTYPE, Fills
from common.domain.funding import FundingEntries
from research.domain.backtest import BacktestRequest, Market
from research.engines.tests.canonical_funding import Funding
from research.engines.tests.canonical_stops import Bar, Levels, RoundTrip
from trading.strategies.base import Strategy

_EXACT: Final = Context(prec=60)


@dataclass(frozen=True, slots=True)
class Canonical:
    """What the rule makes of targets; the arrays are the nearest floats of exact numbers."""

    fills: Fills
    equity: Floats
    cash: float
    quantity: float
    skipped: int
    ruined: bool
    funding: FundingEntries


@dataclass(slots=True)
class _Account:
    cash: Decimal
    costs: CostModel
    lot: Decimal
    lots: int = 0
    trip: RoundTrip | None = None
    fills: list[tuple[int, int, float, float, float, int, int]] = field(default_factory=list)

    @property
    def side(self) -> int:
        return (self.lots > 0) - (self.lots < 0)

    def order(
        self, due: int, time: int, price: Decimal, reason: FillReason = FillReason.TARGET
    ) -> None:
        """Fill so many lots (negative sells) at a price before slippage."""
        side = 1 if due > 0 else -1
        price *= 1 + side * _exact(self.costs.slippage)
        rate = _exact(self.costs.fee_rate)
        size = abs(due)
        if side > 0:
            payable = self.cash / (price * (1 + rate)) / self.lot
            size = min(size, int(payable.to_integral_value(ROUND_FLOOR)))
        if size <= 0:
            return
        quantity = size * self.lot
        fee = price * quantity * rate
        self.cash -= side * price * quantity + fee
        self._move(side, size, price)
        self.fills.append((time, side, float(price), float(quantity), float(fee), 0, reason))

    def _move(self, side: int, size: int, price: Decimal) -> None:
        before = self.lots
        self.lots += side * size
        if self.trip is not None and before * side > 0:
            self.trip.add(held=abs(before), size=size, price=price)
        elif self.lots * before <= 0:
            self.trip = RoundTrip(price, price) if self.lots else None


def execute(request: BacktestRequest, market: Market, targets: Floats) -> Canonical:
    """Execute targets and stops on the bars of the period by the canonical rule."""
    with localcontext(_EXACT):
        return _execute(request, market, targets)


def _execute(request: BacktestRequest, market: Market, targets: Floats) -> Canonical:
    bars, lot = market.period, market.instrument.lot
    account = _Account(_exact(request.cash), request.costs, lot)
    levels, funding = _levels(request), Funding(market.funding, bars)
    decider = _Decider(request, market.instrument.min_notional or Decimal(0), lot)
    due, equity = 0, list[float]()
    # Marks are floats of exact parts; what decides an order is exact throughout.
    closes, length_ns = bars.close.tolist(), bars.timeframe.nanoseconds
    for t, opened_ns in enumerate(bars.open_ns.tolist()):
        # At the moment of a fill it is the position before it that pays.
        account.cash += funding.pay(opened_ns + 1, account.lots * lot)
        if due:
            account.order(due, opened_ns, _exact(bars.open[t]))
        if levels and account.trip:
            decider.stopped |= _leave(account, account.trip, levels, _bar(bars, t))
        account.cash += funding.pay(opened_ns + length_ns, account.lots * lot)
        equity.append(float(account.cash) + float(account.lots * lot) * closes[t])
        if equity[-1] <= 0:
            break
        due = decider.decide(float(targets[t]), account, closes[t], is_last=t + 1 == len(bars))
    return Canonical(
        fills=np.array(account.fills, FILL_DTYPE),
        equity=np.array(equity),
        cash=float(account.cash),
        quantity=float(account.lots * lot),
        skipped=decider.skipped,
        ruined=equity[-1] <= 0,
        funding=funding.booked(),
    )


def _levels(request: BacktestRequest) -> Levels | None:
    strategy = request.strategy
    spec = strategy.stops(request.params) if isinstance(strategy, Strategy) else None
    return None if spec is None else Levels(spec)


def _leave(account: _Account, trip: RoundTrip, levels: Levels, bar: Bar) -> bool:
    """Close the position where a stop of this bar does, and return whether one did."""
    found = levels.find_exit(trip, bar, side=account.side)
    if found is None:
        trip.mark(bar.close, side=account.side)
        return False
    price, reason = found
    account.order(-account.lots, bar.open_ns, price, reason)
    return True


@dataclass(slots=True)
class _Decider:
    """What an order is due at the next open, by the target read at a close."""

    request: BacktestRequest
    minimum: Decimal
    lot: Decimal
    last: float = 0.0
    stopped: bool = False
    skipped: int = 0

    def decide(self, target: float, account: _Account, mark: float, *, is_last: bool) -> int:
        """Return the lots to buy (negative: to sell) at the next open."""
        if np.isnan(target):
            return 0
        changed, self.last = target != self.last, target
        # After a stop even an order at every bar waits for another target.
        self.stopped &= not changed
        if not changed and (self.stopped or self.request.rebalance is Rebalance.ON_CHANGE):
            return 0
        close = _exact(mark)
        worth = account.cash + account.lots * self.lot * close
        # int() rounds toward zero, which is the rule for orders of either sign.
        wanted = _wanted(self.request, _exact(target), worth, close)
        due = int(wanted / self.lot - account.lots)
        if due and target != 0 and abs(due) * self.lot * close < self.minimum:
            self.skipped += not is_last
            return 0
        return due


def _wanted(request: BacktestRequest, target: Decimal, equity: Decimal, close: Decimal) -> Decimal:
    sizing = request.sizing
    if sizing.mode is SizingMode.EQUITY_FRACTION:
        return target * equity / close
    value = _exact(sizing.value or 0.0)
    return target * value / close if sizing.mode is SizingMode.FIXED_NOTIONAL else target * value


def _bar(bars: Bars, row: int) -> Bar:
    prices = (bars.open[row], bars.high[row], bars.low[row], bars.close[row])
    return Bar(int(bars.open_ns[row]), *map(_exact, prices))


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


def compare(
    *,
    fills: Fills,
    expected: Canonical,
    market: Market,
    cash: float,
    funding: FundingEntries | None = None,
) -> list[str]:
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
    received = 0.0 if funding is None else float(np.sum(funding["amount"]))
    spent = float(np.sum(signed * ours["price"] + ours["fee"]))
    final = cash - spent + received + signed.sum() * close
    if abs(final - expected.equity[-1]) > 1e-6 * abs(expected.equity[-1]):
        found.append(f"final equity {final!r}, expected {expected.equity[-1]!r}")
    return found


def _fee_of(quantity: float, fills: Fills) -> Floats:
    # A quantity that is a lot off has the fee of that quantity.
    fees: Floats = fills["fee"] / fills["quantity"] * quantity
    return fees
