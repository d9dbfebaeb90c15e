"""What walk-forward keeps of an edge, of noise, and of a fit to the past."""

import numpy as np
import pytest

from common.domain.bars import Floats
from common.domain.errors import InvalidInput
from research.validation.exceptions import NotComputable
from research.validation.splits import Window, walk_forward_windows
from research.validation.walk_forward import Choice, Outcome, WalkForward, walk_forward
from trading.strategies.parameters import Params

WINDOW = Window(train=range(4), test=range(4, 6))


class BestColumn:
    """Takes the column of a matrix of returns that earned most, and remembers what it was asked."""

    def __init__(self, returns: Floats) -> None:
        self.returns = returns
        self.asked: list[tuple[str, range]] = []

    def choose(self, train: range) -> Choice:
        self.asked.append(("choose", train))
        rows = self.returns[train.start : train.stop]
        best = int(rows.sum(axis=0).argmax())
        return Choice(params={"column": best}, returns=rows[:, best])

    def evaluate(self, params: Params, test: range) -> Floats:
        self.asked.append(("evaluate", test))
        return self.returns[test.start : test.stop, int(params["column"])]


def walked(returns: Floats) -> WalkForward:
    windows = walk_forward_windows(len(returns), n_windows=10, train_bars=400, purge=5)
    return walk_forward(windows, BestColumn(returns))


def noise(seed: int, columns: int = 50) -> Floats:
    return np.random.default_rng(seed).normal(0.0, 0.01, (2_000, columns))


class Fixed:
    def __init__(self, train: list[float], test: list[float]) -> None:
        self.train, self.test = np.array(train), np.array(test)

    def choose(self, train: range) -> Choice:
        return Choice(params={}, returns=self.train)

    def evaluate(self, params: Params, test: range) -> Floats:
        return self.test


class TestWalkForward:
    def test_asks_once_per_window_in_the_order_of_time(self) -> None:
        experiment = BestColumn(noise(1))
        windows = walk_forward_windows(2_000, n_windows=3, train_bars=500)

        walk_forward(windows, experiment)

        assert experiment.asked == [
            entry
            for window in windows
            for entry in (("choose", window.train), ("evaluate", window.test))
        ]

    def test_joins_the_tests_of_what_was_chosen(self) -> None:
        returns = noise(2, 3)

        found = walked(returns)

        expected = [
            returns[row, int(outcome.params["column"])]
            for outcome in found.outcomes
            for row in outcome.window.test
        ]
        assert found.out_of_sample.tolist() == expected
        assert len(expected) == 1_595

    def test_keeps_an_edge(self) -> None:
        returns = noise(3)
        returns[:, 7] += 0.003

        found = walked(returns)

        assert {outcome.params["column"] for outcome in found.outcomes} == {7}
        assert found.efficiency() > 0.7
        assert found.positive_share == 1.0

    def test_leaves_little_of_noise(self) -> None:
        found = [walked(noise(seed)).efficiency() for seed in range(4, 24)]

        assert abs(np.mean(found)) < 0.15
        assert sum(value >= 0.5 for value in found) <= 1

    def test_shows_a_loss_where_the_past_turns_around(self) -> None:
        rows = np.arange(2_000)
        # Every regime lasts as long as train and test differ: winners become losers.
        up = np.where((rows // 400) % 2 == 0, 0.002, -0.002)[:, None]
        returns = noise(5, 2) * 0.1 + np.hstack([up, -up])
        windows = walk_forward_windows(2_000, n_windows=4, train_bars=400)

        found = walk_forward(windows, BestColumn(returns))

        assert found.efficiency() < -0.9
        assert found.positive_share == 0.0

    def test_compounds_within_a_window(self) -> None:
        outcome = Outcome(window=WINDOW, params={}, train=np.zeros(4), test=np.array([0.5, -0.5]))

        assert outcome.test_return == pytest.approx(-0.25)

    def test_weighs_windows_by_their_bars(self) -> None:
        grown = np.log([1.1, 1.0, 1.0, 1.0]), np.log([1.0, 1.05])
        found = walk_forward([WINDOW], Fixed(*(np.expm1(part).tolist() for part in grown)))

        assert found.efficiency() == pytest.approx(
            (np.log(1.05) / 2) / (np.log(1.1) / 4), rel=1e-12
        )

    def test_has_no_efficiency_where_the_choice_lost_already(self) -> None:
        found = walk_forward([WINDOW], Fixed([-0.1, 0, 0, 0], [0.1, 0.1]))

        with pytest.raises(NotComputable, match=r"growth on the trains is -0\.0263 a bar"):
            found.efficiency()

    def test_counts_a_test_that_earned_nothing_as_not_positive(self) -> None:
        assert walk_forward([WINDOW], Fixed([0.1] * 4, [0.0, 0.0])).positive_share == 0.0


class TestRefusals:
    def test_of_returns_that_do_not_fit(self) -> None:
        with pytest.raises(InvalidInput, match=r"3 returns for 2 bars, range\(4, 6\)"):
            walk_forward([WINDOW], Fixed([0.0] * 4, [0.0] * 3))

    def test_of_a_return_that_is_not_finite(self) -> None:
        with pytest.raises(InvalidInput, match="returns at row 1 are not finite"):
            walk_forward([WINDOW], Fixed([0.0] * 4, [0.0, float("nan")]))

    def test_of_the_loss_of_everything(self) -> None:
        with pytest.raises(NotComputable, match=r"the return at bar 5 is -1\.0"):
            walk_forward([WINDOW], Fixed([0.0] * 4, [0.0, -1.0]))

    def test_of_no_window(self) -> None:
        with pytest.raises(InvalidInput, match="has no window"):
            walk_forward([], Fixed([], []))
