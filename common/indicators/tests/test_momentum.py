"""Oscillators against published tables and the formulas written out."""

import numpy as np
import pytest
import talib

from common.domain.bars import Bars, Floats
from common.indicators.columns import InvalidLength
from common.indicators.technical import compute, rsi
from common.indicators.tests import reference

# StockCharts ChartSchool, "Relative Strength Index", worked table of QQQQ, RSI(14).
CLOSES = np.array([
    44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433,
    46.0826, 45.8931, 46.0328, 45.6140, 46.2820, 46.2820, 46.0028, 46.0328, 46.4116,
    46.2222, 45.6439, 46.2122, 46.2521, 45.7137, 46.4515, 45.7835, 45.3548, 44.0288,
    44.1783, 44.2181, 44.5672, 43.4205, 42.6628, 43.1314,
])  # fmt: skip
RSI_14 = [
    70.53, 66.32, 66.55, 69.41, 66.36, 57.97, 62.93, 63.26, 56.06, 62.38,
    54.71, 50.42, 39.99, 41.46, 41.87, 45.46, 37.30, 33.08, 37.77,
]  # fmt: skip


def place(bars: Bars, period: int) -> tuple[Floats, Floats]:
    low = reference.of_windows(np.min, bars.low, period)
    high = reference.of_windows(np.max, bars.high, period)
    return low, high


class TestRsi:
    def test_gives_the_published_table(self) -> None:
        values = rsi(CLOSES, 14)
        assert np.isnan(values[:14]).all()
        np.testing.assert_allclose(values[14:], RSI_14, atol=0.011)

    def test_is_wilders_recursion_written_out(self, short: Bars) -> None:
        np.testing.assert_allclose(rsi(short.close, 9), reference.rsi(short.close, 9), rtol=1e-11)

    def test_is_100_in_a_rise_and_0_in_a_fall(self) -> None:
        rise = np.array(range(1, 40), np.float64)
        assert rsi(rise, 14)[-1] == 100
        assert rsi(rise[::-1], 14)[-1] == 0

    def test_refuses_a_period_below_two(self) -> None:
        with pytest.raises(InvalidLength, match="period is 1, must be a whole number >= 2"):
            rsi(CLOSES, 1)


class TestStochastic:
    def test_smooths_the_place_in_the_range_twice(self, short: Bars) -> None:
        low, high = place(short, 14)
        raw = 100 * (short.close - low) / (high - low)
        slow = reference.of_windows(np.mean, raw, 3)
        expected = reference.of_windows(np.mean, slow, 4)
        values = compute("stochastic", short, d_period=4)
        np.testing.assert_allclose(values["d"], expected, rtol=1e-9)
        # TA-Lib holds k back until d is warm.
        np.testing.assert_allclose(values["k"][18:], slow[18:], rtol=1e-9)


class TestWilliamsR:
    def test_is_the_place_below_the_high(self, short: Bars) -> None:
        low, high = place(short, 10)
        expected = -100 * (high - short.close) / (high - low)
        values = compute("williams_r", short, period=10)["williams_r"]
        np.testing.assert_allclose(values, expected, rtol=1e-11, atol=1e-10)


class TestStochasticRsi:
    def test_is_the_place_of_the_rsi_in_its_range(self, short: Bars) -> None:
        strength = reference.rsi(short.close, 14)
        low = reference.of_windows(np.min, strength, 10)
        high = reference.of_windows(np.max, strength, 10)
        k = 100 * (strength - low) / (high - low)
        values = compute("stochastic_rsi", short, k_period=10)
        np.testing.assert_allclose(values["k"], k, rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(
            values["d"], reference.of_windows(np.mean, k, 3), rtol=1e-8, atol=1e-8
        )

    def test_agrees_with_talib_where_both_are_warm(self, hourly: Bars) -> None:
        k, d = talib.STOCHRSI(hourly.close, timeperiod=14, fastk_period=14, fastd_period=3)
        values = compute("stochastic_rsi", hourly)
        np.testing.assert_allclose(values["k"][29:], k[29:], atol=1e-8)
        np.testing.assert_allclose(values["d"][29:], d[29:], atol=1e-8)


class TestMacd:
    def test_starts_both_averages_at_the_same_bar(self, short: Bars) -> None:
        close = short.close
        fast = reference.ema(close[26 - 12 :], 12)
        fast = np.concatenate([np.full(26 - 12, np.nan), fast])
        line = fast - reference.ema(close, 26)
        signal = reference.ema(line, 9)
        values = compute("macd", short)
        np.testing.assert_allclose(values["signal"], signal, atol=1e-9)
        np.testing.assert_allclose(values["macd"][33:], line[33:], atol=1e-9)
        np.testing.assert_allclose(values["histogram"], line - signal, atol=1e-9)

    @pytest.mark.parametrize(("fast", "slow"), [(26, 12), (12, 12)])
    def test_refuses_a_fast_average_that_is_not_faster(
        self, short: Bars, fast: int, slow: int
    ) -> None:
        with pytest.raises(InvalidLength, match=f"fast is {fast}, must be below slow"):
            compute("macd", short, fast=fast, slow=slow)


class TestCci:
    def test_divides_by_the_mean_absolute_deviation(self, short: Bars) -> None:
        typical = (short.high + short.low + short.close) / 3

        def index(window: Floats) -> float:
            deviation = np.mean(np.abs(window - window.mean()))
            return float((window[-1] - window.mean()) / (0.015 * deviation))

        values = compute("cci", short)["cci"]
        np.testing.assert_allclose(values, reference.of_windows(index, typical, 20), rtol=1e-8)

    def test_agrees_with_talib(self, hourly: Bars) -> None:
        values = compute("cci", hourly, period=14)["cci"]
        expected = talib.CCI(hourly.high, hourly.low, hourly.close, timeperiod=14)
        np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-9)


class TestRoc:
    def test_compares_with_the_close_period_bars_ago(self, short: Bars) -> None:
        values = compute("roc", short, period=7)["roc"]
        expected = 100 * (short.close[7:] / short.close[:-7] - 1)
        assert np.isnan(values[:7]).all()
        np.testing.assert_allclose(values[7:], expected, atol=1e-11)


class TestTsi:
    def test_is_blaus_twice_smoothed_momentum(self, short: Bars) -> None:
        change = reference.changes(short.close)

        def twice(values: Floats) -> Floats:
            return reference.ema(reference.ema(values, 25), 13)

        expected = 100 * twice(change) / twice(np.abs(change))
        np.testing.assert_allclose(compute("tsi", short)["tsi"], expected, atol=1e-9)
