"""Walk-forward: what is chosen on the past, looked at once on what came after."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from common.domain.bars import Floats
from common.domain.errors import InvalidInput
from research.validation.exceptions import NotComputable
from research.validation.samples import checked
from research.validation.splits import Window
from trading.strategies.parameters import Params


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Choice:
    """What a search settled on, seeing the train alone.

    Parameters
    ----------
    params
        The full set chosen.
    returns : ndarray of float64, shape (n_train,)
        What that set earned on each bar of the train, simple returns, fractions.
    """

    params: Params
    returns: Floats


class Experiment(Protocol):
    """A strategy and a market, as a walk-forward sees them."""

    def choose(self, train: range) -> Choice:
        """Return the best set of parameters on these bars; the test is not known to it."""

    def evaluate(self, params: Params, test: range) -> Floats:
        """Return what the set earns on each of these bars, simple returns, fractions."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Outcome:
    """One window: what was chosen, and what it earned before and after.

    Parameters
    ----------
    window
        Positions of the bars.
    params
        The set chosen on the train.
    train : ndarray of float64, shape (n_train,)
        Simple returns of that set on the train.
    test : ndarray of float64, shape (n_test,)
        Simple returns of that set on the test.
    """

    window: Window
    params: Params
    train: Floats
    test: Floats

    @property
    def test_return(self) -> float:
        """Total return on the test, a fraction."""
        return float(np.expm1(np.log1p(self.test).sum()))


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class WalkForward:
    """All windows of a walk-forward, in the order of time, at least one."""

    outcomes: tuple[Outcome, ...]

    @property
    def out_of_sample(self) -> Floats:
        """Returns of all tests joined, shape (n_tested_bars,), simple, fractions."""
        return np.concatenate([outcome.test for outcome in self.outcomes])

    @property
    def positive_share(self) -> float:
        """Share of windows whose test earned more than nothing, in [0, 1]."""
        return float(np.mean([outcome.test_return > 0.0 for outcome in self.outcomes]))

    def efficiency(self) -> float:
        """Return how much of the growth on the trains is left on the tests.

        Returns
        -------
        float
            Annual growth over all tests over annual growth over all trains: 1 keeps all of it,
            0 nothing, below 0 the tests lost.

        Raises
        ------
        NotComputable
            If the trains did not grow: what was chosen lost even where it was chosen.

        Notes
        -----
        Growth is ``sum(log(1 + r)) / n_bars``, which compounds and adds up over windows of any
        length; the number of bars in a year cancels. Compounded annual returns would not do: a
        month of 20 % is 790 % a year, and one such window would decide the ratio. Pardo, below,
        divides mean annual profits.

        References
        ----------
        R. Pardo, *The Evaluation and Optimization of Trading Strategies*, 2nd ed., 2008,
        ch. 11: walk-forward efficiency.

        Examples
        --------
        A train that doubles in four bars and a test that doubles in eight:

        >>> window = Window(train=range(0, 4), test=range(4, 12))
        >>> kept = Outcome(window=window, params={}, train=np.full(4, 2 ** 0.25 - 1),
        ...                test=np.full(8, 2 ** 0.125 - 1))
        >>> round(WalkForward(outcomes=(kept,)).efficiency(), 12)
        0.5
        """
        train = _growth(np.concatenate([outcome.train for outcome in self.outcomes]))
        if train <= 0.0:
            raise NotComputable(
                f"the growth on the trains is {train:.3g} a bar, must be positive to be kept"
            )
        return _growth(self.out_of_sample) / train


def walk_forward(windows: Iterable[Window], experiment: Experiment) -> WalkForward:
    """Choose on the train of every window and evaluate the choice once on its test.

    Parameters
    ----------
    windows
        In the order of time, as `walk_forward_windows` returns them.
    experiment
        Is asked twice for each window; to choose it is told the train and nothing else.

    Raises
    ------
    InvalidInput
        If there is no window, or returns do not fit their bars or are not finite.
    NotComputable
        If a return is -1 or less: after the loss of everything there is no growth.
    """
    outcomes = []
    for window in windows:
        choice = experiment.choose(window.train)
        test = experiment.evaluate(choice.params, window.test)
        outcomes.append(
            Outcome(
                window=window,
                params=choice.params,
                train=_fitting(choice.returns, window.train),
                test=_fitting(test, window.test),
            )
        )
    if not outcomes:
        raise InvalidInput("the walk-forward has no window")
    return WalkForward(outcomes=tuple(outcomes))


def _fitting(returns: Floats, bars: range) -> Floats:
    checked(returns, noun="returns")
    if len(returns) != len(bars):
        raise InvalidInput(f"there are {len(returns)} returns for {len(bars)} bars, {bars}")
    if returns.min() <= -1.0:
        row = bars[int(np.argmin(returns))]
        raise NotComputable(f"the return at bar {row} is {returns.min()}: everything was lost")
    return returns


def _growth(returns: Floats) -> float:
    return float(np.log1p(returns).mean())
