"""Whether the time of entries matters, or the same trades at random times do as well."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Floats
from common.domain.errors import InvalidArgument, InvalidInput
from research.validation.distribution import Distribution
from research.validation.exceptions import NotComputable
from research.validation.samples import checked

DEFAULT_DRAWS: Final = 1_000


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Significance:
    """An observed result among those of chance.

    Parameters
    ----------
    observed
        Sum over bars of exposure times return, a fraction, before costs.
    chance
        The same of the random draws.
    """

    observed: float
    chance: Distribution

    @property
    def p_value(self) -> float:
        """How often chance does as well or better, in (0, 1]; small speaks for the strategy."""
        return self.chance.share_at_least(self.observed)


def random_entry_test(
    exposure: Floats,
    returns: Floats,
    *,
    rng: np.random.Generator,
    n_draws: int = DEFAULT_DRAWS,
) -> Significance:
    """Compare a strategy with the same positions, held as long, entered at random.

    Parameters
    ----------
    exposure : ndarray of float64, shape (n_bars,)
        What is held during each bar as a fraction of equity, negative is short.
    returns : ndarray of float64, shape (n_bars,)
        Return of the instrument over the same bars, simple, fractions: if `exposure` is decided
        at a close and filled at the next open, from open to next open.
    rng
        Draws the places.
    n_draws
        Number of draws, >= 1.

    Raises
    ------
    NotComputable
        If no position was held, or there was no bar without one: it could be nowhere else.
    InvalidInput
        If the arrays differ in shape, or a number is not finite.
    InvalidArgument
        If there is no draw.

    Notes
    -----
    A position is a stretch of bars on one side; its exposure bar by bar is moved as a whole.
    The order of the stretches is random, and so are the gaps between them, every division of
    the free bars being as likely; two stretches may touch. Number, side and length are the same
    in every draw, so fees are nearly so too and are left out on both sides. What a market gave
    to anybody who was in it (a trend, for a strategy that is mostly long) is in the draws, and
    cancels.

    References
    ----------
    Phipson and Smyth, 2010, as for `Distribution.share_at_least`.

    Examples
    --------
    The only bar that rose, held and nothing else, against ten draws:

    >>> returns = np.array([0.0, 0.5, 0.0, 0.0])
    >>> found = random_entry_test(
    ...     np.array([0.0, 1.0, 0.0, 0.0]), returns, rng=np.random.default_rng(1), n_draws=10
    ... )
    >>> found.observed, sorted(set(found.chance.values.tolist()))
    (0.5, [0.0, 0.5])
    """
    _check(exposure, returns, n_draws)
    stretches = _stretches(exposure)
    free = len(exposure) - sum(len(held) for held in stretches)
    if not stretches or not free:
        state = "a position" if stretches else "no position"
        raise NotComputable(f"all {len(exposure)} bars have {state}: it could not be elsewhere")
    return Significance(
        observed=float(exposure @ returns),
        chance=Distribution.of(
            _placed(stretches, free=free, returns=returns, rng=rng) for _ in range(n_draws)
        ),
    )


def permutation_test(
    exposure: Floats,
    returns: Floats,
    *,
    rng: np.random.Generator,
    n_draws: int = DEFAULT_DRAWS,
) -> Significance:
    """Compare a strategy with its positions on the same returns in random orders.

    Parameters
    ----------
    exposure, returns, rng, n_draws
        As for `random_entry_test`.

    Raises
    ------
    NotComputable
        If the exposure never varies: every order then gives the same.
    InvalidInput
        If the arrays differ in shape, or a number is not finite.
    InvalidArgument
        If there is no draw.

    Notes
    -----
    The orders are as likely as the observed one only where returns do not depend on one another;
    volatility that clusters makes the p-value too small or too large. `random_entry_test` keeps
    the market as it was and has not that fault.

    References
    ----------
    D. Aronson, *Evidence-Based Technical Analysis*, Wiley, 2006, ch. 5, the Monte Carlo
    permutation method; Phipson and Smyth, 2010, as above.

    Examples
    --------
    >>> found = permutation_test(
    ...     np.array([0.0, 1.0]), np.array([0.0, 0.5]), rng=np.random.default_rng(1), n_draws=20
    ... )
    >>> found.observed, sorted(set(found.chance.values.tolist()))
    (0.5, [0.0, 0.5])
    """
    _check(exposure, returns, n_draws)
    if np.ptp(exposure) == 0.0:
        raise NotComputable(f"the exposure is {exposure[0]} on every bar, so no order differs")
    return Significance(
        observed=float(exposure @ returns),
        chance=Distribution.of(float(exposure @ rng.permutation(returns)) for _ in range(n_draws)),
    )


def _stretches(exposure: Floats) -> list[Floats]:
    side = np.sign(exposure)
    edges = [0, *(np.flatnonzero(np.diff(side)) + 1).tolist(), len(side)]
    return [exposure[first:last] for first, last in pairwise(edges) if side[first]]


def _placed(
    stretches: list[Floats], *, free: int, returns: Floats, rng: np.random.Generator
) -> float:
    order = rng.permutation(len(stretches))
    lengths = np.array([len(stretches[index]) for index in order])
    # Choosing which of the slots are stretches and which are free bars is uniform over gaps.
    slots = np.sort(rng.choice(free + len(order), len(order), replace=False))
    starts = slots - np.arange(len(order)) + np.cumsum(lengths) - lengths
    rows: NDArray[np.intp] = np.arange(lengths.sum()) + np.repeat(
        starts - (np.cumsum(lengths) - lengths), lengths
    )
    held = np.concatenate([stretches[index] for index in order])
    return float(held @ returns[rows])


def _check(exposure: Floats, returns: Floats, n_draws: int) -> None:
    checked(exposure, noun="exposures")
    checked(returns, noun="returns")
    if exposure.shape != returns.shape:
        raise InvalidInput(f"exposure has shape {exposure.shape}, returns {returns.shape}")
    if n_draws < 1:
        raise InvalidArgument(f"n_draws is {n_draws}, must be at least 1")
