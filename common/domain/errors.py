"""The errors the platform anticipates: typed, coded and safe to show."""

from typing import ClassVar

type Extra = str | int | float | bool | list[Extra] | dict[str, Extra] | None


class PlatformError(Exception):
    """An anticipated failure; everything else that is raised is a bug.

    Parameters
    ----------
    detail
        What was wrong, with the value and the bound, in one sentence; line breaks of what is
        quoted in it become spaces.
    **extra
        The same facts for machines, as JSON values.
    """

    code: ClassVar[str] = "platform_error"
    exit_status: ClassVar[int] = 1

    def __init__(self, detail: str, **extra: Extra) -> None:
        self.detail = " ".join(line.strip() for line in detail.splitlines() if line.strip())
        super().__init__(self.detail)
        self.extra: dict[str, Extra] = extra


class InvalidInput(PlatformError, ValueError):
    """What was handed in cannot be used."""

    code = "invalid_input"


class InvalidArgument(InvalidInput):
    """An unknown name or a value out of range among the arguments of a call."""

    code = "invalid_argument"
    exit_status = 2


class NotFound(PlatformError, LookupError):
    """The thing asked for does not exist here."""

    code = "not_found"


class Conflict(PlatformError):
    """The state of a thing does not admit what was asked."""

    code = "conflict"


class NotPermitted(PlatformError):
    """The person who asks may not do that."""

    code = "permission_denied"


class ExternalError(PlatformError):
    """Something outside the platform failed."""

    code = "external_error"
    retryable: ClassVar[bool] = False


class VenueError(ExternalError):
    """A venue refused, failed or could not be reached."""

    code = "venue_error"


class EngineError(ExternalError):
    """A backtest engine is missing or failed."""

    code = "engine_error"


class InvalidPeriod(InvalidArgument):
    """A period whose end does not come after its start."""

    code = "invalid_period"


class InvalidInstrument(InvalidArgument):
    """A symbol that is not written as ccxt writes it, or a contract that is not supported."""

    code = "invalid_instrument"
