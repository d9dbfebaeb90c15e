"""What an engine is asked, what it is given, and the facts it returns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any, ClassVar

from common.domain.bars import Bars, Floats, Times
from common.domain.costs import AccountType, CostModel, Rebalance, Sizing
from common.domain.errors import InvalidArgument, InvalidInput
from common.domain.events import EventFiles
from common.domain.fills import Fills
from common.domain.funding import FundingEntries, FundingRates, no_funding
from common.domain.instruments import InstrumentSpec
from research.domain.settings import EngineSettings
from trading.strategies.base import Strategy
from trading.strategies.parameters import Value
from trading.strategies.quoting import QuotingStrategy


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestRequest:
    """One question to an engine; equal requests on equal data give equal results to the bit.

    Parameters
    ----------
    strategy, params
        The strategy and a full set of its parameters, as its `admit` returns it.
    cash
        Starting cash in the quote currency, > 0.
    costs, sizing, account, rebalance
        How targets become orders and what these cost.
    settings
        What only some engines know.
    seed
        Seed of everything random in the engine; an engine without chance ignores it.
    """

    strategy: Strategy | QuotingStrategy[Any]
    params: dict[str, Value]
    cash: float = 10_000.0
    costs: CostModel = field(default_factory=CostModel)
    sizing: Sizing = field(default_factory=Sizing)
    account: AccountType = AccountType.CASH
    rebalance: Rebalance = Rebalance.ON_CHANGE
    settings: EngineSettings = field(default_factory=EngineSettings)
    seed: int = 0

    def __post_init__(self) -> None:
        check_cash(self.cash)


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeRequest:
    """A person's own strategy file of one engine, to run on that engine.

    Parameters
    ----------
    path, class_name
        The file and the class or function in it.
    params
        Values the engine hands to the strategy, by its own names.
    cash, costs, account, settings, seed
        As in `BacktestRequest`; sizes and times of orders are the strategy's own affair.
    """

    sizing: ClassVar[str] = "native"
    rebalance: ClassVar[str] = "native"

    path: Path
    class_name: str
    params: Mapping[str, Value] = field(default_factory=dict)
    cash: float = 10_000.0
    costs: CostModel = field(default_factory=CostModel)
    account: AccountType = AccountType.CASH
    settings: EngineSettings = field(default_factory=EngineSettings)
    seed: int = 0

    def __post_init__(self) -> None:
        check_cash(self.cash)


def check_cash(cash: float) -> None:
    """Refuse to start with nothing, or with something that is no number.

    Raises
    ------
    InvalidArgument
        If cash is not positive and finite.
    """
    if not (isfinite(cash) and cash > 0):
        raise InvalidArgument(f"cash is {cash}, must be positive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """The bars of one instrument over a period, with those before it for the warm-up.

    Parameters
    ----------
    instrument
        Sizes that orders respect.
    bars
        Warm-up bars, then the bars of the period.
    first
        Position of the first bar of the period, in [0, n_bars]; no order is decided
        before it.
    funding
        Funding rates of the period; None where none are booked.
    detail
        Finer bars of the same period.
    events
        Recorded events of the period, of whose trades the bars are made.

    Raises
    ------
    InvalidInput
        If `first` is out of range.
    """

    instrument: InstrumentSpec
    bars: Bars
    first: int = 0
    funding: FundingRates | None = None
    detail: Bars | None = None
    events: EventFiles | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.first <= len(self.bars):
            raise InvalidInput(
                f"the period begins at bar {self.first}, must be in [0, {len(self.bars)}]"
            )

    @property
    def period(self) -> Bars:
        """Bars of the period alone."""
        return self.bars.rows(self.first, len(self.bars))


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """What an engine did, in its own account, before anything is checked.

    Parameters
    ----------
    fills : structured array of FILL_DTYPE
        Executions in time order, those of quantity 0 left out.
    equity : ndarray of float64, shape (n_bars,)
        The engine's cash plus position at each close of the period, quote currency.
    cash, quantity
        The engine's cash and signed position after the last bar.
    skipped_ns : ndarray of int64, shape (n_skipped,)
        Open times at which an order below the minimum notional would have filled.
    funding : structured array of FUNDING_DTYPE
        What the position paid or received, in time order.
    """

    fills: Fills
    equity: Floats
    cash: float
    quantity: float
    skipped_ns: Times
    funding: FundingEntries = field(default_factory=no_funding)


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestResult:
    """Facts of one execution; every statistic is computed from them elsewhere.

    Parameters
    ----------
    engine, engine_version
        What executed.
    fills : structured array of FILL_DTYPE
        Executions in time order.
    equity : ndarray of float64, shape (n_bars,)
        Cash plus position at each close of the period, quote currency, recomputed
        from the fills after the engine's own account was found to agree.
    cash, quantity
        Cash and signed position after the last of these bars, from the fills likewise.
    skipped_orders
        Orders left out because their notional was below the minimum.
    ruined
        True if equity fell to zero or below at a close: the facts end there.
    funding : structured array of FUNDING_DTYPE
        What the position paid or received, in time order.
    """

    engine: str
    engine_version: str
    fills: Fills
    equity: Floats
    cash: float
    quantity: float
    skipped_orders: int = 0
    ruined: bool = False
    funding: FundingEntries = field(default_factory=no_funding)
