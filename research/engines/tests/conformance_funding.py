"""What every engine on bars must do with the funding of a perpetual, worked out by hand.

Each starts with 10,000 in cash, and half of it buys or sells 50 at 100. Rates are fractions
of the notional, and longs pay those above zero: 50 at a mark of 110 and 1 % are 55.
"""

from dataclasses import replace

import numpy as np
import pytest

from common.domain.costs import AccountType
from common.domain.funding import FundingRates
from research.domain.backtest import BacktestResult, Market
from research.engines.base import BacktestEngine
from research.engines.exceptions import UnsupportedFeature
from research.engines.tests.conformance import FREE, equity, facts
from research.engines.tests.scripted import HOUR_NS, ask, quoted
from trading.strategies.base import StopSpec

NAN = float("nan")
FLAT = (100, 100, 100, 100)


def perpetual(
    *prices: tuple[float, float, float, float], rates: list[tuple[float, float, float]]
) -> Market:
    """Return hourly bars of a perpetual; each rate is (hour, rate, mark)."""
    hours, values, marks = np.array(rates, np.float64).T.copy()
    times = (hours * HOUR_NS).astype(np.int64)
    bars = quoted(*prices, symbol="BTC/USD:USD")
    return replace(bars, funding=FundingRates(times, values, marks))


def booked(result: BacktestResult) -> list[tuple[float, float, float, float]]:
    """Return the entries as (hour, mark, quantity, amount), rounded to a millionth."""
    return [
        (
            int(entry["ts_ns"]) / HOUR_NS,
            round(float(entry["mark"]), 6),
            round(float(entry["quantity"]), 6),
            round(float(entry["amount"]), 6),
        )
        for entry in result.funding
    ]


@pytest.mark.never(
    "vectorbt",
    raises=UnsupportedFeature,
    reason="its account knows no payments beside orders",
)
class FundingConformance:
    """Funding sentence by sentence."""

    @pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])
    def test_takes_from_longs_what_it_gives_to_shorts(
        self, engine: BacktestEngine, side: int
    ) -> None:
        bars = perpetual(FLAT, FLAT, FLAT, rates=[(1.5, 0.01, 110.0), (2.5, -0.02, 110.0)])
        request = ask([0.5 * side] * 3, costs=FREE, account=AccountType.MARGIN)

        result = engine.run(request, bars)

        assert booked(result) == [
            (1.5, 110, 50 * side, -55 * side),
            (2.5, 110, 50 * side, 110 * side),
        ]
        assert equity(result) == [10_000, 10_000 - 55 * side, 10_000 + 55 * side]

    def test_counts_the_position_before_a_fill_of_the_same_moment(
        self, engine: BacktestEngine
    ) -> None:
        # Bought at hour 1, sold at hour 2: the first funding finds nothing, the second 50.
        bars = perpetual(FLAT, FLAT, FLAT, rates=[(1, 0.01, 100.0), (2, 0.01, 100.0)])

        result = engine.run(ask([0.5, 0, 0], costs=FREE), bars)

        assert booked(result) == [(2, 100, 50, -50)]
        assert equity(result) == [10_000, 10_000, 9_950]

    def test_values_at_the_open_where_no_mark_is_stored(self, engine: BacktestEngine) -> None:
        bars = perpetual(FLAT, FLAT, (120, 130, 110, 130), rates=[(2.5, 0.01, NAN)])

        result = engine.run(ask([0.5] * 3, costs=FREE), bars)

        assert booked(result) == [(2.5, 120, 50, -60)]

    def test_is_in_the_equity_that_sizes_the_next_order(self, engine: BacktestEngine) -> None:
        # 50 * 100 * 0.2 = 1,000 paid: equity 9,000, of which a quarter is 22.5 at 100.
        bars = perpetual(FLAT, FLAT, FLAT, rates=[(1.5, 0.2, 100.0)])

        result = engine.run(ask([0.5, 0.25, 0.25], costs=FREE), bars)

        assert facts(result) == [(1, 1, 100, 50, 0), (2, -1, 100, 27.5, 0)]

    @pytest.mark.parametrize(
        ("first", "rate", "bought"),
        [(0.5, 0.01, 49.5), (-0.5, -0.01, 149.5)],
        ids=["long", "short"],
    )
    def test_cuts_a_buy_to_the_cash_after_the_funding_of_the_same_moment(
        self, engine: BacktestEngine, first: float, rate: float, bought: float
    ) -> None:
        # Long: 50 more would cost 5,000 of 5,000 in cash, but 50 * 100 * 0.01 = 50 are due
        # just then: 4,950 pay for 49.5. Short: 150 would cost 15,000 of 15,000, less 50.
        bars = perpetual(FLAT, FLAT, FLAT, rates=[(2, rate, 100.0)])
        request = ask([first, 1, 1], costs=FREE, account=AccountType.MARGIN)

        result = engine.run(request, bars)

        assert facts(result)[1:] == [(2, 1, 100, bought, 0)]
        assert booked(result) == [(2, 100, 100 * first, -50)]
        assert result.cash == 0

    def test_finds_nothing_after_a_stop_of_the_same_bar(self, engine: BacktestEngine) -> None:
        # What is stopped in a bar is stopped at its open time, before the funding inside.
        bars = perpetual(
            FLAT, FLAT, (95, 97, 85, 88), rates=[(1.5, 0.01, 100.0), (2.5, 0.01, NAN)]
        )

        result = engine.run(ask([0.5] * 3, costs=FREE, stop=StopSpec(stop_loss=0.1)), bars)

        assert booked(result) == [(1.5, 100, 50, -50)]
        assert equity(result) == [10_000, 9_950, 9_450]

    def test_ignores_rates_outside_the_period(self, engine: BacktestEngine) -> None:
        bars = perpetual(FLAT, FLAT, FLAT, rates=[(0.5, 0.01, NAN), (3, 0.01, NAN)])
        later = replace(bars, first=1)

        result = engine.run(ask([0.5] * 3, costs=FREE), later)

        assert booked(result) == []
        assert equity(result) == [10_000, 10_000]
