from datetime import timedelta
from typing import Any

import pytest

from common.domain.errors import NotPermitted
from common.roles import Role
from trading.domain.stages import Stage
from trading.exceptions import (
    AlreadyDecided,
    ConfirmedTooSoon,
    NotPromotable,
    UnknownRequest,
)
from trading.models import GateThreshold, Promotion, PromotionRequest, StrategyVersion
from trading.selectors.promotions import latest_promotion, stage_after
from trading.services import promotions, thresholds
from trading.tests.promoting import LATER, NOW, approve, ask, person, proof, version

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def tighten(key: str, value: float) -> None:
    officer = person(Role.RISK_OFFICER)
    row = thresholds.change(key=key, value=value, user=officer, reason="stricter", at=NOW)
    assert isinstance(row, GateThreshold)


class TestApproval:
    def test_makes_a_candidate_and_keeps_what_it_rests_on(self) -> None:
        officer, request = person(Role.RISK_OFFICER), ask()

        promotion = approve(request, user=officer)

        request.refresh_from_db()
        assert (request.state, request.decided_by, request.decided_at) == (
            "APPROVED",
            officer,
            LATER,
        )
        assert (promotion.sequence, promotion.to_stage) == (1, "candidate")
        assert (promotion.approved_by, promotion.requested_by) == (officer, request.requested_by)
        assert promotion.evidence == request.evidence
        assert promotion.thresholds["deflated_sharpe"] == 0.95
        assert stage_after(latest_promotion(request.config_hash)) is Stage.CANDIDATE

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.RESEARCHER, Role.TRADER])
    def test_is_for_risk_officers_and_admins(self, role: Role) -> None:
        request = ask()

        with pytest.raises(NotPermitted):
            approve(request, user=person(role))

        request.refresh_from_db()
        assert request.state == "PENDING"

    @pytest.mark.parametrize(("seconds", "is_soon"), [(599, True), (600, False), (601, False)])
    def test_by_the_same_person_needs_ten_minutes(self, seconds: int, is_soon: bool) -> None:
        admin = person(Role.ADMIN)
        request = ask(admin)

        if is_soon:
            with pytest.raises(ConfirmedTooSoon):
                approve(request, user=admin, at=NOW + timedelta(seconds=seconds))
        else:
            approve(request, user=admin, at=NOW + timedelta(seconds=seconds))

        assert Promotion.objects.exists() is not is_soon

    def test_by_another_person_needs_no_time(self) -> None:
        assert approve(ask(person(Role.ADMIN)), user=person(Role.ADMIN), at=NOW).pk

    def test_happens_once(self) -> None:
        request = ask()
        approve(request)

        with pytest.raises(AlreadyDecided, match="is APPROVED"):
            approve(request)

        assert Promotion.objects.count() == 1

    def test_of_what_nobody_asked_for_is_refused(self) -> None:
        with pytest.raises(UnknownRequest):
            promotions.approve(request_id=999, user=person(Role.ADMIN), at=LATER)


class TestStaleRequest:
    def refused(self, request: PromotionRequest, *, at: Any = LATER) -> str:
        with pytest.raises(NotPromotable) as caught:
            approve(request, at=at)
        request.refresh_from_db()
        assert (request.state, Promotion.objects.exists()) == ("PENDING", False)
        return caught.value.detail

    @pytest.mark.parametrize("is_gone", [True, False])
    def test_is_refused_once_the_source_is_another(self, is_gone: bool) -> None:
        request = ask()
        if is_gone:
            StrategyVersion.objects.update(is_present=False)
        else:
            version(source="c")

        assert "aaaaaaaa is not the present one any more" in self.refused(request)

    def test_is_refused_once_more_is_asked_than_was_found(self) -> None:
        request = ask()
        tighten("deflated_sharpe", 0.98)

        assert "deflated_sharpe is 0.97, at least 0.98 is asked now" in self.refused(request)

    def test_is_admitted_while_no_more_is_asked_than_was_found(self) -> None:
        request = ask()
        tighten("deflated_sharpe", 0.97)

        assert approve(request).thresholds["deflated_sharpe"] == 0.97

    def test_is_refused_once_the_verdict_is_too_old(self) -> None:
        request = ask()
        judged = NOW - timedelta(days=1)

        assert "90.0 days old" in self.refused(request, at=judged + timedelta(days=90, seconds=1))
        assert approve(request, at=judged + timedelta(days=90)).pk

    def test_is_refused_once_younger_verdicts_are_asked_for(self) -> None:
        request = ask(proof=proof(judged_at=NOW - timedelta(days=20)))
        tighten("evidence_days", 14)

        assert "at most 14 may be" in self.refused(request)
