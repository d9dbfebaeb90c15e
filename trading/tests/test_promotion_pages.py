from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from common.domain.clock import SystemClock
from common.roles import Role
from common.tests.clients import browser, count_queries
from trading.models import Promotion, PromotionRequest, StrategyVersion
from trading.tests.promoting import LATER, NOW, ask, person, promoted

pytestmark = pytest.mark.django_db

PROMOTIONS = "/admin/trading/promotion/"
REQUESTS = "/admin/trading/promotionrequest/"


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SystemClock, "now", lambda _: LATER)


def at_desk(role: Role) -> APIClient:
    return browser(user=person(role))


def text(answer: Any) -> str:
    page: str = answer.content.decode()
    return page


class TestRequestPage:
    def test_shows_the_evidence_and_what_can_be_done(self) -> None:
        request = ask()

        page = text(at_desk(Role.RISK_OFFICER).get(f"{REQUESTS}{request.pk}/change/"))

        assert "Deflated_sharpe is fine." in page
        assert "fast=3, slow=12 on BTC/USD.TEST 1d, vectorbt" in page
        assert f"{REQUESTS}{request.pk}/approve/" in page
        assert f"{REQUESTS}{request.pk}/decline/" in page

    def test_warns_of_what_would_be_refused(self) -> None:
        request, officer = ask(), at_desk(Role.RISK_OFFICER)
        address = f"{REQUESTS}{request.pk}/change/"
        before = text(officer.get(address))

        StrategyVersion.objects.update(is_present=False)

        assert "It would be refused" not in before
        assert "is not the present one any more" in text(officer.get(address))

    def test_offers_a_viewer_nothing_and_who_asked_to_withdraw(self) -> None:
        researcher = person(Role.RESEARCHER)
        request = ask(researcher)
        address = f"{REQUESTS}{request.pk}/change/"

        seen = text(at_desk(Role.VIEWER).get(address))
        own = text(browser(user=researcher).get(address))

        assert "/approve/" not in seen + own
        assert "/decline/" not in seen
        assert f"{REQUESTS}{request.pk}/decline/" in own

    def test_asks_before_it_approves(self) -> None:
        request, officer = ask(), at_desk(Role.RISK_OFFICER)
        address = f"{REQUESTS}{request.pk}/approve/"

        question = officer.get(address)
        assert "Take mine from research to candidate?" in text(question)
        assert not Promotion.objects.exists()
        answer = officer.post(address, {"reason": ""}, follow=True)

        assert "mine is candidate" in text(answer)
        assert Promotion.objects.get().to_stage == "candidate"

    def test_says_when_who_asked_may_approve_and_refuses_before(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        admin = person(Role.ADMIN)
        request, client = ask(admin), browser(user=admin)
        monkeypatch.setattr(SystemClock, "now", lambda _: NOW + timedelta(seconds=599))

        answer = client.post(f"{REQUESTS}{request.pk}/approve/", {"reason": "now"})

        assert "you can approve from 12:10:00 UTC on" in text(answer)
        assert "10 minutes after asking" in text(answer)
        assert not Promotion.objects.exists()

    def test_shows_what_the_service_refuses(self) -> None:
        request = ask()
        StrategyVersion.objects.update(is_present=False)

        answer = at_desk(Role.ADMIN).post(f"{REQUESTS}{request.pk}/approve/", {"reason": ""})

        assert "is not the present one any more" in text(answer)
        assert PromotionRequest.objects.get().state == "PENDING"

    def test_declines_with_a_reason_only(self) -> None:
        request, officer = ask(), at_desk(Role.RISK_OFFICER)
        address = f"{REQUESTS}{request.pk}/decline/"

        assert "This field is required" in text(officer.post(address, {"reason": ""}))
        officer.post(address, {"reason": "not yet"})

        request.refresh_from_db()
        assert (request.state, request.decision_reason) == ("DECLINED", "not yet")

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.RESEARCHER, Role.TRADER])
    @pytest.mark.parametrize("what", ["approve", "decline"])
    def test_is_closed_to_others(self, role: Role, what: str) -> None:
        request = ask()

        answer = at_desk(role).post(f"{REQUESTS}{request.pk}/{what}/", {"reason": "x"})

        assert answer.status_code == 403
        assert PromotionRequest.objects.get().state == "PENDING"


class TestPromotionPage:
    def test_asks_before_it_demotes(self) -> None:
        up, officer = promoted(), at_desk(Role.RISK_OFFICER)
        address = f"{PROMOTIONS}{up.pk}/demote/"
        assert address in text(officer.get(f"{PROMOTIONS}{up.pk}/change/"))

        assert "Take mine back from candidate to research?" in text(officer.get(address))
        answer = officer.post(address, {"reason": "it broke"}, follow=True)

        assert "mine is research again" in text(answer)
        # The step is not the last one any more, and cannot be taken back twice.
        assert officer.post(address, {"reason": "again"}).status_code == 403
        assert Promotion.objects.count() == 2

    def test_nobody_adds_or_removes_a_step(self) -> None:
        up = promoted()
        client = at_desk(Role.ADMIN)

        assert client.post(f"{PROMOTIONS}add/").status_code == 403
        assert client.post(f"{PROMOTIONS}{up.pk}/delete/").status_code == 403
        assert client.post(f"{PROMOTIONS}{up.pk}/change/", {"reason": "x"}).status_code == 403

    def test_is_closed_to_a_researcher(self) -> None:
        address = f"{PROMOTIONS}{promoted().pk}/demote/"

        assert at_desk(Role.RESEARCHER).post(address, {"reason": "x"}).status_code == 403


class TestStrategyPage:
    def test_shows_the_stage_and_what_led_there(self) -> None:
        up = promoted()
        address = f"/admin/trading/strategy/{up.strategy_version.strategy_id}/change/"

        page = text(at_desk(Role.VIEWER).get(address))

        assert f"{PROMOTIONS}{up.pk}/change/" in page
        assert "research → candidate" in page
        assert "it works" in page

    def test_shows_what_waits(self) -> None:
        request = ask()
        address = f"/admin/trading/strategy/{request.strategy_version.strategy_id}/change/"

        page = text(at_desk(Role.VIEWER).get(address))

        assert "nothing of it was promoted yet" in page
        assert f"{REQUESTS}{request.pk}/change/" in page


class TestLists:
    @pytest.mark.parametrize("address", [PROMOTIONS, REQUESTS])
    def test_cost_the_same_for_many(self, address: str) -> None:
        promoted()
        client: Client = at_desk(Role.ADMIN)
        for_one = count_queries(client, address)
        facts = {
            field.attname: getattr(PromotionRequest.objects.get(), field.attname)
            for field in PromotionRequest._meta.concrete_fields
            if field.name != "id"
        }
        for number in range(2, 10):
            made = Promotion.objects.get(sequence=1)
            made.pk, made.sequence = None, number
            made.request = PromotionRequest.objects.create(**facts)
            made.save()

        assert count_queries(client, address) == for_one
