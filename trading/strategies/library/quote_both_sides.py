"""A bid and an ask around the middle of the book, leaning against the position."""

from collections.abc import Callable
from typing import NamedTuple, override

from trading.strategies.parameters import IntParameter, Params
from trading.strategies.quoting import Quotes, QuoteState, QuotingStrategy


class BothSidesParams(NamedTuple):
    """Parameters of `quote_both_sides`, whole ticks and lots."""

    half_spread_ticks: int
    order_lots: int
    max_position_lots: int
    skew_ticks_per_lot: int


def quote_both_sides(state: QuoteState, params: BothSidesParams) -> Quotes:
    """Return a bid and an ask at one distance from the middle, moved against the position.

    Parameters
    ----------
    state
        The book and the position now.
    params
        Distance, size, limit of the position, and the shift for each lot held.

    Returns
    -------
    tuple of int
        Bid in ticks, its lots, ask in ticks, its lots; 0 lots is no quote.

    Notes
    -----
    centre = (best bid + best ask) / 2 - skew * position; bid = floor(centre - half
    spread), ask = ceil(centre + half spread). A quote never takes: the bid stays below
    the best ask and the ask above the best bid. A side is as large as the limit of the
    position leaves room for. Without a book of two sides nothing is quoted.

    Examples
    --------
    >>> params = BothSidesParams(5, 1, 10, 1)
    >>> quote_both_sides(QuoteState(1000, 1002, 8.0, 9.0, 0, 1001, 1.0), params)
    (996, 1, 1006, 1)
    >>> quote_both_sides(QuoteState(1000, 1002, 8.0, 9.0, 10, 1001, 1.0), params)
    (986, 0, 1001, 1)
    """
    if state.best_bid_ticks <= 0 or state.best_ask_ticks <= state.best_bid_ticks:
        return 0, 0, 0, 0
    # Twice the centre, so that the half tick of an odd spread stays a whole number.
    lean = 2 * params.skew_ticks_per_lot * state.position_lots
    twice_centre = state.best_bid_ticks + state.best_ask_ticks - lean
    bid_ticks = (twice_centre - 2 * params.half_spread_ticks) // 2
    ask_ticks = -((-twice_centre - 2 * params.half_spread_ticks) // 2)
    bid_ticks = min(bid_ticks, state.best_ask_ticks - 1)
    ask_ticks = max(ask_ticks, state.best_bid_ticks + 1)
    bid_lots = min(params.order_lots, params.max_position_lots - state.position_lots)
    ask_lots = min(params.order_lots, params.max_position_lots + state.position_lots)
    if bid_ticks <= 0:  # there is no such price
        bid_ticks, bid_lots = 0, 0
    return bid_ticks, max(bid_lots, 0), ask_ticks, max(ask_lots, 0)


class QuoteBothSides(QuotingStrategy[BothSidesParams]):
    """Earn the spread, and shed what was bought or sold by quoting against it.

    References
    ----------
    M. Avellaneda, S. Stoikov, "High-frequency trading in a limit order book",
    Quantitative Finance 8(3), 2008, pp. 217-224, for the reservation price that moves
    against the inventory; here the shift per lot and the spread are set, not fitted.
    """

    key = "quote_both_sides"
    version = "1"
    summary = "Quote a bid and an ask around the middle, skewed against the position"
    parameters = (
        IntParameter(name="half_spread_ticks", default=5, low=1, high=100_000),
        IntParameter(name="order_lots", default=1, low=1, high=1_000_000),
        IntParameter(name="max_position_lots", default=10, low=1, high=10_000_000),
        IntParameter(name="skew_ticks_per_lot", default=1, low=0, high=10_000),
    )

    @property
    @override
    def quotes(self) -> Callable[[QuoteState, BothSidesParams], Quotes]:
        return quote_both_sides

    @override
    def pack(self, params: Params) -> BothSidesParams:
        return BothSidesParams(**{name: int(value) for name, value in params.items()})
