"""The fidelity ladder: what each step from ideal fills towards real ones costs."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Rung(StrEnum):
    """The rungs, from the ideal to the real; each has all that those before it have."""

    FRICTIONLESS = "frictionless"
    """At the next open, without any cost."""

    FEES = "fees"
    """With the fee rate of the question."""

    SLIPPAGE = "slippage"
    """With its slippage."""

    FUNDING = "funding"
    """With the funding of a perpetual."""

    BOOK = "book"
    """Against the recorded book, at once, in place of the open and a mean slippage."""

    LATENCY = "latency"
    """Against the book as it is when the order arrives."""

    QUEUE = "queue"
    """By orders that rest in the book and wait for their turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a rung came to.

    Parameters
    ----------
    rung
        Which.
    run_id
        Its run; None where there was none to make.
    engine
        What ran it, or would.
    final_equity
        Quote currency; None where it did not run.
    reason
        Why it did not; empty if it did.
    """

    rung: Rung
    run_id: int | None = None
    engine: str = ""
    final_equity: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """A rung and what it costs.

    Parameters
    ----------
    standing
        What it came to.
    total_return
        Fraction of the starting cash.
    cost
        Final equity of the last rung before it that ran, less its own: quote currency,
        negative if it earns. None where it did not run, and of the first.
    share
        The cost as a fraction of the frictionless profit; None where there was no profit.
    """

    standing: Standing
    total_return: float | None
    cost: float | None
    share: float | None


def cost_rungs(standings: Iterable[Standing], *, cash: float) -> list[Cost]:
    """Return what each rung costs, all costs together being the first less the last.

    Parameters
    ----------
    standings
        From the ideal to the real.
    cash
        Starting cash, quote currency, > 0.

    Examples
    --------
    >>> ideal = Standing(rung=Rung.FRICTIONLESS, final_equity=150.0)
    >>> real = Standing(rung=Rung.FEES, final_equity=140.0)
    >>> [(each.cost, each.share) for each in cost_rungs([ideal, real], cash=100.0)]
    [(None, None), (10.0, 0.2)]
    """
    found: list[Cost] = []
    profit: float | None = None
    before: float | None = None
    for standing in standings:
        equity = standing.final_equity
        cost = None if equity is None or before is None else before - equity
        if standing.rung is Rung.FRICTIONLESS and equity is not None:
            profit = equity - cash
        found.append(
            Cost(
                standing=standing,
                total_return=None if equity is None else equity / cash - 1,
                cost=cost,
                share=cost / profit if cost is not None and profit and profit > 0 else None,
            )
        )
        before = before if equity is None else equity
    return found
