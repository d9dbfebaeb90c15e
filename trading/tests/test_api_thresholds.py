from typing import Any

import pytest
from rest_framework.test import APIClient

from common.roles import Role
from common.tests.clients import browser, script
from trading.domain.thresholds import THRESHOLDS
from trading.models import GateThreshold, ThresholdRequest
from trading.selectors.thresholds import threshold_values
from trading.services import thresholds
from trading.tests.promoting import LATER, NOW, person

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

THRESHOLD = "/api/v1/thresholds/deflated_sharpe/"
REQUESTS = "/api/v1/threshold-requests/"


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the clock of the services stand an hour after the requests of the tests."""
    monkeypatch.setattr("trading.api.thresholds.SystemClock.now", lambda _: LATER)


def change(client: APIClient, value: float, key: str = "one", **headers: str) -> Any:
    etag = client.get(THRESHOLD).headers["ETag"]
    return client.post(
        f"{THRESHOLD}change/",
        {"value": value, "reason": "as discussed"},
        format="json",
        headers={"Idempotency-Key": key, "If-Match": etag, **headers},
    )


def pending() -> ThresholdRequest:
    made = thresholds.change(
        key="deflated_sharpe", value=0.9, user=person(Role.RISK_OFFICER), reason="less", at=NOW
    )
    assert isinstance(made, ThresholdRequest)
    return made


def decide(client: APIClient, request: ThresholdRequest, how: str, **body: str) -> Any:
    etag = client.get(f"{REQUESTS}{request.pk}/").headers["ETag"]
    headers = {"Idempotency-Key": how, "If-Match": etag}
    return client.post(f"{REQUESTS}{request.pk}/{how}/", body, format="json", headers=headers)


class TestList:
    def test_has_every_threshold_with_its_default(self) -> None:
        rows = browser(Role.VIEWER).get("/api/v1/thresholds/").json()["thresholds"]

        assert [row["key"] for row in rows] == [*THRESHOLDS]
        assert {row["key"]: row["value"] for row in rows} == threshold_values()
        assert not any(row["is_loosened"] for row in rows)
        assert {row["changed_by"] for row in rows} == {None}

    def test_is_closed_to_strangers(self, client: APIClient) -> None:
        assert client.get("/api/v1/thresholds/").status_code == 401
        assert client.get(THRESHOLD).status_code == 401

    def test_has_none_of_another_name(self) -> None:
        answer = browser(Role.VIEWER).get("/api/v1/thresholds/luck/")

        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_threshold")


class TestChange:
    def test_that_asks_more_holds_at_once_and_leaves_its_history(self) -> None:
        officer = script(Role.RISK_OFFICER)

        answer = change(officer, 0.97)

        assert (answer.status_code, answer.json()["request"]) == (200, None)
        assert answer.json()["threshold"]["value"] == 0.97
        shown = officer.get(THRESHOLD)
        assert shown.headers["ETag"] == answer.headers["ETag"]
        assert [row["value"] for row in shown.json()["history"]] == [0.97]

    def test_that_asks_less_waits(self) -> None:
        answer = change(script(Role.RISK_OFFICER), 0.9)

        assert (answer.status_code, answer.json()["threshold"]["value"]) == (202, 0.95)
        assert answer.json()["request"]["state"] == "PENDING"
        assert threshold_values()["deflated_sharpe"] == 0.95

    def test_of_another_state_than_was_read_is_refused(self) -> None:
        officer = script(Role.RISK_OFFICER)
        etag = officer.get(THRESHOLD).headers["ETag"]
        change(officer, 0.96)

        stale = change(officer, 0.97, key="two", **{"If-Match": etag})
        headers = {"Idempotency-Key": "three"}
        blind = officer.post(
            f"{THRESHOLD}change/", {"value": 0.97, "reason": "x"}, format="json", headers=headers
        )

        assert (stale.status_code, blind.status_code) == (412, 428)
        assert threshold_values()["deflated_sharpe"] == 0.96

    @pytest.mark.parametrize(
        ("value", "status", "code"),
        [
            (1.0, 400, "invalid_threshold"),
            (0.95, 409, "threshold_unchanged"),
            ("much", 400, "validation_error"),
        ],
    )
    def test_to_what_makes_no_sense_is_refused(self, value: Any, status: int, code: str) -> None:
        answer = change(script(Role.ADMIN), value)

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert not GateThreshold.objects.exists()

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.RESEARCHER, Role.TRADER])
    def test_is_forbidden_to_others(self, role: Role) -> None:
        assert change(script(role), 0.97).status_code == 403
        assert not GateThreshold.objects.exists()


class TestDecision:
    def test_confirms_what_was_asked_for(self) -> None:
        officer, request = script(Role.RISK_OFFICER), pending()

        answer = decide(officer, request, "confirm")

        assert (answer.status_code, answer.json()["state"]) == (200, "APPROVED")
        shown = officer.get(THRESHOLD).json()
        assert (shown["value"], shown["is_loosened"]) == (0.9, True)
        assert shown["history"][0]["confirmed_by"] == answer.json()["decided_by"]

    def test_declines_it_with_a_reason(self) -> None:
        request = pending()

        answer = decide(script(Role.ADMIN), request, "decline", reason="no")

        assert (answer.status_code, answer.json()["state"]) == (200, "DECLINED")
        assert threshold_values()["deflated_sharpe"] == 0.95

    @pytest.mark.parametrize("how", ["confirm", "decline"])
    @pytest.mark.parametrize("role", [Role.VIEWER, Role.RESEARCHER, Role.TRADER])
    def test_is_forbidden_to_others(self, role: Role, how: str) -> None:
        assert decide(script(role), pending(), how, reason="x").status_code == 403
        assert threshold_values()["deflated_sharpe"] == 0.95
