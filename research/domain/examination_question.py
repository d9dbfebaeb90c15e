"""An examination as it is asked for: a tool, what it is told, and what draws its chance."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from common.domain.errors import InvalidArgument
from research.domain.question import NativeSource

_SEEDS: Final = 2**63


@dataclass(frozen=True, slots=True, kw_only=True)
class ExaminationQuestion:
    """One tool, to be applied to a run or a sweep.

    Parameters
    ----------
    tool
        Its key.
    options
        What it is told, as text or JSON values; the others keep their defaults.
    seed
        In [0, 2**63); equal questions about equal facts find equal numbers.
    native
        Where the strategy file lies of a run that was not of the platform's strategies.

    Raises
    ------
    InvalidArgument
        If the seed is out of range.
    """

    tool: str
    options: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    native: NativeSource | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.seed < _SEEDS:
            raise InvalidArgument(f"seed is {self.seed}, must be in [0, {_SEEDS})")
