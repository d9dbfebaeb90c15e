"""Trend indicators against the formulas written out."""

import numpy as np
import pytest

from common.domain.bars import Bars, Floats
from common.indicators.columns import InvalidColumn, InvalidLength
from common.indicators.technical import adx, compute
from common.indicators.tests import reference


def columns(bars: Bars) -> tuple[Floats, Floats, Floats]:
    return bars.high, bars.low, bars.close


class TestAdx:
    def test_is_wilders_recursion_written_out(self, short: Bars) -> None:
        # Wilder 1978, with TA-Lib's seed: sums that begin with period - 1 movements.
        np.testing.assert_allclose(
            adx(*columns(short), 14), reference.adx(*columns(short), 14), rtol=1e-10
        )

    def test_is_100_in_a_steady_rise(self) -> None:
        close = np.array(range(100, 200), np.float64)
        assert adx(close + 1, close - 1, close, 14)[-1] == pytest.approx(100)

    def test_refuses_columns_of_different_lengths(self) -> None:
        with pytest.raises(InvalidColumn, match="low has 4 rows, high has 5"):
            adx(np.ones(5), np.ones(4), np.ones(5), 2)

    def test_refuses_a_period_below_two(self, short: Bars) -> None:
        with pytest.raises(InvalidLength, match="period is 1"):
            adx(*columns(short), 1)


class TestDirectional:
    def test_are_wilders_sums_written_out(self, short: Bars) -> None:
        plus, minus = reference.directional(*columns(short), 14)
        values = compute("di", short)
        np.testing.assert_allclose(values["plus_di"], plus, rtol=1e-10)
        np.testing.assert_allclose(values["minus_di"], minus, rtol=1e-10)


class TestAroon:
    def test_counts_bars_since_the_extremes_of_period_and_one_bars(self, short: Bars) -> None:
        # Chande 1995: 100 * (period - bars since) / period; of equal extremes the latest.
        def up(window: Floats) -> float:
            return 100 * (14 - int(np.argmax(window[::-1]))) / 14

        def down(window: Floats) -> float:
            return 100 * (14 - int(np.argmin(window[::-1]))) / 14

        values = compute("aroon", short)
        np.testing.assert_allclose(
            values["up"], reference.of_windows(up, short.high, 15), rtol=1e-12
        )
        np.testing.assert_allclose(
            values["down"], reference.of_windows(down, short.low, 15), rtol=1e-12
        )


class TestSupertrend:
    def test_trails_and_turns(self, short: Bars) -> None:
        # TradingView's help page of Supertrend: bands hold until a close passes them.
        high, low, close = columns(short)
        reach = 3 * reference.atr(high, low, close, 10)
        lower, upper = (high + low) / 2 - reach, (high + low) / 2 + reach
        direction = 1
        line, way = np.full((2, len(close)), np.nan)
        for row in range(10, len(close)):
            if row > 10:
                if close[row - 1] > lower[row - 1]:
                    lower[row] = max(lower[row], lower[row - 1])
                if close[row - 1] < upper[row - 1]:
                    upper[row] = min(upper[row], upper[row - 1])
                if direction == -1 and close[row] > upper[row - 1]:
                    direction = 1
                elif direction == 1 and close[row] < lower[row - 1]:
                    direction = -1
            line[row] = lower[row] if direction == 1 else upper[row]
            way[row] = direction
        values = compute("supertrend", short)
        assert set(way[10:]) == {1, -1}
        np.testing.assert_allclose(values["supertrend"], line, rtol=1e-12)
        np.testing.assert_array_equal(values["direction"], way)


class TestParabolicSar:
    def test_accelerates_and_reverses(self, short: Bars) -> None:
        # Wilder 1978. The first direction is that of the second bar's larger movement.
        high, low = short.high, short.low
        rising = not (low[0] - low[1] > max(high[1] - high[0], 0))
        stop = low[0] if rising else high[0]
        extreme = high[1] if rising else low[1]
        pace = 0.02
        expected = np.full(len(high), np.nan)
        for row in range(1, len(high)):
            if rising:
                stop = min(stop, low[row - 1], low[max(row - 2, 0)]) if row > 1 else stop
                passed = low[row] <= stop
            else:
                stop = max(stop, high[row - 1], high[max(row - 2, 0)]) if row > 1 else stop
                passed = high[row] >= stop
            if passed:
                stop = extreme
                rising = not rising
                near = (high, low)[rising]
                pick = (max, min)[rising]
                stop = pick(stop, near[row], near[row - 1])
                expected[row] = stop
                extreme, pace = (high[row] if rising else low[row]), 0.02
            else:
                expected[row] = stop
                best = max(extreme, high[row]) if rising else min(extreme, low[row])
                if best != extreme:
                    extreme, pace = best, min(pace + 0.02, 0.2)
            stop += pace * (extreme - stop)
        values = compute("parabolic_sar", short)["parabolic_sar"]
        np.testing.assert_allclose(values, expected, rtol=1e-12)


class TestIchimoku:
    def test_draws_the_cloud_forward_from_what_was_known(self, short: Bars) -> None:
        # StockCharts ChartSchool, "Ichimoku Cloud": spans plotted 26 periods ahead.
        high, low = short.high, short.low

        def middle(period: int) -> Floats:
            top = reference.of_windows(np.max, high, period)
            return (top + reference.of_windows(np.min, low, period)) / 2

        conversion, base, wide = middle(9), middle(26), middle(52)
        values = compute("ichimoku", short)
        np.testing.assert_allclose(values["conversion"], conversion, rtol=1e-12)
        np.testing.assert_allclose(values["base"], base, rtol=1e-12)
        np.testing.assert_allclose(
            values["span_a"][26:], ((conversion + base) / 2)[:-26], rtol=1e-12
        )
        np.testing.assert_allclose(values["span_b"][26:], wide[:-26], rtol=1e-12)
        assert np.isnan(values["span_a"][:26]).all()

    def test_without_displacement_gives_the_spans_as_they_become_known(self, short: Bars) -> None:
        drawn = compute("ichimoku", short)["span_b"]
        known = compute("ichimoku", short, displacement=0)["span_b"]
        np.testing.assert_array_equal(drawn[26:], known[:-26])
