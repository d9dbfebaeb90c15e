"""Which fill of one engine is which fill of the other."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.domain.fills import Fills
from research.parity.facts import Facts, Terms, is_stop, merge_fills

# A fill that comes this many stored bars late or early is still the same one.
_LATEST_BARS: Final = 3


@dataclass(frozen=True, slots=True)
class Step:
    """What happened at one time: a fill of either engine, or of both.

    Parameters
    ----------
    ts_ns
        The time.
    a, b
        Positions of the fills, None where that engine has none.
    partner
        Number of the pair that this fill makes with one at another time, or None.
    """

    ts_ns: int
    a: int | None
    b: int | None
    partner: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """Two sets of fills, merged and joined.

    Parameters
    ----------
    fills_a, fills_b
        Merged fills, to which the positions refer.
    joined : ndarray of int64, shape (n_joined, 2)
        Positions of fills of equal time and side.
    steps
        All fills in time order.
    """

    fills_a: Fills
    fills_b: Fills
    joined: NDArray[np.int64]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairSummary:
    """How two engines compare, in numbers; `missing` and `extra` are of `b` against `a`.

    Parameters
    ----------
    matched, missing, extra
        Merged fills: of equal time and side, of `a` alone, of `b` alone.
    max_price_diff, max_quantity_diff
        Largest differences among the matched, quote and base currency; 0 where none is.
    final_equity_rel_diff
        |a - b| / |a|, recomputed from fills.
    """

    a: str
    b: str
    matched: int
    missing: int
    extra: int
    max_price_diff: float
    max_quantity_diff: float
    final_equity_rel_diff: float


def match(a: Facts, b: Facts, terms: Terms) -> Matching:
    """Merge the fills of each engine, and join them."""
    fills_a, fills_b = merge_fills(a.fills), merge_fills(b.fills)
    joined = _join(fills_a, fills_b)
    alone_a = _others(len(fills_a), joined[:, 0])
    alone_b = _others(len(fills_b), joined[:, 1])
    partners = list(_find_partners(fills_a[alone_a], fills_b[alone_b], terms))
    partner_a = {int(alone_a[i]): number for number, (i, _) in enumerate(partners)}
    partner_b = {int(alone_b[j]): number for number, (_, j) in enumerate(partners)}
    steps = [Step(int(fills_a["ts_ns"][i]), i, j) for i, j in joined.tolist()]
    steps += [Step(int(fills_a["ts_ns"][i]), i, None, partner_a.get(i)) for i in alone_a.tolist()]
    steps += [Step(int(fills_b["ts_ns"][j]), None, j, partner_b.get(j)) for j in alone_b.tolist()]
    second = {step.partner: step.ts_ns for step in sorted(steps, key=lambda step: step.ts_ns)}

    def in_order(step: Step) -> tuple[int, bool, bool, int]:
        # Of one time, first what ends an earlier difference, then what may begin one.
        begins = step.partner is None or second[step.partner] != step.ts_ns
        return step.ts_ns, begins, step.a is None, step.b or 0 if step.a is None else step.a

    return Matching(
        fills_a=fills_a,
        fills_b=fills_b,
        joined=joined,
        steps=tuple(sorted(steps, key=in_order)),
    )


def summarise(*, a: Facts, b: Facts, terms: Terms, matching: Matching) -> PairSummary:
    """Return the numbers of a pair."""
    ours, theirs = (
        fills[matching.joined[:, at]]
        for at, fills in enumerate((matching.fills_a, matching.fills_b))
    )
    equity = terms.final_equity(a)
    difference = abs(equity - terms.final_equity(b))
    return PairSummary(
        a=a.name,
        b=b.name,
        matched=len(matching.joined),
        missing=len(matching.fills_a) - len(matching.joined),
        extra=len(matching.fills_b) - len(matching.joined),
        max_price_diff=float(np.max(np.abs(ours["price"] - theirs["price"]), initial=0.0)),
        max_quantity_diff=float(
            np.max(np.abs(ours["quantity"] - theirs["quantity"]), initial=0.0)
        ),
        final_equity_rel_diff=difference / abs(equity) if equity else float(difference > 0),
    )


def _join(a: Fills, b: Fills) -> NDArray[np.int64]:
    # Several of one time and side, at different prices, are joined in their order.
    waiting: dict[tuple[int, int], list[int]] = defaultdict(list)
    for j in reversed(range(len(b))):
        waiting[int(b["ts_ns"][j]), int(b["side"][j])].append(j)
    pairs = [
        (i, left.pop())
        for i, key in enumerate(zip(a["ts_ns"].tolist(), a["side"].tolist(), strict=True))
        if (left := waiting.get(key))
    ]
    return np.array(pairs, np.int64).reshape(-1, 2)


def _others(count: int, joined: NDArray[np.int64]) -> NDArray[np.int64]:
    alone = np.ones(count, np.bool_)
    alone[joined] = False
    return np.flatnonzero(alone)


def _find_partners(a: Fills, b: Fills, terms: Terms) -> Iterator[tuple[int, int]]:
    opens = terms.bars.open_ns
    stop_a, stop_b = is_stop(a), is_stop(b)
    row_a, row_b = (np.searchsorted(opens, fills["ts_ns"], side="right") for fills in (a, b))
    for side in (1, -1):
        ours, theirs = np.flatnonzero(a["side"] == side), np.flatnonzero(b["side"] == side)
        at, to = 0, 0
        while at < len(ours) and to < len(theirs):
            i, j = int(ours[at]), int(theirs[to])
            # Two rules for a stop may be far apart in time and still be one exit.
            if abs(row_a[i] - row_b[j]) <= _LATEST_BARS or (stop_a[i] and stop_b[j]):
                yield i, j
                at, to = at + 1, to + 1
            elif row_a[i] < row_b[j]:
                at += 1
            else:
                to += 1
