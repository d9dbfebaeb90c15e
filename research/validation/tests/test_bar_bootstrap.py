"""Bars drawn anew are bars, made of moves that happened."""

from dataclasses import replace

import numpy as np
import pytest

from common.domain.bars import Bars
from common.domain.errors import InvalidInput
from research.validation.bar_bootstrap import resampled_bars
from research.validation.exceptions import TooFewPeriods
from research.validation.resampling import Scheme
from trading.strategies.tests.market import random_walk


def gapping_bars() -> Bars:
    """Return bars that open away from the close before and often close at their high or low.

    Their prices lie around exp(8), where the rounding of a logarithm changes.
    """
    rng = np.random.default_rng(8)
    plain = random_walk(1, 2_000)
    plain = replace(plain, close=plain.close * np.exp(8.0) / np.median(plain.close))
    opens = np.append(plain.close[:1], plain.close[:-1]) * np.exp(rng.normal(0.0, 0.005, 2_000))
    reach = np.where(rng.random((2, 2_000)) < 0.5, 1.0, rng.uniform(1.0, 1.01, (2, 2_000)))
    return replace(
        plain,
        open=opens,
        high=np.maximum(opens, plain.close) * reach[0],
        low=np.minimum(opens, plain.close) / reach[1],
    )


BARS = gapping_bars()


def shapes(bars: Bars) -> set[tuple[float, ...]]:
    """Return what each bar but the first is relative to the close before, and its volume."""
    before = bars.close[:-1]
    columns = [getattr(bars, name)[1:] / before for name in ("open", "high", "low", "close")]
    rounded = np.round(np.column_stack([*columns, bars.volume[1:]]), 9)
    return {tuple(row) for row in rounded.tolist()}


class TestResampledBars:
    @pytest.mark.parametrize("scheme", Scheme)
    def test_have_moves_that_happened_on_the_same_times(self, scheme: Scheme) -> None:
        found = resampled_bars(BARS, rng=np.random.default_rng(1), scheme=scheme)

        assert found.open_ns.tolist() == BARS.open_ns.tolist()
        assert shapes(found) <= shapes(BARS)
        assert 500 < len(shapes(found)) < 1_900

    def test_are_consistent(self) -> None:
        for seed in range(20):
            found = resampled_bars(BARS, rng=np.random.default_rng(seed), block=7)

            assert (found.low <= np.minimum(found.open, found.close)).all()
            assert (found.high >= np.maximum(found.open, found.close)).all()
            assert (found.low > 0).all()

    def test_begin_with_the_first_bar(self) -> None:
        found = resampled_bars(BARS, rng=np.random.default_rng(2))

        for name in ("open", "high", "low", "close", "volume"):
            assert getattr(found, name)[0] == getattr(BARS, name)[0]

    def test_follow_one_another_within_a_block(self) -> None:
        found = resampled_bars(
            BARS, rng=np.random.default_rng(3), block=50, scheme=Scheme.CIRCULAR
        )

        place = {volume: row for row, volume in enumerate(BARS.volume[1:].tolist())}
        rows = np.array([place[volume] for volume in found.volume[1:].tolist()])
        steps = np.diff(rows) % 1_999
        assert np.count_nonzero(steps != 1) <= 39

    def test_repeat_themselves_under_a_seed(self) -> None:
        first, again, other = (
            resampled_bars(BARS, rng=np.random.default_rng(seed)) for seed in (4, 4, 5)
        )

        assert first.close.tobytes() == again.close.tobytes()
        assert first.close.tobytes() != other.close.tobytes()

    def test_keep_the_volatility(self) -> None:
        found = resampled_bars(BARS, rng=np.random.default_rng(6))

        drawn, own = (np.diff(np.log(bars.close)).std() for bars in (found, BARS))
        assert drawn == pytest.approx(own, rel=0.1)

    def test_lose_a_trend_that_returns_to_where_it_was(self) -> None:
        moves = np.concatenate([np.full(500, 0.002), np.full(500, -0.002)])
        close = 100 * np.exp(np.cumsum(moves))
        bars = Bars(BARS.timeframe, BARS.open_ns[:1_000], *(close.copy() for _ in range(5)))

        found = resampled_bars(bars, rng=np.random.default_rng(7), block=10)

        assert found.close.max() < 0.7 * close.max()

    def test_refuse_two_bars(self) -> None:
        with pytest.raises(TooFewPeriods, match="the number of bars is 2, at least 3"):
            resampled_bars(BARS.rows(0, 2), rng=np.random.default_rng(1), block=1)

    def test_refuse_a_price_of_nothing(self) -> None:
        low = BARS.low.copy()
        low[5] = 0.0

        with pytest.raises(InvalidInput, match=r"low at row 5 is 0\.0, must be positive"):
            resampled_bars(replace(BARS, low=low), rng=np.random.default_rng(1))
