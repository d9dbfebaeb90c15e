"""What an engine refuses, and how it can fail."""

from collections.abc import Iterator
from contextlib import contextmanager

from common.domain.errors import EngineError, InvalidArgument, InvalidInput
from research.domain.backtest import Execution


class UnknownEngine(InvalidArgument):
    """No engine has that name."""

    code = "unknown_engine"


class UnsupportedFeature(InvalidInput):
    """The engine cannot do what the request needs; it is refused, never approximated."""

    code = "unsupported_feature"


class NeedsMargin(UnsupportedFeature):
    """A strategy that can go short on an account that cannot."""

    code = "needs_margin"


class InvalidTargets(InvalidInput):
    """A strategy answered with something other than exposures in [-1, 1]."""

    code = "invalid_targets"


class InvalidNativeStrategy(InvalidInput):
    """A file that does not hold a strategy of that engine."""

    code = "invalid_native_strategy"


class EngineNotInstalled(EngineError):
    """The engine is known, but its package is not installed."""

    code = "engine_not_installed"


class EngineFailed(EngineError):
    """The engine itself raised an error."""

    code = "engine_failed"


class InvariantViolated(EngineError):
    """What the engine reports contradicts itself or the request.

    `execution` is what it reported, so that it can be looked at and compared; None of facts
    that no engine made.
    """

    code = "invariant_violated"
    execution: Execution | None = None


@contextmanager
def keeping(execution: Execution) -> Iterator[None]:
    """Let a contradiction found in this block carry what the engine reported.

    Raises
    ------
    InvariantViolated
        As it came.
    """
    try:
        yield
    except InvariantViolated as violation:
        violation.execution = execution
        raise
