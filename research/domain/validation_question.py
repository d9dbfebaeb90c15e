"""A validation as it is asked for: what is tried, what it was chosen from, and how it is split."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from common.domain.errors import InvalidArgument
from research.domain.sweep import SweepQuestion

# Choose on the first third, look at the rest window by window.
_TRAIN_PARTS: Final = 3
# The ledger holds no number above twice as many.
_MOST_TRIALS: Final = 1_000_000_000
_NUMBERS: Final = ("prior_trials", "n_windows", "purge_days", "embargo_days", "parity_bars")


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationQuestion:
    """One strategy, the sets it is chosen from, and how hard it is looked at.

    Parameters
    ----------
    sweep
        The question and its sets; the best of them by daily Sharpe ratio is judged. Its seed
        draws the bootstrap and the cuts of the look-ahead test.
    prior_trials
        Trials made elsewhere, which are added to those of the ledger, in [0, 10**9].
    n_windows
        Windows of the walk-forward, >= 1.
    purge_days, embargo_days
        Days left out between what is chosen on and what is looked at, >= 0.
    parity_bars
        Length of the stretch on which a second engine runs, the last of the period, >= 1.
    choice
        Values, as they are written, that name the set to judge; none is the best one.
    processes
        How many engines run at one time, each in a process of its own; 1 runs them here.

    Raises
    ------
    InvalidArgument
        If a number is out of range, the sets are to be ranked by another metric, or a search
        may give them up early.
    """

    sweep: SweepQuestion
    prior_trials: int = 0
    n_windows: int = 6
    purge_days: int = 5
    embargo_days: int = 5
    parity_bars: int = 2_000
    choice: Mapping[str, str] = field(default_factory=dict)
    processes: int = 1

    def __post_init__(self) -> None:
        for name, least in (
            ("prior_trials", 0),
            ("n_windows", 1),
            ("purge_days", 0),
            ("embargo_days", 0),
            ("parity_bars", 1),
            ("processes", 1),
        ):
            value = getattr(self, name)
            if value < least:
                raise InvalidArgument(f"{name} is {value}, must be at least {least}")
        if self.prior_trials > _MOST_TRIALS:
            raise InvalidArgument(f"prior_trials is {self.prior_trials}, at most {_MOST_TRIALS}")
        if self.sweep.search is not None and self.sweep.search.pruning:
            raise InvalidArgument(
                "a verdict needs sets that were tried on all bars: those that a search gave up"
                " early would be missing where it is asked what one would have chosen"
            )
        if self.sweep.objective.metric != "sharpe":
            raise InvalidArgument(
                f"a verdict chooses by the daily Sharpe ratio, not by {self.sweep.objective.metric}"
            )

    def train_days(self, n_days: int) -> int:
        """Return how many days each window of the walk-forward chooses on.

        Examples
        --------
        >>> from common.domain.instruments import InstrumentId
        >>> from common.domain.timeframe import Timeframe
        >>> from research.domain.question import RunQuestion
        >>> from research.domain.set_list import SetList
        >>> asked = RunQuestion(
        ...     strategy_key="sma_cross", engine="vectorbt", timeframe=Timeframe.H1,
        ...     instrument=InstrumentId("BTC/USD", "TEST"),
        ... )
        >>> one = SweepQuestion(question=asked, grid=SetList(({},)))
        >>> ValidationQuestion(sweep=one).train_days(1096)
        365
        """
        return n_days // _TRAIN_PARTS

    def describe(self) -> dict[str, Any]:
        """Return all but what is tried, as JSON values."""
        chosen = {"choice": dict(self.choice)} if self.choice else {}
        return {name: getattr(self, name) for name in _NUMBERS} | chosen
