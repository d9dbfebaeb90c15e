import json
from typing import Any

import pytest
from django.core.management import call_command

from common.domain.clock import SystemClock
from common.roles import Role
from common.tests.factories import UserFactory
from trading.models import Promotion, PromotionRequest, StrategyVersion
from trading.tests.promoting import LATER, ask, promoted

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SystemClock, "now", lambda _: LATER)
    # The strategy of these tests is a row alone; looking for its file would mark it absent.
    module = "trading.management.commands.approve_promotion.sync_strategies"
    monkeypatch.setattr(module, lambda: None)


def run(capsys: pytest.CaptureFixture[str], *arguments: Any) -> tuple[int, dict[str, Any]]:
    status = 0
    try:
        call_command(*map(str, arguments), "--json")
    except SystemExit as e:
        status = int(str(e.code))
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return status, document


def name(role: Role) -> str:
    return UserFactory.create(role=role).username


class TestApprove:
    def test_takes_the_step(self, capsys: pytest.CaptureFixture[str]) -> None:
        officer = name(Role.RISK_OFFICER)

        status, document = run(capsys, "approve_promotion", ask().pk, "--as", officer)

        assert (status, document["to_stage"], document["approved_by"]) == (0, "candidate", officer)
        assert document["promotion_id"] == Promotion.objects.get().pk

    def test_declines_with_a_reason(self, capsys: pytest.CaptureFixture[str]) -> None:
        request, officer = ask(), name(Role.RISK_OFFICER)
        decide = ("approve_promotion", request.pk, "--as", officer, "--decline")

        silent = run(capsys, *decide)
        status, document = run(capsys, *decide, "--reason", "no")

        assert (silent[0], silent[1]["code"]) == (2, "reason_missing")
        assert (status, document["state"]) == (0, "DECLINED")

    def test_says_why_it_does_not(self, capsys: pytest.CaptureFixture[str]) -> None:
        request = ask()
        StrategyVersion.objects.update(is_present=False)

        status, document = run(
            capsys, "approve_promotion", request.pk, "--as", name(Role.RISK_OFFICER)
        )

        assert (status, document["code"]) == (1, "not_promotable")
        assert PromotionRequest.objects.get().state == "PENDING"

    def test_is_for_known_people_who_may(self, capsys: pytest.CaptureFixture[str]) -> None:
        request = ask()
        gone = UserFactory.create(role=Role.ADMIN, is_active=False).username

        for username in ("nobody", gone):
            status, document = run(capsys, "approve_promotion", request.pk, "--as", username)
            assert (status, document["code"]) == (2, "unknown_user")
        status, document = run(
            capsys, "approve_promotion", request.pk, "--as", name(Role.RESEARCHER)
        )
        assert (status, document["code"]) == (1, "permission_denied")
        assert not Promotion.objects.exists()


class TestDemote:
    def test_takes_the_step_down(self, capsys: pytest.CaptureFixture[str]) -> None:
        up, officer = promoted(), name(Role.RISK_OFFICER)

        status, document = run(
            capsys, "demote_strategy", up.pk, "--as", officer, "--reason", "it broke"
        )

        assert (status, document["from_stage"], document["to_stage"]) == (
            0,
            "candidate",
            "research",
        )

    @pytest.mark.parametrize(("stage", "code"), [("paper", 1), ("live", 1), ("nowhere", 2)])
    def test_refuses_other_stages(
        self, capsys: pytest.CaptureFixture[str], stage: str, code: int
    ) -> None:
        up, officer = promoted(), name(Role.RISK_OFFICER)

        status, _ = run(
            capsys, "demote_strategy", up.pk, "--to", stage, "--as", officer, "--reason", "x"
        )

        assert status == code
        assert Promotion.objects.count() == 1


class TestList:
    def test_shows_steps_and_what_waits(self, capsys: pytest.CaptureFixture[str]) -> None:
        up = promoted()
        run(capsys, "demote_strategy", up.pk, "--as", name(Role.ADMIN), "--reason", "it broke")
        request = ask()

        _, document = run(capsys, "list_promotions")
        _, none = run(capsys, "list_promotions", "--strategy", "another")

        assert [each["sequence"] for each in document["promotions"]] == [2, 1]
        assert [each["request_id"] for each in document["pending"]] == [request.pk]
        assert none == {"promotions": [], "pending": []}

    def test_is_a_table_for_people(self, capsys: pytest.CaptureFixture[str]) -> None:
        promoted()

        call_command("list_promotions")

        shown = capsys.readouterr().out
        assert "research -> candidate" in shown
        assert "BTC/USD.TEST" in shown
