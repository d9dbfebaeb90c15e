"""Leaks that must be found, honest strategies that must pass, and silence that proves nothing."""

import numpy as np
import pytest

from common.domain.bars import Bars, Floats
from common.domain.errors import InvalidInput
from common.indicators.technical import sma
from research.validation.exceptions import NotComputable
from research.validation.lookahead import column_lookahead, look_ahead_test, warm_up_test
from research.validation.tests.planted import Hasty, NextClose, SeldomNextClose, Silent
from trading.strategies.base import Strategy
from trading.strategies.library.sma_cross import SmaCross
from trading.strategies.tests.market import make_bars, random_walk

BARS = random_walk(3, 1_500)


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def columns(bars: Bars) -> dict[str, Floats]:
    return {
        "honest": sma(bars.close, 10),
        "ahead": np.append(bars.close[1:], np.nan),
        "scaled": bars.close / bars.close.max(),
    }


class TestLookAheadTest:
    @pytest.mark.parametrize("planted", [NextClose(), SeldomNextClose()])
    @pytest.mark.parametrize("seed", range(5))
    def test_catches_a_leak_of_one_bar(self, planted: Strategy, seed: int) -> None:
        bars = random_walk(seed, 1_500)

        found = look_ahead_test(planted, bars, {}, rng=rng())

        assert not found.passed
        assert found.targets is not None
        assert found.targets.whole != found.targets.part

    def test_passes_a_strategy_that_looks_back(self) -> None:
        strategy = SmaCross()

        found = look_ahead_test(strategy, BARS, strategy.admit({}), rng=rng())

        assert found.passed
        assert found.n_changes > 10
        assert found.n_cuts > 50

    def test_names_the_columns_that_look_ahead(self) -> None:
        strategy = SmaCross()

        found = look_ahead_test(strategy, BARS, strategy.admit({}), rng=rng(), indicators=columns)

        assert found.targets is None
        assert not found.passed
        assert [column.column for column in found.columns] == ["ahead", "scaled"]

    def test_concludes_nothing_from_silence(self) -> None:
        with pytest.raises(NotComputable, match="next_close wants no position on any of the 1500"):
            look_ahead_test(Silent(), BARS, {}, rng=rng())


class TestColumnLookahead:
    def test_says_which_bar_and_what_it_was(self) -> None:
        bars = make_bars([1, 2, 3, 4, 5])

        ahead, scaled = column_lookahead(columns, bars, cuts=[4, 2, 3])

        assert (ahead.column, ahead.row, ahead.whole, ahead.last) == ("ahead", 1, 3.0, 2)
        assert np.isnan(ahead.part)
        assert (scaled.row, scaled.whole, scaled.part, scaled.last) == (0, 0.2, 0.25, 4)
        assert str(ahead) == "column ahead at bar 1 is 3.0 with all bars, nan with bars 0 to 1"

    def test_takes_a_column_that_vanishes_as_a_leak(self) -> None:
        def late(bars: Bars) -> dict[str, Floats]:
            return {"late": bars.close} if len(bars) > 3 else {}

        (found,) = column_lookahead(late, make_bars([1, 2, 3, 4]), cuts=[2])

        assert (found.column, found.row, found.last) == ("late", 0, 2)

    def test_refuses_a_column_of_another_length(self) -> None:
        with pytest.raises(InvalidInput, match=r"column x has shape \(1,\), must be \(3,\)"):
            column_lookahead(lambda bars: {"x": np.zeros(1)}, make_bars([1, 2, 3]), cuts=[2])


class TestWarmUpTest:
    def test_catches_a_warm_up_that_is_one_bar_short(self) -> None:
        strategy = Hasty()

        found = warm_up_test(strategy, BARS, strategy.admit({}), rng=rng())

        assert not found.passed
        assert found.targets is not None

    def test_passes_the_warm_up_that_is_needed(self) -> None:
        strategy = SmaCross()

        found = warm_up_test(strategy, BARS, strategy.admit({}), rng=rng())

        assert found.passed
        assert found.n_starts > 40

    def test_concludes_nothing_from_too_few_bars(self) -> None:
        strategy = SmaCross()

        with pytest.raises(NotComputable, match="is 49 bars, there are 50: at least 51 needed"):
            warm_up_test(strategy, BARS.rows(0, 50), strategy.admit({}), rng=rng())

        assert warm_up_test(strategy, BARS.rows(0, 51), strategy.admit({}), rng=rng()).passed
