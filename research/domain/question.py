"""A run as it is asked for: names and numbers, before anything is looked up."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from common.domain.costs import AccountType, CostModel, Rebalance, Sizing
from common.domain.errors import InvalidPeriod
from common.domain.instruments import InstrumentId
from common.domain.time import format_utc
from common.domain.timeframe import Timeframe
from trading.strategies.parameters import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuestion:
    """What a person asks: a strategy on an engine over stored bars.

    Parameters
    ----------
    start_ns, end_ns
        Period `[start, end)` in nanoseconds since 1970 UTC; None is as far as
        bars are stored.
    allow_dirty
        Run although the bars have errors; the ledger records it.
    experiment
        The question the run belongs to; empty makes one per strategy and series.
    """

    strategy_key: str
    engine: str
    instrument: InstrumentId
    timeframe: Timeframe
    params: Mapping[str, Value] = field(default_factory=dict)
    start_ns: int | None = None
    end_ns: int | None = None
    cash: float = 10_000.0
    costs: CostModel = field(default_factory=CostModel)
    sizing: Sizing = field(default_factory=Sizing)
    account: AccountType = AccountType.CASH
    rebalance: Rebalance = Rebalance.ON_CHANGE
    seed: int = 0
    allow_dirty: bool = False
    experiment: str = ""

    def __post_init__(self) -> None:
        if self.start_ns is not None and self.end_ns is not None and self.start_ns >= self.end_ns:
            raise InvalidPeriod(
                f"the period ends at {format_utc(self.end_ns)},"
                f" not after its start {format_utc(self.start_ns)}"
            )


def canonical_hash(document: Mapping[str, object]) -> str:
    """Return the SHA-256 of a JSON document, independent of the order of its keys."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
