"""How asking a venue fails; `exchanges.exceptions.UnknownInstrument` belongs to them too."""

from common.domain.errors import Extra, InvalidArgument, NotFound, VenueError


class VenueUnavailable(VenueError):
    """No answer, or one that says to come back: timeout, disconnect, 5xx, maintenance."""

    code = "venue_unavailable"
    retryable = True


class RateLimited(VenueError):
    """The venue wants fewer requests.

    Parameters
    ----------
    detail
        What it said.
    retry_after_seconds
        How long it wants to be left alone, None if it did not say.
    """

    code = "rate_limited"
    retryable = True

    def __init__(
        self, detail: str, *, retry_after_seconds: float | None = None, **extra: Extra
    ) -> None:
        super().__init__(detail, retry_after_seconds=retry_after_seconds, **extra)
        self.retry_after_seconds = retry_after_seconds


class UnreadableAnswer(VenueError):
    """What came back is not what the venue's interface promises: cut off, or a web page."""

    code = "unreadable_answer"
    retryable = True


class ContradictoryBars(VenueError):
    """One answer holds two different bars of one time."""

    code = "contradictory_bars"


class VenueRefused(VenueError):
    """The venue understood and said no; asking again would not help."""

    code = "venue_refused"


class EmptyAnswers(VenueError):
    """The venue keeps answering without bars where its own daily bars say there are some."""

    code = "empty_answers"


class NoBarsOffered(NotFound):
    """The venue has no bar of the period."""

    code = "no_bars_offered"


class UnknownVenue(InvalidArgument):
    """No adapter knows a venue of that name."""

    code = "unknown_venue"


class UnsupportedTimeframe(InvalidArgument):
    """The venue has no bars of that length."""

    code = "unsupported_timeframe"
