"""The sets that no other beats in every objective."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from common.domain.bars import Floats
from common.domain.errors import InvalidArgument


def pareto_front(values: Floats, signs: Sequence[int]) -> npt.NDArray[np.bool_]:
    """Return which sets are on the Pareto front.

    Parameters
    ----------
    values : ndarray of float64, shape (n_sets, n_objectives)
        What each set reached; NaN where it is unknown.
    signs
        One for each objective: 1 where more is better, -1 where less is.

    Returns
    -------
    ndarray of bool, shape (n_sets,)
        True where no other set is at least as good in every objective and better in one.
        Sets that reached the same are on it together; one with a value that is not
        finite never is, and beats none.

    Raises
    ------
    InvalidArgument
        If the signs are not as many as the objectives.

    Examples
    --------
    More return and less drawdown; the third gains less than the first and risks more.

    >>> pareto_front(np.array([[0.3, 0.2], [0.1, 0.1], [0.2, 0.3]]), (1, -1)).tolist()
    [True, True, False]
    """
    if values.ndim != 2 or values.shape[1] != len(signs):
        raise InvalidArgument(f"values have shape {values.shape}, objectives are {len(signs)}")
    known = np.flatnonzero(np.isfinite(values).all(axis=1))
    costs = values[known] * -np.asarray(signs, dtype=float)
    # None is beaten by one that comes after it in this order.
    order = np.lexsort(costs.T[::-1])
    front = np.zeros(len(values), dtype=bool)
    front[known[order[_unbeaten(costs[order])]]] = True
    return front


def _unbeaten(costs: Floats) -> npt.NDArray[np.intp]:
    left = np.arange(len(costs))
    position = 0
    while position < len(left):
        candidate = costs[left[position]]
        rest = costs[left]
        # Rows that the candidate does not beat: better somewhere, or the same.
        keep = (rest < candidate).any(axis=1) | (rest == candidate).all(axis=1)
        left = left[keep]
        position += 1
    return left
