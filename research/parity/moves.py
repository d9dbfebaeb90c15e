"""What happened in either account at one time: fills and funding."""

from dataclasses import dataclass

from common.domain.fills import Fills
from common.domain.funding import FundingEntries
from research.parity.facts import is_stop
from research.parity.matching import Matching


@dataclass(frozen=True, slots=True)
class Fill:
    """A fill in plain numbers; `stop` if a stop made it."""

    side: int
    price: float
    quantity: float
    fee: float
    stop: bool

    @property
    def signed(self) -> float:
        """Change of the position, base currency."""
        return self.side * self.quantity

    @property
    def unit_fee(self) -> float:
        """Fee a unit of the base currency."""
        return self.fee / self.quantity


@dataclass(frozen=True, slots=True)
class Funding:
    """Funding of one time in both accounts.

    Parameters
    ----------
    a, b
        Changes of cash, quote currency; 0 where none was booked.
    per_unit
        The change for a position of one, quote currency.
    """

    ts_ns: int
    a: float
    b: float
    per_unit: float


def read_fills(fills: Fills) -> list[Fill]:
    """Return fills as plain numbers."""
    columns = [fills[name].tolist() for name in ("side", "price", "quantity", "fee")]
    return [Fill(*row) for row in zip(*columns, is_stop(fills).tolist(), strict=True)]


def join_funding(a: FundingEntries, b: FundingEntries) -> list[Funding]:
    """Return the funding of two accounts by its time."""
    amounts = [
        dict(zip(each["ts_ns"].tolist(), each["amount"].tolist(), strict=True)) for each in (a, b)
    ]
    per_unit = {
        int(entry["ts_ns"]): -float(entry["mark"] * entry["rate"])
        for each in (b, a)
        for entry in each
    }
    return [
        Funding(ts_ns, amounts[0].get(ts_ns, 0.0), amounts[1].get(ts_ns, 0.0), per_unit[ts_ns])
        for ts_ns in sorted(per_unit)
    ]


def partner_stops(matching: Matching) -> dict[int, bool]:
    """Return for each pair of fills at two times whether a stop made one of them."""
    stop_a, stop_b = is_stop(matching.fills_a), is_stop(matching.fills_b)
    stops: dict[int, bool] = {}
    for step in matching.steps:
        if step.partner is not None:
            stop = bool(stop_a[step.a] if step.a is not None else stop_b[step.b])
            stops[step.partner] = stops.get(step.partner, False) or stop
    return stops
