"""The contract of a quoting strategy: the book in, a bid and an ask out."""

from abc import abstractmethod
from collections.abc import Callable
from typing import NamedTuple

from trading.strategies.base import Contract, Definition
from trading.strategies.parameters import Params

type Quotes = tuple[int, int, int, int]


class QuoteState(NamedTuple):
    """What a quoting strategy sees at one moment; plain numbers, so that Numba compiles it.

    Parameters
    ----------
    best_bid_ticks, best_ask_ticks
        Best prices in whole ticks; 0 where that side of the book is empty.
    bid_depth_lots, ask_depth_lots
        Sums of the quantities at the five best levels, in lots.
    position_lots
        Signed position in whole lots, negative is short.
    last_trade_ticks
        Price of the last public trade in ticks; 0 before the first.
    last_trade_lots
        Its quantity in lots, positive if the buyer took; 0 before the first.
    """

    best_bid_ticks: int
    best_ask_ticks: int
    bid_depth_lots: float
    ask_depth_lots: float
    position_lots: int
    last_trade_ticks: int
    last_trade_lots: float


class QuotingStrategy[P: tuple[float, ...]](Definition):
    """A pure function of the book that an event engine calls at a fixed interval.

    Notes
    -----
    `P` is a NamedTuple of the parameters in the types that the compiled function wants.
    Only an engine that replays an order book can run it: it has no targets, so that
    nothing that asks for a `Strategy` accepts it.
    """

    contract = Contract.QUOTES

    @property
    @abstractmethod
    def quotes(self) -> Callable[[QuoteState, P], Quotes]:
        """The pure function itself, which an engine may compile.

        It returns `(bid_ticks, bid_lots, ask_ticks, ask_lots)`, whole numbers, lots >= 0;
        0 lots is no quote on that side.
        """

    @abstractmethod
    def pack(self, params: Params) -> P:
        """Return a full set of parameters, as `admit` returns it, as the function takes it."""
