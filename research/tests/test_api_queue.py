"""Having runs through the API: put into the queue, watched, canceled."""

from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from common.domain.enums import RunStatus
from common.roles import Role
from common.tests.clients import browser, script
from research.models import Run
from research.services import leases
from research.tests.brokers import FakeBroker
from research.tests.conftest import Ask

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

RUNS = "/api/v1/runs/"
BODY = {
    "strategy": "sma_cross",
    "engine": "vectorbt",
    "venue": "TEST",
    "instrument": "BTC/USD",
    "timeframe": "1h",
}
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def researcher(store: Any, fake_broker: FakeBroker) -> APIClient:
    return script(Role.RESEARCHER)


def post(client: APIClient, key: str = "one", **changes: Any) -> Any:
    return client.post(RUNS, {**BODY, **changes}, format="json", headers={"Idempotency-Key": key})


def cancel(client: APIClient, run: int, key: str = "end", **headers: str) -> Any:
    return client.post(f"{RUNS}{run}/cancel/", headers={"Idempotency-Key": key, **headers})


class TestCreate:
    def test_answers_202_with_the_queued_run_and_its_address(
        self,
        researcher: APIClient,
        fake_broker: FakeBroker,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            answer = post(researcher, params={"fast": 5}, cash=500, experiment="why")

        document = answer.json()
        run = Run.objects.get()
        assert answer.status_code == 202
        assert answer.headers["Location"].endswith(f"{RUNS}{run.pk}/")
        assert (document["run_id"], document["status"]) == (run.pk, "QUEUED")
        assert (document["progress"], document["strategy"]["params"]["fast"]) == (0.0, 5)
        assert (run.cash, run.experiment.name) == (500, "why")
        assert fake_broker.messages == [run.pk]

    def test_notes_who_asked(self, researcher: APIClient) -> None:
        post(researcher)

        run = Run.objects.get()
        assert run.created_by is not None
        assert run.created_by.groups.get().name == Role.RESEARCHER

    def test_takes_the_installation_s_costs_where_none_are_given(
        self, researcher: APIClient
    ) -> None:
        costs = post(researcher).json()["costs"]

        assert costs == {
            "fee_rate": 0.001, "maker_fee_rate": 0.001, "slippage_bps": 0.0, "funding": False,
        }  # fmt: skip

    def test_takes_effect_once_under_one_key(self, researcher: APIClient) -> None:
        first, again = post(researcher), post(researcher)
        other = post(researcher, params={"fast": 7})

        assert first.json() == again.json()
        assert again.headers["Idempotent-Replayed"] == "true"
        assert other.status_code == 422
        assert Run.objects.count() == 1

    def test_needs_a_key_of_a_token(self, researcher: APIClient) -> None:
        answer = researcher.post(RUNS, BODY, format="json")

        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")

    def test_is_for_those_who_may_add_runs(self, store: Any) -> None:
        viewer = script(Role.VIEWER)

        assert post(viewer).status_code == 403
        assert not Run.objects.exists()

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"strategy": "no_such"}, 400, "unknown_strategy"),
            ({"params": {"fast": 0}}, 400, "invalid_parameter"),
            ({"params": {"fast": [1]}}, 400, "validation_error"),
            ({"engine": "no_such"}, 400, "unknown_engine"),
            ({"instrument": "ETH/USD"}, 404, "unknown_instrument"),
            ({"timeframe": "4h"}, 404, "series_not_found"),
            ({"timeframe": "7m"}, 400, "validation_error"),
            ({"start": "2024-01-02", "end": "2024-01-01"}, 400, "invalid_period"),
            ({"fee_rate": 1}, 400, "invalid_argument"),
            ({"cash": 0}, 400, "invalid_argument"),
            ({"sizing": "all"}, 400, "invalid_argument"),
            ({"settings": {"no_such": 1}}, 400, "invalid_argument"),
            ({"seed": -1}, 400, "validation_error"),
            ({"strategy": "../../etc/passwd"}, 400, "unknown_strategy"),
        ],
    )
    def test_refuses_what_is_wrong_with_a_typed_error(
        self, researcher: APIClient, changes: dict[str, Any], status: int, code: str
    ) -> None:
        answer = post(researcher, **changes)

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert not Run.objects.exists()


class TestWatch:
    def test_is_told_of_progress_and_spared_what_it_knows(self, researcher: APIClient) -> None:
        created = post(researcher)
        address = created.headers["Location"]
        unchanged = researcher.get(address, headers={"If-None-Match": created.headers["ETag"]})
        run = leases.claim(run_id=created.json()["run_id"], at=NOON)
        assert run is not None
        leases.extend(run=run, progress=0.5, at=NOON)
        changed = researcher.get(address, headers={"If-None-Match": created.headers["ETag"]})

        assert unchanged.status_code == 304
        assert (changed.status_code, changed.json()["progress"]) == (200, 0.5)
        assert (changed.json()["status"], changed.json()["attempt"]) == ("RUNNING", 1)

    def test_finds_queued_runs_in_the_list(self, researcher: APIClient) -> None:
        post(researcher)

        (row,) = researcher.get(f"{RUNS}?status=QUEUED&venue=TEST").json()["results"]

        assert (row["dataset"], row["progress"]) == (None, 0.0)


class TestCancel:
    def test_of_a_waiting_run_answers_200_with_its_end(self, researcher: APIClient) -> None:
        answer = cancel(researcher, post(researcher).json()["run_id"])

        assert (answer.status_code, answer.json()["status"]) == (200, "CANCELED")
        assert Run.objects.get().status == RunStatus.CANCELED

    def test_of_a_running_one_answers_202_and_asks_its_worker(self, researcher: APIClient) -> None:
        run = post(researcher).json()["run_id"]
        leases.claim(run_id=run, at=NOON)

        answer = cancel(researcher, run)

        assert (answer.status_code, answer.json()["cancel_requested"]) == (202, True)
        assert Run.objects.get().cancel_requested_at is not None

    def test_of_one_that_has_ended_is_a_conflict(self, researcher: APIClient) -> None:
        run = post(researcher).json()["run_id"]
        cancel(researcher, run)

        answer = cancel(researcher, run, key="another")

        assert (answer.status_code, answer.json()["code"]) == (409, "run_not_cancelable")

    def test_minds_what_the_client_last_saw(self, researcher: APIClient) -> None:
        created = post(researcher)
        run = created.json()["run_id"]

        stale = cancel(researcher, run, **{"If-Match": '"another"'})
        fresh = cancel(researcher, run, key="next", **{"If-Match": created.headers["ETag"]})

        assert stale.status_code == 412
        assert fresh.status_code == 200

    def test_is_for_those_who_may_add_runs(self, enqueue: Ask) -> None:
        viewer = browser(Role.VIEWER)

        assert cancel(viewer, enqueue().pk).status_code == 403
        assert Run.objects.get().status == RunStatus.QUEUED
