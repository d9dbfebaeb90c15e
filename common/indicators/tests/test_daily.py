"""Indicators of whole UTC days, by hand and bar by bar."""

import numpy as np

from common.domain.bars import Bars
from common.domain.timeframe import Timeframe
from common.indicators.technical import compute

HOUR_NS = 3_600 * 10**9
DAY_NS = 24 * HOUR_NS


def bars_at(
    hours: list[int],
    prices: list[float],
    volume: list[float] | None = None,
    timeframe: Timeframe = Timeframe.H12,
) -> Bars:
    """Build bars without a range at some hours since 1970."""
    price = np.array(prices, np.float64)
    traded = np.ones(len(price)) if volume is None else np.array(volume, np.float64)
    return Bars(timeframe, np.array(hours, np.int64) * HOUR_NS, price, price, price, price, traded)


class TestVwap:
    def test_starts_anew_at_midnight_utc(self) -> None:
        bars = bars_at([0, 12, 24, 36], [10, 40, 100, 200], [2, 1, 1, 3])
        np.testing.assert_allclose(compute("vwap", bars)["vwap"], [10, 20, 100, 175], rtol=1e-15)

    def test_is_nan_in_a_first_day_that_history_cuts(self) -> None:
        bars = bars_at([12, 24, 36], [40, 100, 200])
        np.testing.assert_allclose(compute("vwap", bars)["vwap"], [np.nan, 100, 150])

    def test_is_nan_until_the_days_first_trade(self) -> None:
        bars = bars_at([0, 12, 24, 36], [10, 40, 100, 200], [1, 1, 0, 5])
        np.testing.assert_allclose(compute("vwap", bars)["vwap"], [10, 25, np.nan, 200])

    def test_of_real_days_is_the_sum_written_out(self, short: Bars) -> None:
        typical = (short.high + short.low + short.close) / 3
        expected = np.full(len(short), np.nan)
        known, money, traded = False, 0.0, 0.0
        for row, opened in enumerate(short.open_ns):
            if opened % DAY_NS == 0:
                known, money, traded = True, 0.0, 0.0
            if known:
                money += typical[row] * short.volume[row]
                traded += short.volume[row]
                expected[row] = money / traded
        assert np.isnan(expected).any()
        np.testing.assert_allclose(compute("vwap", short)["vwap"], expected, rtol=1e-12)


class TestPivots:
    def test_are_the_floor_traders_from_the_day_before(self) -> None:
        # High 120, low 90, close 105: pivot 105, range 30.
        bars = bars_at([0, 8, 16, 24], [120, 90, 105, 1], timeframe=Timeframe.H8)
        values = {name: column[3] for name, column in compute("pivots", bars).items()}
        assert values == {
            "pivot": 105,
            "r1": 120,
            "r2": 135,
            "r3": 150,
            "s1": 90,
            "s2": 75,
            "s3": 60,
        }
        assert np.isnan(compute("pivots", bars)["pivot"][:3]).all()

    def test_with_a_lopsided_day_tell_supports_from_resistances(self) -> None:
        # High 110, low 80, close 104: pivot 98, range 30.
        bars = bars_at([0, 8, 16, 24], [110, 80, 104, 1], timeframe=Timeframe.H8)
        values = [column[3] for column in compute("pivots", bars).values()]
        assert values == [98, 116, 128, 146, 86, 68, 56]

    def test_stand_all_day_and_ignore_the_day_itself(self, short: Bars) -> None:
        values = compute("pivots", short)["pivot"]
        days = short.open_ns // DAY_NS
        for day in np.unique(days)[2:]:
            before = days == day - 1
            expected = (
                short.high[before].max() + short.low[before].min() + short.close[before][-1]
            ) / 3
            np.testing.assert_allclose(values[days == day], expected, rtol=1e-12)

    def test_wait_for_a_day_known_from_its_beginning(self) -> None:
        bars = bars_at([12, 24, 36, 48], [1, 10, 40, 7])
        np.testing.assert_allclose(compute("pivots", bars)["pivot"], [np.nan] * 3 + [30])

    def test_after_days_without_bars_use_the_last_day_there_was(self) -> None:
        bars = bars_at([0, 12, 96], [10, 40, 7])
        np.testing.assert_allclose(compute("pivots", bars)["pivot"], [np.nan, np.nan, 30])
