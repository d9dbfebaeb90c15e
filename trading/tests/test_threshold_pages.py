from typing import Any

import pytest
from rest_framework.test import APIClient

from common.domain.clock import SystemClock
from common.roles import Role
from common.tests.clients import browser
from trading.models import GateThreshold, ThresholdRequest
from trading.selectors.thresholds import threshold_values
from trading.services import thresholds
from trading.tests.promoting import LATER, NOW, person

pytestmark = pytest.mark.django_db

THRESHOLDS = "/admin/trading/gatethreshold/"
REQUESTS = "/admin/trading/thresholdrequest/"


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SystemClock, "now", lambda _: LATER)


def at_desk(role: Role) -> APIClient:
    return browser(user=person(role))


def text(answer: Any) -> str:
    page: str = answer.content.decode()
    return page


def pending() -> ThresholdRequest:
    made = thresholds.change(
        key="overfitting", value=0.3, user=person(Role.ADMIN), reason="small grids", at=NOW
    )
    assert isinstance(made, ThresholdRequest)
    return made


class TestPage:
    def test_shows_what_is_asked_and_that_less_is_asked_than_by_default(self) -> None:
        viewer = at_desk(Role.VIEWER)
        before = text(viewer.get(THRESHOLDS))
        request = pending()
        waiting = text(viewer.get(THRESHOLDS))
        thresholds.confirm(request_id=request.pk, user=person(Role.ADMIN), at=LATER)
        after = text(viewer.get(THRESHOLDS))

        assert "Deflated Sharpe ratio, a probability" in before
        assert "loosened" not in before + waiting
        assert f"{REQUESTS}{request.pk}/change/" in waiting
        assert "at most 0.3" in after
        assert "loosened" in after
        assert "Change a threshold" not in after

    def test_changes_at_once_what_asks_more(self) -> None:
        officer = at_desk(Role.RISK_OFFICER)
        assert f"{THRESHOLDS}set/" in text(officer.get(THRESHOLDS))

        answer = officer.post(
            f"{THRESHOLDS}set/", {"key": "delay", "value": "0.6", "reason": "late"}, follow=True
        )

        assert "delay at least 0.6 holds from now on" in text(answer)
        assert threshold_values()["delay"] == 0.6

    def test_lets_wait_what_asks_less(self) -> None:
        answer = at_desk(Role.RISK_OFFICER).post(
            f"{THRESHOLDS}set/", {"key": "delay", "value": "0.4", "reason": "slow"}, follow=True
        )

        assert "waits for a second look" in text(answer)
        assert threshold_values()["delay"] == 0.5

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"value": "2"}, "must be in [0, 1]"),
            ({"value": "0.5"}, "delay is 0.5 already"),
            ({"value": "much"}, "Enter a number"),
            ({"reason": ""}, "This field is required"),
        ],
    )
    def test_shows_what_is_wrong(self, changes: dict[str, str], said: str) -> None:
        form = {"key": "delay", "value": "0.6", "reason": "late", **changes}

        assert said in text(at_desk(Role.RISK_OFFICER).post(f"{THRESHOLDS}set/", form))
        assert not GateThreshold.objects.exists()

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.RESEARCHER, Role.TRADER])
    def test_is_closed_to_others(self, role: Role) -> None:
        client, request = at_desk(role), pending()

        assert client.get(f"{THRESHOLDS}set/").status_code == 403
        for what in ("confirm", "decline"):
            answer = client.post(f"{REQUESTS}{request.pk}/{what}/", {"reason": "x"})
            assert answer.status_code == 403


class TestRequestPage:
    def test_asks_before_it_confirms(self) -> None:
        request, officer = pending(), at_desk(Role.RISK_OFFICER)
        address = f"{REQUESTS}{request.pk}/confirm/"
        assert address in text(officer.get(f"{REQUESTS}{request.pk}/change/"))

        question = text(officer.get(address))
        officer.post(address, {"reason": ""})

        assert "overfitting 0.3 instead of 0.2?" in question
        assert threshold_values()["overfitting"] == 0.3

    def test_declines_with_a_reason(self) -> None:
        request = pending()

        at_desk(Role.RISK_OFFICER).post(f"{REQUESTS}{request.pk}/decline/", {"reason": "no"})

        request.refresh_from_db()
        assert (request.state, threshold_values()["overfitting"]) == ("DECLINED", 0.2)
