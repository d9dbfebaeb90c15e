"""The contract of a strategy: bars in, wanted exposure out."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import ClassVar, Final

from common.domain.bars import Bars, Floats
from common.domain.errors import InvalidArgument
from trading.strategies.parameters import Parameter, Params, Value, admit_all

# A loss above the whole price is no stop; a gain above it is a usual aim of a long position.
_STOP_BOUNDS: Final = {"stop_loss": 1.0, "take_profit": inf, "trailing": 1.0}


class Contract(StrEnum):
    """What a strategy answers when it is asked."""

    TARGETS = "targets"
    QUOTES = "quotes"
    NATIVE = "native"  # of one engine, by that engine's own interface


@dataclass(frozen=True, slots=True, kw_only=True)
class StopSpec:
    """Exits that lie beside the targets, as fractions of the average entry price; None is off.

    Parameters
    ----------
    stop_loss
        Distance against the position, in (0, 1).
    trailing
        Likewise, from the best close since the entry; until that is better than the entry
        price, from the entry price.
    take_profit
        Distance in favour of the position, above 0.
    """

    stop_loss: float | None = None
    take_profit: float | None = None
    trailing: float | None = None

    def __post_init__(self) -> None:
        for name, bound in _STOP_BOUNDS.items():
            value: float | None = getattr(self, name)
            if value is not None and not 0 < value < bound:
                raise InvalidArgument(f"{name} is {value}, must be in (0, {bound:g})")


class Definition(ABC):
    """What every strategy states about itself, whatever it answers.

    Attributes
    ----------
    key
        Name, lower case with underscores; the lineage under which trials are counted.
    version
        Changes whenever the same question and parameters may get another answer.
    summary
        One line for lists.
    parameters
        What can be set; their ranges are checked before the strategy is asked.
    contract
        What it answers; set by the base class, never by a strategy.
    """

    key: ClassVar[str]
    version: ClassVar[str]
    summary: ClassVar[str]
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    contract: ClassVar[Contract]

    def admit(self, given: Params) -> dict[str, Value]:
        """Return a full set of parameters from those given and the defaults.

        Raises
        ------
        InvalidParameter
            If a name is unknown, a value out of range, or the set contradicts itself.
        """
        params = admit_all(self.parameters, given)
        self.check(params)
        return params

    def check(self, params: Params) -> None:  # noqa: B027 - most strategies have nothing to refuse
        """Refuse sets that contradict themselves, such as a fast period above the slow one.

        Raises
        ------
        InvalidParameter
            If the set makes no sense.
        """


class Strategy(Definition):
    """A pure function of bars with a name, a version and typed parameters.

    Attributes
    ----------
    stateful
        Whether a target stays from one event to the next (enter/exit). Such a target
        depends on the last event, however far back, and not on the warm-up alone.

    Notes
    -----
    A strategy keeps nothing between calls. Causality is tested, not trusted:
    removing later bars must not change an earlier target.
    """

    contract = Contract.TARGETS
    stateful: ClassVar[bool] = False

    @abstractmethod
    def targets(self, bars: Bars, params: Params) -> Floats:
        """Return the wanted exposure at the close of each bar.

        Parameters
        ----------
        bars
            Closed bars, oldest first, the warm-up before the period included.
        params
            A full set, as `admit` returns it.

        Returns
        -------
        ndarray of float64, shape (n_bars,)
            Fraction of equity in [-1, 1], negative is short; NaN keeps what is held.
        """

    @abstractmethod
    def warm_up(self, params: Params) -> int:
        """Return how many bars before the period make its first target independent of history.

        Notes
        -----
        Where `stateful` is set this holds for the events: every entry and exit from the
        first bar of the period on is the one that all of history gives. What was entered
        before the warm-up and not yet left is not known to it.
        """

    def can_short(self, params: Params) -> bool:  # noqa: ARG002 - the default knows no parameter
        """Return whether a target may be negative with these parameters."""
        return False

    def stops(self, params: Params) -> StopSpec | None:  # noqa: ARG002 - as above
        """Return the exits that lie beside the targets, or None."""
        return None
