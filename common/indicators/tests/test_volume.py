"""Volume indicators against the formulas written out."""

import numpy as np
import pytest
import talib

from common.domain.bars import Bars, Floats
from common.indicators.technical import compute
from common.indicators.tests import reference


def place(bars: Bars) -> Floats:
    span = bars.high - bars.low
    inside = (bars.close - bars.low) - (bars.high - bars.close)
    return np.array([i / s if s else 0.0 for i, s in zip(inside, span, strict=True)])


def dried_up(bars: Bars, since: int) -> Bars:
    """Copy bars in which trading stops at a row."""
    volume = bars.volume.copy()
    volume[since:] = 0
    return Bars(bars.timeframe, bars.open_ns, bars.open, bars.high, bars.low, bars.close, volume)


class TestObv:
    def test_begins_with_the_first_volume(self, short: Bars) -> None:
        # Granville 1963; charts that begin with 0 differ by the first bar's volume.
        expected = [short.volume[0]]
        for row in range(1, len(short)):
            sign = np.sign(short.close[row] - short.close[row - 1])
            expected.append(expected[-1] + sign * short.volume[row])
        np.testing.assert_allclose(compute("obv", short)["obv"], expected, rtol=1e-9)


class TestAccumulationDistribution:
    def test_sums_volume_by_the_place_of_the_close(self, short: Bars) -> None:
        expected = np.cumsum(place(short) * short.volume)
        np.testing.assert_allclose(compute("ad", short)["ad"], expected, rtol=1e-9, atol=1e-6)


class TestMfi:
    def test_compares_the_flow_of_rises_and_falls(self, short: Bars) -> None:
        # Quong and Soudack 1989; a bar whose typical price stands still counts on neither side.
        typical = (short.high + short.low + short.close) / 3
        flow = typical * short.volume
        change = reference.changes(typical)
        gain = reference.of_windows(np.sum, np.where(change > 0, flow, 0)[1:], 14)
        loss = reference.of_windows(np.sum, np.where(change < 0, flow, 0)[1:], 14)
        values = compute("mfi", short)["mfi"]
        assert np.isnan(values[:14]).all()
        np.testing.assert_allclose(values[1:], 100 * gain / (gain + loss), rtol=1e-9)


class TestCmf:
    @pytest.mark.parametrize("period", [1, 20])
    def test_is_flow_over_volume(self, short: Bars, period: int) -> None:
        flow = reference.of_windows(np.sum, place(short) * short.volume, period)
        traded = reference.of_windows(np.sum, short.volume, period)
        traded[traded == 0] = np.nan
        expected = flow / traded
        values = compute("cmf", short, period=period)["cmf"]
        np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-12)

    def test_agrees_with_talib_while_there_is_trading(self, hourly: Bars) -> None:
        expected = talib.CMF(hourly.high, hourly.low, hourly.close, hourly.volume, timeperiod=20)
        np.testing.assert_allclose(compute("cmf", hourly)["cmf"], expected, rtol=1e-9, atol=1e-12)

    def test_is_nan_and_mfi_0_once_a_whole_window_is_without_trading(self, hourly: Bars) -> None:
        bars = dried_up(hourly.rows(0, 400), 300)
        cmf = compute("cmf", bars)["cmf"]
        assert np.isfinite(cmf[19:319]).all()
        assert np.isnan(cmf[319:]).all()
        assert (compute("mfi", bars)["mfi"][314:] == 0).all()
