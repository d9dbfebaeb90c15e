"""What an engine refuses, and how it can fail."""

from common.domain.errors import EngineError, InvalidArgument, InvalidInput


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
    """What the engine reports contradicts itself or the request."""

    code = "invariant_violated"
