from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from common.domain.errors import NotPermitted
from common.roles import Role
from trading.domain.stages import Stage
from trading.exceptions import (
    AlreadyDecided,
    StageChanged,
    UnknownPromotion,
    WrongTransition,
)
from trading.models import Promotion, PromotionRequest
from trading.selectors.promotions import current_promotions
from trading.services import promotions
from trading.tests.promoting import LATER, NOW, approve, ask, person, promoted

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


class TestDecline:
    def test_ends_a_request_with_a_reason(self) -> None:
        officer, request = person(Role.RISK_OFFICER), ask()

        declined = promotions.decline(request_id=request.pk, user=officer, at=LATER, reason="no")

        assert (declined.state, declined.decision_reason) == ("DECLINED", "no")
        with pytest.raises(AlreadyDecided):
            approve(request)
        assert ask().pk != request.pk

    def test_by_who_asked_withdraws_it(self) -> None:
        researcher = person(Role.RESEARCHER)
        request = ask(researcher)

        declined = promotions.decline(
            request_id=request.pk, user=researcher, at=NOW, reason="wrong one"
        )

        assert declined.decided_by == researcher

    def test_by_another_researcher_is_refused(self) -> None:
        request = ask()

        with pytest.raises(NotPermitted):
            promotions.decline(
                request_id=request.pk, user=person(Role.RESEARCHER), at=LATER, reason="no"
            )


def demote(promotion: Promotion, **changes: Any) -> Promotion:
    facts: dict[str, Any] = {"to_stage": Stage.RESEARCH, "reason": "it broke", "at": LATER}
    user = changes.pop("user", None) or person(Role.RISK_OFFICER)
    return promotions.demote(promotion_id=promotion.pk, user=user, **{**facts, **changes})


class TestDemotion:
    def test_leads_back_at_once_and_keeps_the_history(self) -> None:
        up = promoted()

        down = demote(up)

        assert (down.sequence, down.from_stage, down.to_stage) == (2, "candidate", "research")
        assert down.request is None
        assert list(current_promotions()) == [down]
        assert Promotion.objects.count() == 2
        again = approve(ask())
        assert (again.sequence, again.to_stage) == (3, "candidate")

    def test_is_of_the_last_step_only(self) -> None:
        up = promoted()
        down = demote(up)

        with pytest.raises(StageChanged):
            demote(up)
        with pytest.raises(WrongTransition):
            demote(down)

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.RESEARCHER, Role.TRADER])
    def test_is_for_those_who_decide(self, role: Role) -> None:
        with pytest.raises(NotPermitted):
            demote(promoted(), user=person(role))

    def test_of_what_was_never_promoted_is_refused(self) -> None:
        with pytest.raises(UnknownPromotion):
            demote(Promotion(pk=999))

    def test_overtakes_a_request_that_was_made_before(self) -> None:
        up = promoted()
        demote(up)
        request = ask()
        approve(request)
        stale = PromotionRequest.objects.create(**{
            field.attname: getattr(request, field.attname)
            for field in PromotionRequest._meta.concrete_fields
            if field.name not in {"id", "state", "decided_by", "decided_at"}
        })

        with pytest.raises(StageChanged, match="it is candidate now"):
            approve(stale)


class TestRows:
    @pytest.mark.parametrize("table", ["trading_promotion", "trading_promotionrequest"])
    @pytest.mark.parametrize("change", ["UPDATE {} SET reason = 'another'", "DELETE FROM {}"])
    def test_of_steps_and_decided_requests_stay_as_they_are(self, table: str, change: str) -> None:
        promoted()

        with (
            pytest.raises(IntegrityError, match="never changed"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(change.format(table))

    def test_cannot_be_two_for_one_place(self) -> None:
        promotion = promoted()
        facts = {
            field.attname: getattr(promotion, field.attname)
            for field in Promotion._meta.concrete_fields
            if field.name not in {"id", "request"}
        }

        for changed in ({"request": None}, {"sequence": 2}, {"to_stage": "research"}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Promotion.objects.create(**{**facts, **changed})
