from collections.abc import Iterator
from typing import Any

import numba
import numpy as np
import pytest

from trading.strategies.base import Contract, Strategy
from trading.strategies.library.quote_both_sides import (
    BothSidesParams,
    QuoteBothSides,
    quote_both_sides,
)
from trading.strategies.quoting import QuoteState

DEFAULTS = BothSidesParams(
    half_spread_ticks=5, order_lots=1, max_position_lots=10, skew_ticks_per_lot=1
)


def _state(bid: int, ask: int, position: int = 0) -> QuoteState:
    return QuoteState(bid, ask, 8.0, 9.0, position, bid, 1.0)


def _random_questions(count: int) -> Iterator[tuple[QuoteState, BothSidesParams]]:
    rng = np.random.default_rng(7)
    for _ in range(count):
        bid = int(rng.integers(0, 400))
        ask = bid + int(rng.integers(-1, 40))
        params = BothSidesParams(*(int(rng.integers(1, high)) for high in (30, 5, 20, 8)))
        yield _state(bid, ask, int(rng.integers(-25, 26))), params


class TestQuoteBothSides:
    def test_quotes_at_the_half_spread_around_the_middle(self) -> None:
        assert quote_both_sides(_state(1_000, 1_002), DEFAULTS) == (996, 1, 1_006, 1)

    def test_rounds_an_uneven_middle_away_from_the_market(self) -> None:
        assert quote_both_sides(_state(1_000, 1_001), DEFAULTS) == (995, 1, 1_006, 1)

    @pytest.mark.parametrize(
        ("position", "expected"), [(3, (993, 1, 1_003, 1)), (-3, (999, 1, 1_009, 1))]
    )
    def test_moves_both_quotes_against_the_position(
        self, position: int, expected: tuple[int, int, int, int]
    ) -> None:
        assert quote_both_sides(_state(1_000, 1_002, position), DEFAULTS) == expected

    @pytest.mark.parametrize(
        ("position", "bid_lots", "ask_lots"),
        [(8, 2, 4), (9, 1, 4), (10, 0, 4), (12, 0, 4), (-8, 4, 2), (-10, 4, 0), (-12, 4, 0)],
    )
    def test_leaves_room_to_the_limit_of_the_position(
        self, position: int, bid_lots: int, ask_lots: int
    ) -> None:
        params = DEFAULTS._replace(order_lots=4)

        _, bid, _, ask = quote_both_sides(_state(1_000, 1_002, position), params)

        assert (bid, ask) == (bid_lots, ask_lots)

    def test_never_takes(self) -> None:
        # The skew alone would put the ask at 996 and the bid at 1,006.
        assert quote_both_sides(_state(1_000, 1_002, 10), DEFAULTS)[2] == 1_001
        assert quote_both_sides(_state(1_000, 1_002, -10), DEFAULTS)[0] == 1_001

    @pytest.mark.parametrize(("bid", "ask"), [(0, 1_002), (1_000, 0), (0, 0), (5, 5), (6, 5)])
    def test_quotes_nothing_without_a_book_of_two_sides(self, bid: int, ask: int) -> None:
        assert quote_both_sides(_state(bid, ask), DEFAULTS) == (0, 0, 0, 0)

    def test_bids_no_price_that_does_not_exist(self) -> None:
        assert quote_both_sides(_state(4, 6), DEFAULTS) == (0, 0, 10, 1)

    def test_keeps_its_promises_on_any_book(self) -> None:
        for state, params in _random_questions(5_000):
            bid, bid_lots, ask, ask_lots = quote_both_sides(state, params)

            assert 0 <= bid_lots <= params.order_lots
            assert 0 <= ask_lots <= params.order_lots
            assert not bid_lots or 0 < bid < state.best_ask_ticks
            assert not ask_lots or ask > state.best_bid_ticks
            assert not bid_lots or state.position_lots + bid_lots <= params.max_position_lots
            assert not ask_lots or state.position_lots - ask_lots >= -params.max_position_lots
            assert not (bid_lots and ask_lots) or bid < ask

    def test_gives_the_same_when_compiled(self) -> None:
        # The types that Numba publishes know functions of one argument only.
        compiled: Any = numba.njit(QuoteBothSides().quotes)

        for state, params in _random_questions(500):
            assert compiled(state, params) == quote_both_sides(state, params)


class TestItsDefinition:
    def test_packs_admitted_parameters_for_the_function(self) -> None:
        strategy = QuoteBothSides()

        assert strategy.pack(strategy.admit({})) == DEFAULTS
        packed = strategy.pack(strategy.admit({"skew_ticks_per_lot": "2", "order_lots": 3}))
        assert packed == DEFAULTS._replace(skew_ticks_per_lot=2, order_lots=3)

    def test_is_no_strategy_with_targets(self) -> None:
        strategy = QuoteBothSides()

        assert strategy.contract is Contract.QUOTES
        assert not isinstance(strategy, Strategy)
        assert not hasattr(strategy, "targets")
