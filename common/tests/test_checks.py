import pytest
from django.db import connection

from common.checks import check_sqlite_backend


@pytest.mark.both_databases
class TestSqliteBackend:
    def test_is_the_platforms_own_where_sqlite_is_used(self) -> None:
        assert check_sqlite_backend() == []

    def test_warns_of_djangos(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connection, "vendor", "sqlite")
        monkeypatch.setitem(connection.settings_dict, "ENGINE", "django.db.backends.sqlite3")

        (warning,) = check_sqlite_backend()

        assert warning.id == "common.W001"
        assert "common.backends.sqlite3" in (warning.hint or "")
