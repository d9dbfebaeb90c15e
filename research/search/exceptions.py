"""What can go wrong with a search."""

from common.domain.errors import Conflict, ExternalError, InvalidArgument


class UnknownMethod(InvalidArgument):
    """No method of searching has that name."""

    code = "unknown_method"


class MethodUnfit(InvalidArgument):
    """The method cannot do what the search asks of it."""

    code = "method_unfit"


class UnknownSet(InvalidArgument):
    """The study never asked for a set of that number."""

    code = "unknown_set"


class StudyDiffers(Conflict):
    """A study cannot go on with another plan than it began with."""

    code = "study_differs"


class SearchStorageOutdated(Conflict):
    """The tables of the searches belong to another release of Optuna."""

    code = "search_storage_outdated"


class SearchStorageUnavailable(ExternalError):
    """Where the studies are kept could not be reached or written."""

    code = "search_storage_unavailable"
    retryable = True
