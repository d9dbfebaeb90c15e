"""Volatility and bands against the formulas written out."""

import numpy as np
import pytest

from common.domain.bars import Bars, Floats
from common.indicators.columns import InvalidColumn, InvalidLength
from common.indicators.technical import atr, bollinger, compute, donchian, realised_volatility
from common.indicators.tests import reference
from common.indicators.volatility import z_score


def columns(bars: Bars) -> tuple[Floats, Floats, Floats]:
    return bars.high, bars.low, bars.close


class TestAtr:
    def test_is_wilders_recursion_without_the_first_bar(self, short: Bars) -> None:
        values = atr(*columns(short), 14)
        assert np.isnan(values[:14]).all()
        np.testing.assert_allclose(values, reference.atr(*columns(short), 14), rtol=1e-11)

    def test_counts_a_gap(self) -> None:
        high, low, close = np.array([10.0, 15.0]), np.array([9.0, 14.0]), np.array([9.5, 14.5])
        assert atr(high, low, close, 1)[1] == 15.0 - 9.5


class TestNatr:
    def test_is_in_percent_of_the_close(self, short: Bars) -> None:
        expected = 100 * reference.atr(*columns(short), 14) / short.close
        np.testing.assert_allclose(compute("natr", short)["natr"], expected, rtol=1e-11)


class TestBollinger:
    def test_uses_the_population_deviation(self) -> None:
        # 2, 4, 4, 4, 5, 5, 7, 9 has mean 5 and population deviation exactly 2.
        close = np.array([2.0, 4, 4, 4, 5, 5, 7, 9])
        lower, middle, upper = bollinger(close, 8, 1.5)
        assert np.isnan(lower[:7]).all()
        assert (lower[7], middle[7], upper[7]) == pytest.approx((2, 5, 8), rel=1e-12)

    def test_is_mean_and_deviation_of_each_window(self, short: Bars) -> None:
        mean = reference.of_windows(np.mean, short.close, 20)
        spread = reference.of_windows(np.std, short.close, 20)
        lower, middle, upper = bollinger(short.close, 20, 2.5)
        np.testing.assert_allclose(lower, mean - 2.5 * spread, rtol=1e-10)
        np.testing.assert_allclose(middle, mean, rtol=1e-12)
        np.testing.assert_allclose(upper, mean + 2.5 * spread, rtol=1e-10)
        width = compute("bollinger_width", short, width=2.5)["bollinger_width"]
        np.testing.assert_allclose(width, 5 * spread / mean, rtol=1e-8)
        percent = compute("bollinger_percent", short, width=2.5)["bollinger_percent"]
        expected = (short.close - mean + 2.5 * spread) / (5 * spread)
        np.testing.assert_allclose(percent, expected, rtol=1e-8, atol=1e-10)

    @pytest.mark.parametrize("width", [0.0, -1.0, np.nan, np.inf])
    def test_refuses_a_width_that_is_no_width(self, width: float) -> None:
        with pytest.raises(InvalidLength, match=r"width is .*, must be a finite number > 0"):
            bollinger(np.ones(9), 3, width)


class TestKeltner:
    def test_is_the_ema_of_the_close_and_two_atr(self, short: Bars) -> None:
        # StockCharts ChartSchool, "Keltner Channels": EMA(20) of the close, 2 x ATR(10).
        middle = reference.ema(short.close, 20)
        reach = 2 * reference.atr(*columns(short), 10)
        values = compute("keltner", short)
        np.testing.assert_allclose(values["lower"], middle - reach, rtol=1e-11)
        np.testing.assert_allclose(values["middle"], middle, rtol=1e-11)
        np.testing.assert_allclose(values["upper"], middle + reach, rtol=1e-11)


class TestDonchian:
    @pytest.mark.parametrize("period", [1, 2, 20])
    def test_includes_the_current_bar(self, short: Bars, period: int) -> None:
        lower, upper = donchian(short.high, short.low, period)
        expected_low = reference.of_windows(np.min, short.low, period)
        np.testing.assert_array_equal(lower, expected_low)
        np.testing.assert_array_equal(upper, reference.of_windows(np.max, short.high, period))


class TestZScore:
    def test_uses_the_sample_deviation(self) -> None:
        # 2, 4, 4, 4, 5, 5, 7, 9: mean 5, sum of squares 32, over 7.
        close = np.array([2.0, 4, 4, 4, 5, 5, 7, 9])
        assert z_score(close, 8)[-1] == pytest.approx(4 / (32 / 7) ** 0.5, rel=1e-12)


class TestRealisedVolatility:
    def test_is_the_sample_deviation_of_log_returns(self, short: Bars) -> None:
        returns = np.diff(np.log(short.close))
        expected = reference.of_windows(lambda window: window.std(ddof=1), returns, 24)
        values = realised_volatility(short.close, 24, 8_760)
        assert np.isnan(values[:24]).all()
        np.testing.assert_allclose(values[1:], expected * 8_760**0.5, rtol=1e-9)

    def test_of_two_returns_by_hand(self) -> None:
        # Returns ln 2 and -ln 2: mean 0, variance 2 ln(2)^2 / 1; four periods a year double it.
        values = realised_volatility(np.array([1.0, 2.0, 1.0]), 2, 4)
        np.testing.assert_allclose(values[2], 2 * 2**0.5 * np.log(2), rtol=1e-14)

    def test_refuses_a_price_without_a_logarithm(self) -> None:
        with pytest.raises(InvalidColumn, match=r"close is 0\.0 at row 1, must be > 0"):
            realised_volatility(np.array([1.0, 0.0, 2.0, 3.0]), 2, 365)


class TestVolatilityPercentile:
    def test_counts_earlier_volatilities_below(self, short: Bars) -> None:
        volatility = realised_volatility(short.close, 20, 1.0)

        def below(window: Floats) -> float:
            return 100 * float(np.mean(window[:-1] < window[-1]))

        values = compute("volatility_percentile", short, window=20, lookback=100)
        expected = reference.of_windows(below, volatility[20:], 101)
        np.testing.assert_allclose(values["volatility_percentile"][20:], expected, rtol=1e-12)
