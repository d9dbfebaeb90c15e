"""Steps of a validation that may not be possible: what they found, or why there is nothing."""

from collections.abc import Callable

from common.domain.errors import PlatformError
from research.exceptions import Canceled, RunNotRunning
from research.validation.gates import Undefined


def attempt[T](compute: Callable[[], T]) -> T | Undefined:
    """Return what is found, or the anticipated error that kept it from being found.

    Raises
    ------
    Canceled
        If the work as a whole was ended.
    RunNotRunning
        If another process has taken it over.

    Examples
    --------
    >>> from research.validation.neighbourhood import share_positive
    >>> attempt(lambda: share_positive([]))
    Undefined(reason='there are no neighbours')
    """
    try:
        return compute()
    except (Canceled, RunNotRunning):
        raise  # Nothing more is wanted: that is no finding.
    except PlatformError as e:
        return Undefined(e.detail)


def then[T, U](found: T | Undefined, compute: Callable[[T], U]) -> U | Undefined:
    """Return what follows from a step, or why that step found nothing.

    Examples
    --------
    >>> then(2.0, lambda value: value / 2), then(Undefined("it is late"), abs)
    (1.0, Undefined(reason='it is late'))
    """
    return found if isinstance(found, Undefined) else attempt(lambda: compute(found))


def known[T](found: T | Undefined) -> T | None:
    """Return what was found, or None."""
    return None if isinstance(found, Undefined) else found
