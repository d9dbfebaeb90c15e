"""Two looks before what cannot be taken lightly: by two people, or by one with time between."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from trading.exceptions import ConfirmedTooSoon

PAUSE: Final = timedelta(minutes=10)
LONGEST_REASON: Final = 500


class RequestState(StrEnum):
    """Where a request stands; the last two are final."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    DECLINED = "DECLINED"


def check_second_look(
    *, asked_by: int, asked_at: datetime, confirmed_by: int, at: datetime
) -> None:
    """Refuse a confirmation by the one who asked before the pause is over.

    Parameters
    ----------
    asked_by, confirmed_by
        Numbers of users; a different one may confirm at once.

    Raises
    ------
    ConfirmedTooSoon
        If it is the same one, less than ten minutes after asking.

    Notes
    -----
    One person must be able to work alone; what he wanted in the heat of the moment he has to
    want still. A clock that was set back makes the pause longer, never shorter.
    """
    waited = at - asked_at
    if confirmed_by == asked_by and waited < PAUSE:
        raise ConfirmedTooSoon(
            f"the same person may confirm {PAUSE.total_seconds() / 60:g} minutes after asking;"
            f" it is {waited.total_seconds():.0f} seconds. Another one may at once",
            waited_seconds=waited.total_seconds(),
            needed_seconds=PAUSE.total_seconds(),
        )
