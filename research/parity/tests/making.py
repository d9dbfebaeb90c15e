"""Small fills and bars to compare, and the arithmetic of an account in exact numbers."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from common.domain.bars import Bars
from common.domain.fills import FILL_DTYPE, Fills
from common.domain.funding import FUNDING_DTYPE, FundingEntries
from common.domain.timeframe import Timeframe
from research.parity.attribution import Difference, attribute
from research.parity.causes import Cause
from research.parity.facts import Facts, Terms
from research.parity.matching import match

HOUR_NS = 3_600_000_000_000


def hourly(closes: Sequence[float]) -> Bars:
    """Return bars of which each opens where the one before closed."""
    close = np.array(closes, np.float64)
    open_ = np.concatenate([close[:1], close[:-1]])
    times = np.arange(len(close), dtype=np.int64) * HOUR_NS
    low, high = np.minimum(open_, close), np.maximum(open_, close)
    return Bars(Timeframe.H1, times, open_, high, low, close, np.ones(len(close)))


def fills(*rows: tuple[float, ...]) -> Fills:
    """Return fills from (hour, signed quantity, price, fee), and a reason where there is one."""
    made = np.zeros(len(rows), FILL_DTYPE)
    for fill, (hour, quantity, price, fee, *reason) in zip(made, rows, strict=True):
        fill["ts_ns"], fill["side"] = hour * HOUR_NS, np.sign(quantity)
        fill["quantity"], fill["price"], fill["fee"] = abs(quantity), price, fee
        fill["reason"] = reason[0] if reason else 0
    return made


def funding(*rows: tuple[float, ...]) -> FundingEntries:
    """Return funding from (hour, rate, mark, quantity)."""
    made = np.zeros(len(rows), FUNDING_DTYPE)
    for entry, (hour, rate, mark, quantity) in zip(made, rows, strict=True):
        entry["ts_ns"] = hour * HOUR_NS
        entry["rate"], entry["mark"], entry["quantity"] = rate, mark, quantity
        entry["amount"] = -quantity * mark * rate
    return made


def terms(closes: Sequence[float] = (100.0,) * 10, **changes: Any) -> Terms:
    given: dict[str, Any] = {"cash": 10_000.0, "lot": Decimal("1e-8"), "by_equity": False}
    return Terms(bars=hourly(closes), **{**given, **changes})


def differences(a: Any, b: Any, on: Terms, **options: Any) -> list[Difference]:
    one, two = (
        each if isinstance(each, Facts) else Facts(name="x", fills=each) for each in (a, b)
    )
    return attribute(a=one, b=two, terms=on, matching=match(one, two, on), **options)


def money(found: list[Difference]) -> dict[Cause, float]:
    """Return the money of each cause that is not 0, rounded to a millionth."""
    sums: dict[Cause, float] = {}
    for each in found:
        sums[each.cause] = round(sums.get(each.cause, 0.0) + each.money, 6)
    return {cause: amount for cause, amount in sums.items() if amount}
