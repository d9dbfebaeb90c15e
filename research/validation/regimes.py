"""Where a result comes from: kinds of market, months, weekdays and hours."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Floats, Times
from common.domain.errors import InvalidArgument, InvalidInput
from common.domain.time import NANOSECONDS
from portfolio.metrics.quotient import ROUNDING, quotient
from research.validation.exceptions import NotComputable
from research.validation.samples import checked

type Labels = NDArray[np.int64]

UNKNOWN: Final = -1
_HOUR_NS: Final = 3_600 * NANOSECONDS
_DAY_NS: Final = 24 * _HOUR_NS
# 1970-01-01 was a Thursday, weekday 3 where Monday is 0.
_FIRST_WEEKDAY: Final = 3
# Far above the rounding of a deviation, far below what tells two markets apart.
_DIGITS: Final = 9


class Volatility(IntEnum):
    """Thirds of the bars by the volatility before them."""

    LOW = 0
    MIDDLE = 1
    HIGH = 2


class Trend(IntEnum):
    """Whether the market stood lower or higher a while before."""

    DOWN = 0
    UP = 1


class Calendar(StrEnum):
    """What to group open times by, in UTC."""

    MONTH = "month"  # 1 to 12
    WEEKDAY = "weekday"  # 0, Monday, to 6
    HOUR = "hour"  # 0 to 23


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The bars of one group.

    Parameters
    ----------
    label
        Number of the group; `UNKNOWN` for bars before the first that has one.
    n_bars
        How many.
    growth
        Sum of log(1 + r) over them; the parts add up to the growth of the whole.
    mean
        Mean return a bar, simple, a fraction.
    positive
        Share of bars that earned more than nothing.
    sharpe
        Mean over standard deviation (ddof 1), per bar; None for one bar and where the returns
        do not vary.
    """

    label: int
    n_bars: int
    growth: float
    mean: float
    positive: float
    sharpe: float | None


def breakdown(returns: Floats, labels: Labels) -> tuple[Part, ...]:
    """Return what each group of bars earned.

    Parameters
    ----------
    returns : ndarray of float64, shape (n_bars,)
        Simple returns of the strategy, fractions, above -1.
    labels : ndarray of int64, shape (n_bars,)
        Group of each bar, as `volatility_regimes`, `trend_regimes` and `calendar` return it.

    Returns
    -------
    tuple of Part
        In the order of the labels; groups without a bar are absent.

    Raises
    ------
    InvalidInput
        If the arrays differ in shape, or a return is not finite.
    NotComputable
        If a return is -1 or less.

    Notes
    -----
    A description of the past, not a test: with two dozen groups one of them looks good or bad
    by chance alone. The counts say how little stands behind a group.

    Examples
    --------
    >>> parts = breakdown(np.array([0.5, 0.0, -0.5]), np.array([1, 1, 0]))
    >>> [(part.label, part.n_bars, part.mean, part.positive) for part in parts]
    [(0, 1, -0.5, 0.0), (1, 2, 0.25, 0.5)]
    """
    checked(returns, noun="returns")
    if labels.shape != returns.shape:
        raise InvalidInput(f"labels have shape {labels.shape}, returns {returns.shape}")
    if returns.min() <= -1.0:
        raise NotComputable(
            f"the return at row {int(np.argmin(returns))} is {returns.min()}: everything was lost"
        )
    return tuple(_part(int(label), returns[labels == label]) for label in np.unique(labels))


