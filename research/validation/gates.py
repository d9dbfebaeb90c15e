"""What a gate is, and the verdict of all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Final

from common.domain.enums import Comparison
from common.domain.errors import InvalidInput
from research.validation.exceptions import NotComputable

# A verdict has all of these: what was left out could not have passed.
KEYS: Final = (
    "sample",
    "deflated_sharpe",
    "overfitting",
    "walk_forward_efficiency",
    "walk_forward_windows",
    "doubled_costs",
    "delay",
    "neighbourhood",
    "bootstrap",
    "parity",
    "look_ahead",
)


@dataclass(frozen=True, slots=True)
class Undefined:
    """A number that does not exist, with the reason."""

    reason: str


type Measured = float | Undefined


def measured(compute: Callable[[], float]) -> Measured:
    """Return what is computed, or why it cannot be.

    Only the refusal of a statistic becomes a reason; any other error is one.

    Examples
    --------
    >>> from research.validation.neighbourhood import share_positive
    >>> measured(lambda: share_positive([]))
    Undefined(reason='there are no neighbours')
    """
    try:
        return compute()
    except NotComputable as e:
        return Undefined(e.detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One condition of the verdict.

    Parameters
    ----------
    key
        One of `KEYS`.
    subject
        What the value is, as the subject of a sentence.
    value
        The number, or why there is none.
    comparison, threshold
        What is asked of it.
    meaning
        What it says about the strategy, one sentence.
    """

    key: str
    subject: str
    value: Measured
    comparison: Comparison
    threshold: float
    meaning: str

    @property
    def number(self) -> float | None:
        """The value, or None if it cannot be computed; never NaN or infinite."""
        if isinstance(self.value, Undefined) or not isfinite(self.value):
            return None
        return self.value

    @property
    def passed(self) -> bool:
        """Whether the value stands as it must; what cannot be computed does not."""
        number = self.number
        return number is not None and self.comparison.holds(number, self.threshold)

    @property
    def sentence(self) -> str:
        """What was found, what was needed, and what that means."""
        needed = f"{self.comparison} {self.threshold:g}"
        if self.number is not None:
            return f"{self.subject} is {self.number:.6g}, {needed} is needed. {self.meaning}"
        reason = self.value.reason if isinstance(self.value, Undefined) else f"it is {self.value}"
        return f"{self.subject} cannot be computed: {reason}; {needed} is needed. {self.meaning}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """All gates of one strategy version.

    Parameters
    ----------
    gates
        One for each of `KEYS`, in their order.

    Raises
    ------
    InvalidInput
        If one is missing, unknown, there twice, or out of order.
    """

    gates: tuple[Gate, ...]

    def __post_init__(self) -> None:
        found = tuple(gate.key for gate in self.gates)
        if found != KEYS:
            missing = ", ".join(key for key in KEYS if key not in found) or "none"
            raise InvalidInput(
                f"a verdict needs the gates {', '.join(KEYS)}; missing: {missing};"
                f" given: {', '.join(found)}"
            )

    @property
    def passed(self) -> bool:
        """Whether every gate passed."""
        return not self.failed

    @property
    def failed(self) -> tuple[Gate, ...]:
        """The gates that did not pass, in their order."""
        return tuple(gate for gate in self.gates if not gate.passed)
