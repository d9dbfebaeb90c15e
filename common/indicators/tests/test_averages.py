"""Moving averages against published tables and the formulas written out."""

from collections.abc import Callable

import numpy as np
import pytest

from common.domain.bars import Bars, Floats
from common.indicators.columns import InvalidColumn, InvalidLength
from common.indicators.technical import compute, ema, sma
from common.indicators.tests import reference

# StockCharts ChartSchool, "Moving Averages - Simple and Exponential", table of a
# ten-day average of Intel's closes.
CLOSES = np.array([
    22.27, 22.19, 22.08, 22.17, 22.18, 22.13, 22.23, 22.43, 22.24, 22.29,
    22.15, 22.39, 22.38, 22.61, 23.36, 24.05, 23.75, 23.83, 23.95, 23.63,
])  # fmt: skip
SMA_10 = [22.22, 22.21, 22.23, 22.26, 22.31, 22.42, 22.61, 22.77, 22.91, 23.08, 23.21]
# Closes and averages are both printed to two digits.
ROUNDED = 0.01
EMA_10 = [22.22, 22.21, 22.24, 22.27, 22.33, 22.52, 22.80, 22.97, 23.13, 23.28, 23.34]


class TestSma:
    def test_gives_the_published_table(self) -> None:
        assert np.isnan(sma(CLOSES, 10)[:9]).all()
        np.testing.assert_allclose(sma(CLOSES, 10)[9:], SMA_10, atol=ROUNDED)

    def test_is_the_mean_of_each_window(self, short: Bars) -> None:
        np.testing.assert_allclose(
            sma(short.close, 37), reference.of_windows(np.mean, short.close, 37), rtol=1e-12
        )


class TestEma:
    def test_gives_the_published_table_from_its_sma_seed_on(self) -> None:
        assert np.isnan(ema(CLOSES, 10)[:9]).all()
        np.testing.assert_allclose(ema(CLOSES, 10)[9:], EMA_10, atol=ROUNDED)

    def test_begins_with_the_sma_and_not_with_the_first_close(self) -> None:
        values = ema(np.array([1.0, 2.0, 6.0, 8.0]), 3)
        np.testing.assert_array_equal(values, [np.nan, np.nan, 3.0, 5.5])

    def test_is_the_recursion_written_out(self, short: Bars) -> None:
        np.testing.assert_allclose(
            ema(short.close, 21), reference.ema(short.close, 21), rtol=1e-12
        )


class TestAverages:
    @pytest.mark.parametrize("average", [sma, ema])
    def test_a_period_of_one_is_the_close(self, average: Callable[[Floats, int], Floats]) -> None:
        np.testing.assert_array_equal(average(CLOSES, 1), CLOSES)

    @pytest.mark.parametrize("average", [sma, ema])
    def test_refuses_a_period_below_one(self, average: Callable[[Floats, int], Floats]) -> None:
        with pytest.raises(InvalidLength, match="period is 0, must be a whole number >= 1"):
            average(CLOSES, 0)

    def test_refuses_nan_and_names_the_row(self) -> None:
        with pytest.raises(InvalidColumn, match="close is nan at row 2"):
            sma(np.array([1.0, 2.0, np.nan, 4.0]), 2)


class TestWma:
    def test_weighs_the_newest_most(self, short: Bars) -> None:
        values = compute("wma", short, period=9)["wma"]
        np.testing.assert_allclose(values, reference.weighted(short.close, 9), rtol=1e-11)


class TestHma:
    @pytest.mark.parametrize("period", [9, 15, 16, 20])
    def test_rounds_half_and_root_down(self, short: Bars, period: int) -> None:
        # Hull: Integer(Period / 2), Integer(SquareRoot(Period)).
        close = short.close
        raw = 2 * reference.weighted(close, period // 2) - reference.weighted(close, period)
        expected = np.full(len(close), np.nan)
        expected[period - 1 :] = reference.weighted(raw[period - 1 :], int(period**0.5))
        np.testing.assert_allclose(
            compute("hma", short, period=period)["hma"], expected, rtol=1e-11
        )


class TestKama:
    def test_is_kaufmans_recursion_from_the_close_before_it_begins(self, short: Bars) -> None:
        # StockCharts ChartSchool, "Kaufman's Adaptive Moving Average", KAMA(10, 2, 30).
        close, period = short.close, 10
        expected = np.full(len(close), np.nan)
        value = close[period - 1]
        for row in range(period, len(close)):
            path = sum(abs(close[i] - close[i - 1]) for i in range(row - period + 1, row + 1))
            efficiency = abs(close[row] - close[row - period]) / path
            weight = (efficiency * (2 / 3 - 2 / 31) + 2 / 31) ** 2
            value += weight * (close[row] - value)
            expected[row] = value
        np.testing.assert_allclose(compute("kama", short)["kama"], expected, rtol=1e-12)
