from datetime import UTC, datetime, timedelta

import pytest

from trading.domain.confirmations import check_second_look
from trading.exceptions import ConfirmedTooSoon

ASKED = datetime(2026, 1, 1, 12, tzinfo=UTC)


def confirm(by: int, after: timedelta) -> None:
    check_second_look(asked_by=1, asked_at=ASKED, confirmed_by=by, at=ASKED + after)


class TestSecondLook:
    def test_by_another_person_needs_no_time(self) -> None:
        confirm(2, timedelta(0))

    @pytest.mark.parametrize("seconds", [600, 601, 86_400])
    def test_by_the_same_person_is_good_from_ten_minutes_on(self, seconds: int) -> None:
        confirm(1, timedelta(seconds=seconds))

    @pytest.mark.parametrize("seconds", [0, 1, 599, 599.999])
    def test_by_the_same_person_before_is_refused(self, seconds: float) -> None:
        with pytest.raises(ConfirmedTooSoon, match="10 minutes after asking"):
            confirm(1, timedelta(seconds=seconds))

    def test_is_no_earlier_where_the_clock_was_set_back(self) -> None:
        with pytest.raises(ConfirmedTooSoon):
            confirm(1, timedelta(hours=-1))
