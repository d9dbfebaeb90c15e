from typing import Any

import pytest
from rest_framework.test import APIClient

from common.roles import Role
from common.tests.clients import browser, count_queries, script
from trading.models import Promotion, PromotionRequest, StrategyVersion
from trading.tests.promoting import LATER, ask, person, promoted

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

PROMOTIONS = "/api/v1/promotions/"
REQUESTS = "/api/v1/promotion-requests/"


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the clock of the services stand an hour after the requests of the tests."""
    monkeypatch.setattr("trading.api.promotions.SystemClock.now", lambda _: LATER)


def post(client: APIClient, address: str, key: str = "one", **body: Any) -> Any:
    return client.post(address, body, format="json", headers={"Idempotency-Key": key})


class TestApprove:
    def test_takes_the_step_and_shows_it(self) -> None:
        request, officer = ask(), script(Role.RISK_OFFICER)

        answer = post(officer, f"{REQUESTS}{request.pk}/approve/", reason="looks fine")

        promotion = Promotion.objects.get()
        document = answer.json()
        assert answer.status_code == 200
        assert (document["state"], document["promotion"]) == ("APPROVED", promotion.pk)
        assert document["decision_reason"] == "looks fine"
        assert answer.headers["ETag"] == officer.get(f"{REQUESTS}{request.pk}/").headers["ETag"]
        shown = officer.get(f"{PROMOTIONS}{promotion.pk}/").json()
        assert (shown["to_stage"], shown["strategy"], shown["sequence"]) == (
            "candidate",
            "mine",
            1,
        )
        assert len(shown["evidence"]["gates"]) == 11
        assert shown["thresholds"]["evidence_days"] == 90

    def test_is_done_once_however_often_it_is_sent(self) -> None:
        request, officer = ask(), script(Role.RISK_OFFICER)
        address = f"{REQUESTS}{request.pk}/approve/"

        first, again = post(officer, address), post(officer, address)
        other = post(officer, address, key="two")

        assert (again.json(), again.headers["Idempotent-Replayed"]) == (first.json(), "true")
        assert (other.status_code, other.json()["code"]) == (409, "already_decided")
        assert Promotion.objects.count() == 1

    def test_needs_a_key_of_clients_with_a_token(self) -> None:
        answer = script(Role.ADMIN).post(f"{REQUESTS}{ask().pk}/approve/")

        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")

    def test_says_every_reason_why_the_evidence_does_not_admit_it(self) -> None:
        request = ask()
        StrategyVersion.objects.update(is_present=False)

        answer = post(script(Role.RISK_OFFICER), f"{REQUESTS}{request.pk}/approve/")

        assert (answer.status_code, answer.json()["code"]) == (409, "not_promotable")
        (reason,) = answer.json()["extra"]["reasons"]
        assert "not the present one" in reason
        assert not Promotion.objects.exists()

    def test_of_another_state_than_was_read_is_refused(self) -> None:
        request, officer = ask(), script(Role.RISK_OFFICER)

        answer = officer.post(
            f"{REQUESTS}{request.pk}/approve/",
            headers={"Idempotency-Key": "one", "If-Match": '"0"'},
        )

        assert answer.status_code == 412
        assert not Promotion.objects.exists()

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.RESEARCHER, Role.TRADER])
    def test_is_forbidden_to_others(self, role: Role) -> None:
        answer = post(script(role), f"{REQUESTS}{ask().pk}/approve/")

        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
        assert not Promotion.objects.exists()


class TestDecline:
    def test_is_for_who_decides_and_for_who_asked(self) -> None:
        researcher = person(Role.RESEARCHER)
        request = ask(researcher)
        address = f"{REQUESTS}{request.pk}/decline/"

        stranger = post(script(Role.RESEARCHER), address, reason="no")
        own = browser(user=researcher).post(address, {"reason": "wrong one"}, format="json")

        assert (stranger.status_code, stranger.json()["code"]) == (403, "permission_denied")
        assert (own.status_code, own.json()["state"]) == (200, "DECLINED")

    @pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 501}])
    def test_needs_a_reason(self, body: dict[str, str]) -> None:
        answer = post(script(Role.ADMIN), f"{REQUESTS}{ask().pk}/decline/", **body)

        assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")
        assert PromotionRequest.objects.get().state == "PENDING"


class TestDemote:
    def test_takes_the_step_down(self) -> None:
        up, officer = promoted(), script(Role.RISK_OFFICER)

        answer = post(officer, f"{PROMOTIONS}{up.pk}/demote/", reason="it broke")

        assert (answer.status_code, answer.json()["to_stage"]) == (201, "research")
        assert answer.headers["Location"].endswith(f"{PROMOTIONS}{answer.json()['id']}/")
        assert answer.json()["evidence"] == {}
        current = officer.get(f"{PROMOTIONS}?is_current=true").json()["results"]
        assert [row["id"] for row in current] == [answer.json()["id"]]
        before = officer.get(f"{PROMOTIONS}?is_current=false").json()["results"]
        assert [row["id"] for row in before] == [up.pk]

    @pytest.mark.parametrize(
        ("to_stage", "status", "code"),
        [("paper", 409, "wrong_transition"), ("nowhere", 400, "validation_error")],
    )
    def test_leads_nowhere_else(self, to_stage: str, status: int, code: str) -> None:
        up = promoted()

        answer = post(
            script(Role.ADMIN), f"{PROMOTIONS}{up.pk}/demote/", reason="up!", to_stage=to_stage
        )

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert Promotion.objects.count() == 1

    def test_is_forbidden_to_a_researcher(self) -> None:
        answer = post(script(Role.RESEARCHER), f"{PROMOTIONS}{promoted().pk}/demote/", reason="x")

        assert answer.status_code == 403


class TestLists:
    @pytest.mark.parametrize("address", [PROMOTIONS, REQUESTS])
    def test_are_for_viewers_and_cost_the_same_for_many(self, address: str) -> None:
        promoted()
        viewer = browser(Role.VIEWER)
        for_one = count_queries(viewer, address)
        facts = {
            field.attname: getattr(PromotionRequest.objects.get(), field.attname)
            for field in PromotionRequest._meta.concrete_fields
            if field.name != "id"
        }
        for number in range(2, 10):
            request = PromotionRequest.objects.create(**facts)
            made = Promotion.objects.get(sequence=1)
            made.pk, made.request, made.sequence = None, request, number
            made.save()

        assert count_queries(viewer, address) == for_one == 5

    @pytest.mark.parametrize("address", [PROMOTIONS, REQUESTS])
    def test_are_closed_to_strangers(self, client: APIClient, address: str) -> None:
        number = promoted().pk

        assert client.get(address).status_code == 401
        assert client.get(f"{address}{number}/").status_code == 401

    @pytest.mark.parametrize(
        ("query", "count"),
        [("state=APPROVED", 1), ("state=PENDING", 0), ("strategy=mine", 1), ("strategy=x", 0)],
    )
    def test_can_be_narrowed(self, query: str, count: int) -> None:
        promoted()

        assert len(browser(Role.VIEWER).get(f"{REQUESTS}?{query}").json()["results"]) == count