def volatility_regimes(market: Floats, *, window: int) -> Labels:
    """Return whether the market was calm or wild before each bar.

    Parameters
    ----------
    market : ndarray of float64, shape (n_bars,)
        Log returns of the instrument.
    window
        Number of bars before the bar, itself not among them, >= 2.

    Returns
    -------
    ndarray of int64, shape (n_bars,)
        `Volatility` of each bar, `UNKNOWN` for the first `window`.

    Raises
    ------
    InvalidArgument
        If the window is out of range.
    InvalidInput
        If a return is not finite.

    Notes
    -----
    The volatility of a bar is known before it begins; the bounds between thirds are those of
    the whole period, so the labels describe it and are not to be traded on.

    Examples
    --------
    >>> market = np.array([0.0, 0.0, 0.1, -0.1, 0.3, 0.0])
    >>> volatility_regimes(market, window=2).tolist()
    [-1, -1, 0, 0, 1, 2]
    """
    _check_window(market, window, least=2)
    around = market - market.mean()
    total, squares = _window_sums(around, window), _window_sums(around**2, window)
    deviations = np.sqrt(np.maximum(squares / window - (total / window) ** 2, 0.0))
    # Windows that are alike must be told to be, whatever stood before them.
    deviations = np.round(deviations / (deviations.max() or 1.0), _DIGITS)
    low, high = np.quantile(deviations, [1 / 3, 2 / 3])
    return _aligned((deviations > low).astype(np.int64) + (deviations > high), window)


def trend_regimes(market: Floats, *, window: int) -> Labels:
    """Return whether the market had risen or not before each bar.

    Parameters
    ----------
    market : ndarray of float64, shape (n_bars,)
        Log returns of the instrument.
    window
        Number of bars before the bar, itself not among them, >= 1.

    Returns
    -------
    ndarray of int64, shape (n_bars,)
        `Trend` of each bar, `UNKNOWN` for the first `window`; a market that stood still is down.

    Raises
    ------
    InvalidArgument
        If the window is out of range.
    InvalidInput
        If a return is not finite.

    Examples
    --------
    >>> trend_regimes(np.array([0.1, 0.1, -0.3, 0.0]), window=2).tolist()
    [-1, -1, 1, 0]
    """
    _check_window(market, window, least=1)
    # A market that stood still leaves the rounding of its sums.
    return _aligned((_window_sums(market, window) > ROUNDING).astype(np.int64), window)


def calendar(open_ns: Times, by: Calendar) -> Labels:
    """Return the month, weekday or hour in which each bar opens, UTC.

    Parameters
    ----------
    open_ns : ndarray of int64, shape (n_bars,)
        Open times, nanoseconds since 1970 UTC.
    by
        What to return.

    Returns
    -------
    ndarray of int64, shape (n_bars,)

    Examples
    --------
    The first bar of 1970 was a Thursday's:

    >>> first = np.array([0])
    >>> [int(calendar(first, by)[0]) for by in Calendar]
    [1, 3, 0]
    """
    match by:
        case Calendar.MONTH:
            months = open_ns.astype("datetime64[ns]").astype("datetime64[M]").astype(np.int64)
            return months % 12 + 1
        case Calendar.WEEKDAY:
            return (open_ns // _DAY_NS + _FIRST_WEEKDAY) % 7
        case Calendar.HOUR:
            return open_ns // _HOUR_NS % 24


def _part(label: int, returns: Floats) -> Part:
    spread = returns.std(ddof=1) if len(returns) > 1 else 0.0
    sharpe = float(quotient(returns.mean(), spread, floor=ROUNDING))
    return Part(
        label=label,
        n_bars=len(returns),
        growth=float(np.log1p(returns).sum()),
        mean=float(returns.mean()),
        positive=float(np.mean(returns > 0.0)),
        sharpe=None if np.isnan(sharpe) else sharpe,
    )


def _window_sums(values: Floats, window: int) -> Floats:
    """Return the sum before each bar that has a whole window before it, in one pass."""
    # In long doubles: a difference of running sums cancels what doubles would need.
    running = np.concatenate([[0.0], np.cumsum(values, dtype=np.longdouble)])
    sums: Floats = (running[window:-1] - running[: -window - 1]).astype(np.float64)
    return sums


def _check_window(market: Floats, window: int, *, least: int) -> None:
    checked(market, noun="market returns")
    if not least <= window < len(market):
        raise InvalidArgument(f"the window is {window}, must be in [{least}, {len(market) - 1}]")


def _aligned(labels: Labels, window: int) -> Labels:
    return np.concatenate([np.full(window, UNKNOWN, np.int64), labels])
