"""What every command does with a failure."""

import json
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError

from common.commands import PlatformCommand


class Locked(PlatformCommand):
    """Finds the database locked."""

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        raise OperationalError("database is locked")

    def render(self, document: dict[str, Any]) -> str:
        return "never"


class TestPlatformCommand:
    def test_says_in_one_sentence_that_the_database_does_not_answer(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit) as ended:
            call_command(Locked(), "--json")

        out, err = capsys.readouterr()
        assert ended.value.code == 1
        assert json.loads(out) == {
            "code": "database_unavailable", "detail": "database is locked", "extra": {},
        }  # fmt: skip
        assert err == "database_unavailable: database is locked\n"

    def test_shows_where_it_happened_when_asked(self) -> None:
        with pytest.raises(OperationalError):
            call_command(Locked(), "--traceback")
