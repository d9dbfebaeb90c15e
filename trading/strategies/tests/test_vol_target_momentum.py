from math import log, sqrt

import numpy as np
import pytest

from common.domain.bars import Bars, Floats
from common.domain.timeframe import Timeframe
from common.indicators.technical import realised_volatility
from trading.strategies.library import vol_target_momentum
from trading.strategies.library.vol_target_momentum import VolTargetMomentum
from trading.strategies.parameters import Value
from trading.strategies.tests.market import make_bars, random_walk

NAN = float("nan")
STRATEGY = VolTargetMomentum()

# Two log returns of +ln 2 and -ln 2 have the deviation sqrt(2) ln 2; an hour's year has
# 8,760 bars.
SAWTOOTH_VOLATILITY = sqrt(2.0) * log(2.0) * sqrt(8_760.0)


def _targets(bars: Bars, **given: Value) -> Floats:
    short = {"lookback": 1, "vol_window": 2, "every": 2}
    return STRATEGY.targets(bars, STRATEGY.admit({**short, **given}))


class TestVolTargetMomentum:
    def test_is_long_after_a_rise_by_the_ratio_of_volatilities(self) -> None:
        # The first bar is the second of the grid, so that bars 1 and 3 decide.
        targets = _targets(make_bars([1, 2, 1, 2, 1], first=1))

        expected = [NAN, NAN, NAN, 0.5 / SAWTOOTH_VOLATILITY, NAN]
        np.testing.assert_allclose(targets, expected, rtol=1e-12)

    def test_is_flat_after_a_fall_and_short_where_that_is_allowed(self) -> None:
        bars = make_bars([1, 2, 1, 2, 1])

        np.testing.assert_array_equal(_targets(bars), [NAN, NAN, 0, NAN, 0])
        short = -0.5 / SAWTOOTH_VOLATILITY
        np.testing.assert_allclose(
            _targets(bars, allow_short=True), [NAN, NAN, short, NAN, short], rtol=1e-12
        )

    def test_never_holds_more_than_everything(self) -> None:
        # Log returns ln 1.01 and 0: deviation ln 1.01 / sqrt(2), 0.6586 a year.
        bars = make_bars([100, 101, 101])
        volatility = log(1.01) / sqrt(2.0) * sqrt(8_760.0)

        assert _targets(bars, lookback=2, target_vol=0.66)[2] == 1.0
        assert _targets(bars, lookback=2, target_vol=0.5)[2] == pytest.approx(
            0.5 / volatility, rel=1e-12
        )

    def test_holds_nothing_where_nothing_moved(self) -> None:
        # The return over six bars is positive, the last two log returns are zero.
        closes = [1.1, 1.7, 1.3, 1.9, 2.3, 2.3, 2.3]

        assert _targets(make_bars(closes), lookback=6, allow_short=True)[6] == 0.0

    def test_holds_nothing_without_a_return(self) -> None:
        assert _targets(make_bars([1, 2, 1]), lookback=2, allow_short=True)[2] == 0.0

    def test_counts_the_grid_in_time_over_a_missing_bar(self) -> None:
        bars = make_bars([1, 2, 1, 2, 1, 2, 1])
        kept = [0, 1, 2, 4, 5, 6]
        names = ("open_ns", "open", "high", "low", "close", "volume")
        holed = Bars(bars.timeframe, *(getattr(bars, name)[kept] for name in names))

        assert np.isnan(_targets(holed)).tolist() == [True, True, False, False, True, False]

    def test_knows_the_length_of_the_year_in_bars(self) -> None:
        days = make_bars([1, 2, 1, 2], first=1, timeframe=Timeframe.D1)

        expected = 0.5 / (sqrt(2.0) * log(2.0) * sqrt(365.0))
        assert _targets(days)[3] == pytest.approx(expected, rel=1e-12)

    def test_is_nan_until_the_longer_window_is_full(self) -> None:
        bars = random_walk(3, 60)

        for lookback, window in ((20, 10), (10, 20)):
            targets = _targets(bars, lookback=lookback, vol_window=window, every=1)
            assert np.isnan(targets).tolist() == [row < 20 for row in range(60)]

    def test_scales_by_the_platforms_own_indicator(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # Several blocks of deciding bars, so that their seams are tried too.
        monkeypatch.setattr(vol_target_momentum, "_BLOCK_RETURNS", 1_000)
        bars = random_walk(4, 3_000)

        targets = _targets(bars, vol_window=96, every=5, allow_short=True, target_vol=0.01)

        volatility = realised_volatility(bars.close, 96, 8_760.0)
        rows = ~np.isnan(targets)
        assert rows.sum() == 580
        np.testing.assert_allclose(np.abs(targets)[rows], 0.01 / volatility[rows], rtol=1e-12)

    def test_has_the_defaults_of_its_documentation(self) -> None:
        assert STRATEGY.admit({}) == {
            "lookback": 48,
            "vol_window": 96,
            "target_vol": 0.5,
            "every": 24,
            "allow_short": False,
        }

    def test_asks_for_the_longer_window(self) -> None:
        assert STRATEGY.warm_up(STRATEGY.admit({})) == 96
        assert STRATEGY.warm_up(STRATEGY.admit({"lookback": 100})) == 100
