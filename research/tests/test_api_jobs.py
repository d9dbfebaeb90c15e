"""Having sweeps, comparisons, verdicts and examinations through the API."""

from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from common.data_pipeline.store import SeriesStore
from common.domain.clock import SystemClock
from common.domain.enums import RunStatus
from common.roles import Role
from common.tests.clients import script
from research.models import Job, Sweep
from research.services.job_documents import comparison_from_json, validation_from_json
from research.services.means import Means
from research.services.sweep_queue import work_on_sweep
from research.services.sweep_rows import question_of
from research.tests.brokers import FakeBroker
from research.tests.conftest import Ask

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

API = "/api/v1/"
ASKED = {
    "strategy": "sma_cross",
    "venue": "TEST",
    "instrument": "BTC/USD",
    "timeframe": "1h",
}
SWEEP = {**ASKED, "engine": "vectorbt", "grid": {"fast": "2:5:1", "slow": [8, 20]}}
SEARCH = {"method": "tpe", "n_trials": 5, "pruning": True}
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def researcher(store: Any, fake_broker: FakeBroker) -> APIClient:
    return script(Role.RESEARCHER)


def post(client: APIClient, path: str, body: Any = None, key: str = "one") -> Any:
    headers = {"Idempotency-Key": key}
    return client.post(f"{API}{path}/", body, format="json", headers=headers)


