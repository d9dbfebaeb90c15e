"""Walk-forward windows: choose on bars of the past, look once at the bars that follow."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from common.domain.errors import InvalidArgument


class Training(StrEnum):
    """Which past a window learns from."""

    ANCHORED = "anchored"  # all of it, from the first bar on
    ROLLING = "rolling"  # the same number of bars in every window


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Positions of bars, half open: those to choose on, and those to look at once.

    Parameters
    ----------
    train, test
        Consecutive positions; every one of `train` lies before every one of `test`.
    """

    train: range
    test: range


def walk_forward_windows(
    n_bars: int,
    *,
    n_windows: int,
    train_bars: int,
    training: Training = Training.ROLLING,
    purge: int = 0,
    embargo: int = 0,
) -> tuple[Window, ...]:
    """Return windows whose tests follow one another to the last bar.

    Parameters
    ----------
    n_bars
        Length of history.
    n_windows
        How many windows, >= 1.
    train_bars
        Bars to choose on: in every window, or in the first one if anchored; >= 1.
    training
        Whether older bars are kept.
    purge
        Longest holding time in bars: a trade entered that shortly before the test ends in it.
    embargo
        Further bars left out, because what a test begins with resembles what came just before.

    Returns
    -------
    tuple of Window
        Every bar from ``train_bars + purge + embargo`` on is tested exactly once; the tests
        differ in length by at most one bar.

    Raises
    ------
    InvalidArgument
        If a number is out of range, or a window would have no bar to test.

    Notes
    -----
    Between the last bar of `train` and the first of `test` lie ``purge + embargo`` bars that
    are in neither. The train of a later window contains earlier tests: by then they are past.

    References
    ----------
    R. Pardo, *The Evaluation and Optimization of Trading Strategies*, 2nd ed., 2008, ch. 11.

    Examples
    --------
    >>> for window in walk_forward_windows(10, n_windows=2, train_bars=3, purge=1):
    ...     print(window.train, window.test)
    range(0, 3) range(4, 7)
    range(3, 6) range(7, 10)
    """
    for name, value, least in (
        ("n_windows", n_windows, 1),
        ("train_bars", train_bars, 1),
        ("purge", purge, 0),
        ("embargo", embargo, 0),
    ):
        if value < least:
            raise InvalidArgument(f"{name} is {value}, must be at least {least}")
    gap = purge + embargo
    tested = n_bars - train_bars - gap
    if tested < n_windows:
        raise InvalidArgument(
            f"{n_bars} bars leave {max(tested, 0)} to test after {train_bars} to train on and"
            f" {gap} between, at least {n_windows} needed"
        )
    edges = [n_bars - tested + index * tested // n_windows for index in range(n_windows + 1)]
    return tuple(
        Window(
            train=range(
                0 if training is Training.ANCHORED else first - gap - train_bars, first - gap
            ),
            test=range(first, last),
        )
        for first, last in pairwise(edges)
    )
