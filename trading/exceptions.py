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


class UnknownActor(InvalidArgument):
    """No active user has that name."""

    code = "unknown_user"


class ReasonMissing(InvalidArgument):
    """A step that needs a reason has none, or one that is too long."""

    code = "reason_missing"


class UnknownPromotion(NotFound):
    """No promotion has that number."""

    code = "unknown_promotion"


class UnknownRequest(NotFound):
    """No request has that number."""

    code = "unknown_request"


class NotPromotable(Conflict):
    """What was found does not admit the step, or does not any more."""

    code = "not_promotable"


class AlreadyRequested(Conflict):
    """A request for the same is pending."""

    code = "already_requested"


class AlreadyDecided(Conflict):
    """The request was approved or declined before."""

    code = "already_decided"


class StageChanged(Conflict):
    """Another step was taken in the meantime."""

    code = "stage_changed"


class ThresholdChanged(Conflict):
    """The threshold is not what it was when the change was asked for."""

    code = "threshold_changed"


class ThresholdUnchanged(Conflict):
    """The threshold has that value."""

    code = "threshold_unchanged"
