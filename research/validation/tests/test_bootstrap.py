"""Bootstrapped returns and shuffled trades: what they keep, what they vary, what they reject."""

from itertools import permutations

import numpy as np
import pytest

from common.domain.bars import Floats
from common.domain.errors import InvalidArgument, InvalidInput
from research.validation.bootstrap import bootstrap, max_drawdown, total_return
from research.validation.distribution import Distribution
from research.validation.exceptions import NotComputable, TooFewPeriods
from research.validation.resampling import Scheme
from research.validation.trade_shuffle import shuffled_drawdowns


def noise(seed: int, mean: float = 0.0) -> Floats:
    return np.random.default_rng(seed).normal(mean, 0.01, 500)


class TestDistribution:
    def test_has_p_values_that_are_never_zero(self) -> None:
        found = Distribution(np.arange(99, dtype=np.float64))

        assert found.share_at_least(1_000.0) == 0.01
        assert found.share_at_least(98.0) == 0.02
        assert found.share_at_least(-1.0) == 1.0

    @pytest.mark.parametrize("level", [-0.1, 1.1, float("nan")])
    def test_refuses_a_level_out_of_range(self, level: float) -> None:
        with pytest.raises(InvalidArgument, match="the level is"):
            Distribution(np.zeros(3)).quantile(level)

    def test_refuses_values_that_are_not_finite(self) -> None:
        with pytest.raises(InvalidInput, match="values of the statistic at row 1"):
            Distribution(np.array([0.0, np.nan]))

    def test_refuses_to_be_empty(self) -> None:
        with pytest.raises(TooFewPeriods, match="is 0, at least 1"):
            Distribution(np.empty(0))


class TestBootstrap:
    @pytest.mark.parametrize("scheme", Scheme)
    def test_has_the_mean_and_the_error_of_the_mean(self, scheme: Scheme) -> None:
        returns = noise(1, 0.001)

        found = bootstrap(
            returns, lambda r: float(r.mean()), rng=np.random.default_rng(1), scheme=scheme
        )

        error = returns.std() / np.sqrt(500)
        assert found.values.mean() == pytest.approx(returns.mean(), abs=error / 5)
        assert found.values.std() == pytest.approx(error, rel=0.25)

    def test_widens_where_returns_follow_one_another(self) -> None:
        shocks = noise(2)
        trending = np.convolve(shocks, np.full(10, 0.1 * np.sqrt(10)), mode="same")

        blocks, single = (
            bootstrap(trending, total_return, rng=np.random.default_rng(2), block=block)
            for block in (None, 1.0)
        )

        assert blocks.values.std() > 1.8 * single.values.std()

    def test_keeps_an_edge_and_rejects_noise(self) -> None:
        edge = bootstrap(noise(3, 0.002), total_return, rng=np.random.default_rng(3))
        worthless = [
            bootstrap(noise(seed), total_return, rng=np.random.default_rng(seed), n_paths=100)
            for seed in range(100, 160)
        ]

        assert edge.quantile(0.05) > 0
        # One in twenty of the worthless is expected to pass: three, with a deviation of 1.7.
        assert sum(found.quantile(0.05) > 0 for found in worthless) <= 7

    def test_repeats_itself_under_a_seed(self) -> None:
        first, again = (
            bootstrap(noise(4), max_drawdown, rng=np.random.default_rng(5), n_paths=20)
            for _ in range(2)
        )

        assert first.values.tolist() == again.values.tolist()

    def test_draws_more_paths_without_changing_the_first(self) -> None:
        few, more = (
            bootstrap(noise(4), total_return, rng=np.random.default_rng(5), n_paths=count)
            for count in (10, 30)
        )

        assert more.values[:10].tolist() == few.values.tolist()

    def test_refuses_to_draw_nothing(self) -> None:
        with pytest.raises(InvalidArgument, match="n_paths is 0"):
            bootstrap(noise(1), total_return, rng=np.random.default_rng(1), n_paths=0)

    def test_refuses_a_return_that_is_not_finite(self) -> None:
        with pytest.raises(InvalidInput, match="returns at row 0 are not finite"):
            bootstrap(np.full(20, np.nan), total_return, rng=np.random.default_rng(1))


class TestMaxDrawdown:
    def test_begins_at_the_start(self) -> None:
        assert max_drawdown(np.array([-0.2, 0.5])) == pytest.approx(0.2)

    def test_is_zero_where_nothing_falls(self) -> None:
        assert max_drawdown(np.array([0.1, 0.0])) == 0.0


class TestShuffledDrawdowns:
    def test_are_those_of_all_orders(self) -> None:
        returns = np.array([0.1, -0.2, 0.3, -0.05])

        found = shuffled_drawdowns(returns, rng=np.random.default_rng(1), n_paths=4_000)

        possible = [max_drawdown(np.array(order)) for order in permutations(returns.tolist())]
        assert (
            np.unique(found.values.round(12)).tolist()
            == np.unique(np.round(possible, 12)).tolist()
        )
        assert found.values.mean() == pytest.approx(np.mean(possible), rel=0.02)

    def test_show_that_gains_and_losses_in_turn_were_luck(self) -> None:
        returns = np.tile([0.02, -0.02], 100)

        found = shuffled_drawdowns(returns, rng=np.random.default_rng(2))

        assert max_drawdown(returns) < found.quantile(0.01)

    def test_refuse_a_single_round_trip(self) -> None:
        with pytest.raises(TooFewPeriods, match="the number of round trips is 1"):
            shuffled_drawdowns(np.array([0.1]), rng=np.random.default_rng(1))

    def test_refuse_the_loss_of_everything(self) -> None:
        with pytest.raises(NotComputable, match=r"round trip 1 returned -1\.0"):
            shuffled_drawdowns(np.array([0.1, -1.0]), rng=np.random.default_rng(1))

    def test_refuse_to_draw_nothing(self) -> None:
        with pytest.raises(InvalidArgument, match="n_paths is 0"):
            shuffled_drawdowns(np.array([0.1, 0.2]), rng=np.random.default_rng(1), n_paths=0)
