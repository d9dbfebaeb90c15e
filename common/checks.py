"""System checks of what the settings must provide."""

from typing import Any, Final

from django.core import checks
from django.db import connections

_BACKEND: Final = "common.backends.sqlite3"


@checks.register
def check_sqlite_backend(**_: Any) -> list[checks.CheckMessage]:
    """Warn of a SQLite connection that would reckon with exact decimals in floats."""
    return [
        checks.Warning(
            f"the database {alias!r} uses {connections[alias].settings_dict['ENGINE']}, which "
            "orders, compares and adds exact decimals wrongly instead of refusing",
            hint=f"Set its ENGINE to {_BACKEND!r}.",
            id="common.W001",
        )
        for alias in connections
        if connections[alias].vendor == "sqlite"
        and connections[alias].settings_dict["ENGINE"] != _BACKEND
    ]
