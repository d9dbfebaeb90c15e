"""What can go wrong with strategies as rows, and on their way to money."""

from common.domain.errors import Conflict, InvalidArgument, InvalidInput, NotFound


class CircularLineage(Conflict):
    """A strategy would be derived from itself, at first or second hand."""

    code = "circular_lineage"


class UnknownStage(InvalidArgument):
    """No stage has that name."""

    code = "unknown_stage"


class WrongTransition(Conflict):
    """A strategy cannot go from the one stage to the other."""

    code = "wrong_transition"


class StageNotBuilt(InvalidInput):
    """The step exists, but the platform cannot take it yet."""

    code = "stage_not_built"


class ConfirmedTooSoon(Conflict):
    """The person who asked cannot confirm yet."""

    code = "confirmed_too_soon"


class InvalidThreshold(InvalidArgument):
    """A threshold outside its bounds, or not whole where it counts."""

    code = "invalid_threshold"


class UnknownThreshold(NotFound):
    """No threshold has that name."""

    code = "unknown_threshold"
