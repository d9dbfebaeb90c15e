"""The contract of a strategy: bars in, wanted exposure out."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from common.domain.bars import Bars, Floats
from common.domain.errors import InvalidArgument
from trading.strategies.parameters import Parameter, Params, Value, admit_all


@dataclass(frozen=True, slots=True, kw_only=True)
class StopSpec:
    """Exits that lie beside the targets, as fractions of the average entry price; None is off."""

    stop_loss: float | None = None
    take_profit: float | None = None
    trailing: float | None = None

    def __post_init__(self) -> None:
        for name in ("stop_loss", "take_profit", "trailing"):
            value: float | None = getattr(self, name)
            if value is not None and not 0 < value < 1:
                raise InvalidArgument(f"{name} is {value}, must be in (0, 1)")


class Strategy(ABC):
    """A pure function of bars with a name, a version and typed parameters.

    Attributes
    ----------
    key
        Name, lower case with underscores; the lineage under which trials are counted.
    version
        Changes whenever the same bars and parameters may give other targets.
    summary
        One line for lists.
    parameters
        What can be set; their ranges are checked before `targets` is called.

    Notes
    -----
    A strategy keeps nothing between calls. Causality is tested, not trusted:
    removing later bars must not change an earlier target.
    """

    key: ClassVar[str]
    version: ClassVar[str]
    summary: ClassVar[str]
    parameters: ClassVar[tuple[Parameter, ...]] = ()

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
        """Return how many bars before the period make its first target independent of history."""

    def can_short(self, params: Params) -> bool:  # noqa: ARG002 - the default knows no parameter
        """Return whether a target may be negative with these parameters."""
        return False

    def stops(self, params: Params) -> StopSpec | None:  # noqa: ARG002 - as above
        """Return the exits that lie beside the targets, or None."""
        return None

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
