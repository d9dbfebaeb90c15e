import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from common.append_only import install_present, remove
from common.domain.errors import PlatformError
from common.roles import Role
from trading.apps import FROZEN
from trading.domain.stages import Stage
from trading.models import GateThreshold, Promotion, PromotionRequest, ThresholdRequest
from trading.selectors.promotions import latest_promotion, stage_after
from trading.services import promotions, thresholds
from trading.tests.promoting import LATER, NOW, ask, person, promoted

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]

ROUNDS = range(3)


@pytest.fixture(autouse=True)
def emptied(db: None) -> Iterator[None]:
    """Let the rows be removed after the test: nothing else may."""
    yield
    for rows in FROZEN:
        remove(connection, rows)
    for model in (Promotion, PromotionRequest, GateThreshold, ThresholdRequest):
        model._default_manager.all().delete()
    install_present(connection, FROZEN)


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Return what each came to, all begun together, each on a connection of its own."""
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        barrier.wait(timeout=10)
        try:
            return work()
        except PlatformError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return [done.result(timeout=30) for done in [pool.submit(run, work) for work in works]]


@pytest.mark.parametrize("attempt", ROUNDS)
def test_of_two_approvals_one_makes_the_promotion(attempt: int) -> None:
    request = ask()
    officers = person(Role.RISK_OFFICER), person(Role.ADMIN)

    def approve(user: User) -> Promotion:
        return promotions.approve(request_id=request.pk, user=user, at=LATER)

    found = at_once(*(lambda user=user: approve(user) for user in officers))

    (promotion,) = Promotion.objects.all()
    assert promotion in found
    assert "already_decided" in found
    assert stage_after(latest_promotion(request.config_hash)) is Stage.CANDIDATE


@pytest.mark.parametrize("attempt", ROUNDS)
def test_of_an_approval_and_a_refusal_one_is_heard(attempt: int) -> None:
    request, officer, admin = ask(), person(Role.RISK_OFFICER), person(Role.ADMIN)

    found = at_once(
        lambda: promotions.approve(request_id=request.pk, user=officer, at=LATER),
        lambda: promotions.decline(request_id=request.pk, user=admin, at=LATER, reason="no"),
    )

    assert found.count("already_decided") == 1
    request.refresh_from_db()
    assert Promotion.objects.exists() is (request.state == "APPROVED")


@pytest.mark.parametrize("attempt", ROUNDS)
def test_of_two_demotions_one_is_a_step(attempt: int) -> None:
    up, officer = promoted(), person(Role.RISK_OFFICER)

    def demote() -> Promotion:
        return promotions.demote(
            promotion_id=up.pk, to_stage=Stage.RESEARCH, user=officer, reason="broke", at=LATER
        )

    found = at_once(demote, demote)

    assert found.count("stage_changed") == 1
    assert Promotion.objects.count() == 2


@pytest.mark.parametrize("attempt", ROUNDS)
def test_of_two_equal_requests_one_is_made(attempt: int) -> None:
    researcher, version_of = person(Role.RESEARCHER), promoted()
    promotions.demote(
        promotion_id=version_of.pk,
        to_stage=Stage.RESEARCH,
        user=person(Role.ADMIN),
        reason="again",
        at=LATER,
    )

    found = at_once(lambda: ask(researcher), lambda: ask(researcher))

    assert found.count("already_requested") == 1
    assert PromotionRequest.objects.filter(state="PENDING").count() == 1


@pytest.mark.parametrize("attempt", ROUNDS)
def test_of_two_changes_of_a_threshold_one_holds(attempt: int) -> None:
    officer = person(Role.RISK_OFFICER)

    def tighten() -> Any:
        return thresholds.change(key="delay", value=0.7, user=officer, reason="stricter", at=NOW)

    found = at_once(tighten, tighten)

    assert {"threshold_changed", "threshold_unchanged"} & set(map(str, found))
    assert GateThreshold.objects.count() == 1
