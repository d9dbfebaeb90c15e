import time

import pytest

from common.domain.errors import PlatformError
from exchanges.venues.errors import RateLimited, VenueRefused, VenueUnavailable
from exchanges.venues.retrying import RetryPolicy

POLICY = RetryPolicy(attempts=3, first_pause_seconds=0.01, longest_pause_seconds=0.5)


class Failing:
    def __init__(self, *errors: PlatformError) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


class TestRead:
    def test_tries_again_after_what_may_pass(self) -> None:
        call = Failing(VenueUnavailable("a"), RateLimited("b"))

        assert POLICY.read(call) == "answer"
        assert call.calls == 3

    def test_gives_up_after_the_attempts_with_the_last_error(self) -> None:
        call = Failing(*(VenueUnavailable(name) for name in "abcd"))

        with pytest.raises(VenueUnavailable, match="c"):
            POLICY.read(call)
        assert call.calls == 3

    @pytest.mark.parametrize("error", [VenueRefused("no"), PlatformError("bug")])
    def test_does_not_repeat_what_would_fail_again(self, error: PlatformError) -> None:
        call = Failing(error)

        with pytest.raises(type(error)):
            POLICY.read(call)
        assert call.calls == 1

    def test_leaves_the_venue_alone_for_as_long_as_it_wants(self) -> None:
        started = time.monotonic()

        POLICY.read(Failing(RateLimited("slow down", retry_after_seconds=0.3)))

        assert 0.3 <= time.monotonic() - started < 0.6

    def test_does_not_wait_longer_than_its_bound(self) -> None:
        call = Failing(RateLimited("banned", retry_after_seconds=0.6))
        started = time.monotonic()

        with pytest.raises(RateLimited, match="banned"):
            POLICY.read(call)
        assert call.calls == 1
        assert time.monotonic() - started < 0.3