class TestSweep:
    def test_is_queued_as_it_is_asked(
        self,
        researcher: APIClient,
        fake_broker: FakeBroker,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        body = {
            **SWEEP, "search": {"method": "nsga2", "n_trials": 6}, "cash": 500,
            "objectives": ["cagr", "max_drawdown"], "min_round_trips": 3, "memory_mb": 7,
        }  # fmt: skip
        with django_capture_on_commit_callbacks(execute=True):
            answer = post(researcher, "sweeps", body)

        row, document = Sweep.objects.get(), answer.json()
        asked = question_of(row)
        assert answer.status_code == 202
        assert answer.headers["Location"].endswith(f"{API}sweeps/{row.pk}/")
        assert (document["sweep_id"], document["status"]) == (row.pk, "QUEUED")
        assert (document["dataset"], document["objectives"]) == (None, ["cagr", "max_drawdown"])
        assert asked.grid.describe() == {"fast": ["2", "3", "4", "5"], "slow": ["8", "20"]}
        assert asked.search is not None
        assert (asked.search.method, asked.search.n_trials) == ("nsga2", 6)
        assert (asked.question.cash, asked.min_round_trips) == (500.0, 3)
        assert asked.budget_bytes == 7_000_000
        assert fake_broker.sweeps == [row.pk]

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"strategy": "no_such"}, 400, "unknown_strategy"),
            ({"slippage_bp": 5}, 400, "validation_error"),
            ({"native": "own.py:Own"}, 400, "validation_error"),
            ({"search": {**SEARCH, "trials": 3}}, 400, "validation_error"),
            ({"grid": {}}, 400, "validation_error"),
            ({"grid": {"fast": 5}}, 400, "validation_error"),
            ({"grid": {"fast": [5, 5]}}, 400, "validation_error"),
            ({"grid": {"fast": "5:1:1"}}, 400, "invalid_argument"),
            ({"grid": {"fast": "0:5:1"}}, 400, "invalid_parameter"),
            ({"grid": {"fast": "1:20000:1"}}, 400, "validation_error"),
            ({"grid": {"fast": "0:1e9999:1"}}, 400, "invalid_argument"),
            ({"min_round_trips": 10**12}, 400, "invalid_argument"),
            ({"grid": {"quick": [1]}}, 400, "invalid_parameter"),
            ({"objectives": ["luck"]}, 400, "invalid_argument"),
            ({"objectives": ["cagr", "sharpe"]}, 400, "invalid_argument"),
            ({"search": {"method": "luck", "n_trials": 5}}, 400, "validation_error"),
            ({"search": {"method": "tpe", "n_trials": 9}}, 400, "invalid_argument"),
            ({"search": {**SEARCH, "method": "cmaes"}}, 400, "method_unfit"),
            ({"instrument": "ETH/USD"}, 404, "unknown_instrument"),
        ],
    )
    def test_is_refused_with_a_typed_error(
        self, researcher: APIClient, changes: dict[str, Any], status: int, code: str
    ) -> None:
        answer = post(researcher, "sweeps", {**SWEEP, **changes})

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert not Sweep.objects.exists()

    def test_is_paused_resumed_and_ended(self, researcher: APIClient) -> None:
        number = post(researcher, "sweeps", SWEEP).json()["sweep_id"]

        paused = post(researcher, f"sweeps/{number}/pause", key="a")
        resumed = post(researcher, f"sweeps/{number}/resume", key="b")
        ended = post(researcher, f"sweeps/{number}/cancel", key="c")
        late = post(researcher, f"sweeps/{number}/pause", key="d")

        assert (paused.status_code, paused.json()["paused"]) == (202, True)
        assert (resumed.status_code, resumed.json()["paused"]) == (202, False)
        assert (ended.status_code, ended.json()["status"]) == (200, "CANCELED")
        assert (late.status_code, late.json()["code"]) == (409, "sweep_not_running")

    @pytest.mark.engine("vectorbt")
    def test_shows_early_results(
        self, researcher: APIClient, store: SeriesStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("research.services.sweep_queue._SITTING_SECONDS", 0.01)
        body = {**SWEEP, "memory_mb": 1, "min_round_trips": 1, "search": {**SEARCH}}
        number = post(researcher, "sweeps", body).json()["sweep_id"]

        work_on_sweep(sweep_id=number, means=Means(store=store, clock=SystemClock()))

        shown = researcher.get(f"{API}sweeps/{number}/").json()
        trials = researcher.get(f"{API}sweeps/{number}/trials/").json()
        assert (shown["status"], shown["progress"]) == ("RUNNING", 0.2)
        assert len(shown["best"]) == trials["count"] == 1

    def test_is_for_those_who_may_add_sweeps(self, researcher: APIClient) -> None:
        number = post(researcher, "sweeps", SWEEP).json()["sweep_id"]
        viewer, nobody = script(Role.VIEWER), APIClient()

        for path in ("sweeps", *(f"sweeps/{number}/{a}" for a in ("pause", "resume", "cancel"))):
            assert post(viewer, path, SWEEP).status_code == 403
            assert post(nobody, path, SWEEP).status_code == 401
        assert Sweep.objects.get().paused_at is None


class TestJobs:
    def test_of_a_comparison_is_queued_as_it_is_asked(
        self,
        researcher: APIClient,
        fake_broker: FakeBroker,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            body = {**ASKED, "engines": ["vectorbt", "nautilus"], "ladder": True, "seed": 3}
            answer = post(researcher, "comparisons", body)

        job = Job.objects.get()
        asked = comparison_from_json(job.question)
        assert answer.status_code == 202
        assert answer.headers["Location"].endswith(f"{API}jobs/{job.pk}/")
        assert answer.json()["kind"] == "COMPARISON"
        assert (asked.engines, asked.ladder) == (("vectorbt", "nautilus"), True)
        assert (asked.question.seed, asked.question.strategy_key) == (3, "sma_cross")
        assert fake_broker.jobs == [job.pk]

    def test_of_a_verdict_is_queued_as_it_is_asked(self, researcher: APIClient) -> None:
        body = {
            **SWEEP, "prior_trials": 9, "windows": 4, "purge_days": 1, "embargo_days": 2,
            "parity_bars": 50, "choice": {"fast": 3, "slow": "20"},
        }  # fmt: skip
        answer = post(researcher, "validations", body)

        asked = validation_from_json(Job.objects.get().question)
        assert answer.status_code == 202
        assert (asked.prior_trials, asked.n_windows, asked.parity_bars) == (9, 4, 50)
        assert (asked.purge_days, asked.embargo_days) == (1, 2)
        assert asked.choice == {"fast": "3", "slow": "20"}
        assert asked.sweep.grid.size == 8

    def test_of_an_examination_is_queued_as_it_is_asked(
        self, researcher: APIClient, ask: Ask
    ) -> None:
        run = ask()
        body = {"tool": "bootstrap", "run": run.pk, "options": {"n_paths": 500}, "seed": 4}
        answer = post(researcher, "examinations", body)

        assert answer.status_code == 202, answer.json()
        assert Job.objects.get().question == {
            "run": run.pk, "sweep": None, "tool": "bootstrap", "options": {"n_paths": 500}, "seed": 4,
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("path", "body", "status", "code"),
        [
            ("comparisons", {**ASKED, "engines": ["luck"]}, 400, "unknown_engine"),
            ("comparisons", {**ASKED, "engine": "vectorbt"}, 400, "validation_error"),
            ("examinations", {"tool": "bootstrap", "run": 1, "draws": 5}, 400, "validation_error"),
            ("comparisons", {**ASKED, "engines": ["vectorbt"] * 2}, 400, "invalid_argument"),
            ("comparisons", {**ASKED, "strategy": "luck"}, 400, "unknown_strategy"),
            ("validations", {**SWEEP, "windows": 0}, 400, "validation_error"),
            ("validations", {**SWEEP, "prior_trials": 10**12}, 400, "invalid_argument"),
            ("validations", {**SWEEP, "choice": {"quick": 1}}, 400, "invalid_parameter"),
            ("validations", {**SWEEP, "choice": {"fast": "\0"}}, 400, "invalid_parameter"),
            ("validations", {**SWEEP, "objectives": ["cagr"]}, 400, "invalid_argument"),
            ("examinations", {"tool": "luck", "run": 1}, 400, "validation_error"),
            ("examinations", {"tool": "bootstrap"}, 400, "validation_error"),
            ("examinations", {"tool": "bootstrap", "run": 1, "sweep": 1}, 400, "validation_error"),
            ("examinations", {"tool": "bootstrap", "run": 999}, 404, "unknown_run"),
            ("examinations", {"tool": "overfitting", "sweep": 999}, 404, "unknown_sweep"),
        ],
    )
    def test_are_refused_with_a_typed_error(
        self, researcher: APIClient, path: str, body: Any, status: int, code: str
    ) -> None:
        answer = post(researcher, path, body)

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert not Job.objects.exists()

    def test_take_effect_once_under_one_key(self, researcher: APIClient) -> None:
        first, again = (post(researcher, "validations", SWEEP) for _ in range(2))

        assert first.json() == again.json()
        assert Job.objects.count() == 1

    def test_are_ended_once(self, researcher: APIClient) -> None:
        number = post(researcher, "validations", SWEEP).json()["job_id"]

        ended = post(researcher, f"jobs/{number}/cancel", key="a")
        late = post(researcher, f"jobs/{number}/cancel", key="b")

        assert (ended.status_code, ended.json()["status"]) == (200, "CANCELED")
        assert (late.status_code, late.json()["code"]) == (409, "job_not_cancelable")

    def test_that_run_are_asked_to_end(self, researcher: APIClient) -> None:
        number = post(researcher, "validations", SWEEP).json()["job_id"]
        Job.objects.update(
            status=RunStatus.RUNNING, owner="h/1/1", started_at=NOON, lease_until=NOON
        )

        answer = post(researcher, f"jobs/{number}/cancel", key="a")

        assert (answer.status_code, answer.json()["cancel_requested"]) == (202, True)

    def test_are_listed_by_kind_and_status(self, researcher: APIClient) -> None:
        post(researcher, "validations", SWEEP)
        post(researcher, "comparisons", ASKED, key="two")

        def kinds(query: str) -> list[str]:
            found = researcher.get(f"{API}jobs/{query}").json()["results"]
            return [job["kind"] for job in found]

        assert kinds("") == ["COMPARISON", "VALIDATION"]
        assert kinds("?kind=VALIDATION&status=QUEUED") == ["VALIDATION"]
        assert kinds("?status=RUNNING") == []

    def test_are_for_those_who_may_add_them(self, researcher: APIClient, ask: Ask) -> None:
        number = post(researcher, "validations", SWEEP).json()["job_id"]
        viewer, nobody = script(Role.VIEWER), APIClient()

        bodies = {
            "validations": SWEEP,
            "comparisons": ASKED,
            "examinations": {"tool": "bootstrap", "run": ask().pk},
            f"jobs/{number}/cancel": None,
        }
        for path, body in bodies.items():
            assert post(viewer, path, body).status_code == 403
            assert post(nobody, path, body).status_code == 401
        assert viewer.get(f"{API}jobs/{number}/").status_code == 200
        assert nobody.get(f"{API}jobs/{number}/").status_code == 401
        assert Job.objects.get().cancel_requested_at is None
