import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from common.domain.time import format_utc
from common.roles import Role
from common.tests.clients import browser, count_queries, script
from common.tests.factories import UserFactory
from research.engines.registry import list_engines
from research.models import Run
from research.selectors.runs import get_run, list_fills
from research.tests.conftest import HOUR_NS, START_NS, Ask, bars, wave
from research.tests.copies import copy_run

pytestmark = [pytest.mark.django_db, pytest.mark.engine("vectorbt"), pytest.mark.both_databases]

RUNS = "/api/v1/runs/"


@pytest.fixture
def viewer(db: None) -> APIClient:
    return browser(Role.VIEWER)


def shown(run: Run, *options: str) -> dict[str, Any]:
    output = StringIO()
    call_command("show_run", str(run.pk), "--json", *options, stdout=output)
    document: dict[str, Any] = json.loads(output.getvalue())
    return document


class TestDetail:
    def test_is_what_show_run_prints(self, ask: Ask, viewer: APIClient) -> None:
        run = ask()

        answer = viewer.get(f"{RUNS}{run.pk}/")

        assert answer.status_code == 200
        assert answer.json() == shown(run, "--no-fills")
        assert answer.json()["metrics"]["n_fills"] == run.n_fills > 5

    def test_of_a_failed_run_says_why(self, ask: Ask, viewer: APIClient) -> None:
        run = ask(params={"allow_short": "true"})

        document = viewer.get(f"{RUNS}{run.pk}/").json()

        assert document == shown(run, "--no-fills")
        assert (document["status"], document["code"]) == ("REFUSED", "needs_margin")
        assert document["extra"] == {"run_id": run.pk}

    def test_counts_the_trials_so_far(self, ask: Ask, viewer: APIClient) -> None:
        run = ask()
        address = f"{RUNS}{run.pk}/"
        before = viewer.get(address)
        unchanged = viewer.get(address, headers={"If-None-Match": before.headers["ETag"]})

        ask()  # A repeat is no trial.
        repeated = viewer.get(address, headers={"If-None-Match": before.headers["ETag"]})
        ask(params={"fast": 7})
        after = viewer.get(address, headers={"If-None-Match": before.headers["ETag"]})

        assert (before.json()["trials"], unchanged.status_code) == (1, 304)
        assert repeated.status_code == 304
        assert (after.status_code, after.json()["trials"]) == (200, 2)

    def test_there_is_none_of_another_number(self, viewer: APIClient) -> None:
        answer = viewer.get(f"{RUNS}999/")

        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


class TestList:
    def test_shows_what_was_asked_and_what_came_out(self, ask: Ask, viewer: APIClient) -> None:
        run = ask()

        (row,) = viewer.get(RUNS).json()["results"]

        assert (row["id"], row["status"], row["engine"]) == (run.pk, "SUCCEEDED", "vectorbt")
        assert (row["strategy"], row["params"]["slow"]) == ("sma_cross", 50)
        assert (row["dataset"]["venue"], row["dataset"]["rows"]) == ("TEST", 400)
        assert row["metrics"] == run.metrics

    def test_costs_as_many_queries_for_fifty_rows_as_for_one(
        self, ask: Ask, viewer: APIClient
    ) -> None:
        run = ask()
        for_one = {
            name: count_queries(viewer, f"/api/v1/{name}/") for name in ("runs", "datasets")
        }
        for number in range(49):
            copy_run(run, number=number)

        # The session, its user, his permissions and those of his groups, the rows.
        assert for_one == {"runs": 5, "datasets": 5}
        assert count_queries(viewer, RUNS) == 5
        assert count_queries(viewer, "/api/v1/datasets/") == 5

    def test_pages_are_stable_while_runs_are_added(self, ask: Ask, viewer: APIClient) -> None:
        run = ask()
        copies = [copy_run(run, number=number).pk for number in range(6)]

        seen, address = [], f"{RUNS}?page_size=3"
        while address:
            page = viewer.get(address).json()
            seen += [row["id"] for row in page["results"]]
            address = page["next"]
            copy_run(run, number=100 + len(seen))

        assert seen == [*reversed(copies), run.pk]

    @pytest.mark.parametrize(
        "query",
        [
            "status=SUCCEEDED",
            "engine=vectorbt&status=SUCCEEDED",
            "experiment=mine",
            "strategy=sma_cross&experiment=mine",
            "venue=TEST&experiment=mine",
            "symbol=BTC/USD&experiment=mine",
            "dataset={dataset}",
            "input_hash={input_hash}&experiment=mine",
            "created_before={later}",
        ],
    )
    def test_filters_find_the_run(self, ask: Ask, viewer: APIClient, query: str) -> None:
        run = ask(experiment="mine")
        other = copy_run(run, number=1)
        facts = {
            "dataset": run.dataset.hash,
            "input_hash": run.input_hash,
            "later": other.created_at.isoformat().replace("+00:00", "Z"),
        }

        rows = viewer.get(f"{RUNS}?{query.format(**facts)}").json()["results"]

        assert [row["id"] for row in rows] == [run.pk]

    @pytest.mark.parametrize(
        "query",
        [
            "status=FAILED",
            "engine=nautilus",
            "experiment=another",
            "strategy=ema_adx",
            "venue=BINANCE",
            "symbol=ETH/USD",
            "dataset=0",
            "input_hash=0",
            "created_after=2999-01-01T00:00:00Z",
            "created_after=2999-01-01T00:00:00%2B21:47",
        ],
    )
    def test_filters_leave_others_out(self, ask: Ask, viewer: APIClient, query: str) -> None:
        ask()

        assert viewer.get(f"{RUNS}?{query}").json()["results"] == []

    @pytest.mark.parametrize("query", ["state=FAILED", "status=DONE", "created_after=soon"])
    def test_refuses_what_it_would_have_to_ignore(self, viewer: APIClient, query: str) -> None:
        answer = viewer.get(f"{RUNS}?{query}")

        assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")

    def test_datasets_are_found_by_what_they_hold(self, ask: Ask, viewer: APIClient) -> None:
        run = ask()
        copy_run(run, number=1)

        def found(query: str) -> list[int]:
            rows = viewer.get(f"/api/v1/datasets/?{query}").json()["results"]
            return [row["id"] for row in rows]

        assert found(f"hash={run.dataset.hash}") == [run.dataset_id]
        assert len(found("venue=TEST&symbol=BTC/USD")) == 2
        assert found("venue=OTHER") == found("symbol=ETH/USD") == []
        detail = viewer.get(f"/api/v1/datasets/{run.dataset_id}/").json()
        assert (detail["rows"], detail["timeframe"]) == (400, "1h")


class TestFills:
    def test_are_those_of_show_run(self, ask: Ask, viewer: APIClient) -> None:
        run = ask()

        document = viewer.get(f"{RUNS}{run.pk}/fills/").json()

        assert document["results"] == shown(run)["fills"]
        assert document["count"] == run.n_fills
        assert (document["next"], document["previous"]) == (None, None)

    @pytest.mark.parametrize("limit", [1, 3, 100])
    def test_pages_hold_each_once(self, ask: Ask, viewer: APIClient, limit: int) -> None:
        run = ask()

        fills: list[Any] = []
        address = f"{RUNS}{run.pk}/fills/?limit={limit}"
        while address:
            page = viewer.get(address).json()
            fills += page["results"]
            address = page["next"]

        assert fills == list_fills(get_run(run.pk))

    def test_pages_lead_back(self, ask: Ask, viewer: APIClient) -> None:
        run = ask()

        page = viewer.get(f"{RUNS}{run.pk}/fills/?limit=2&offset=2").json()
        before = viewer.get(page["previous"]).json()

        assert before["results"] + page["results"] == list_fills(get_run(run.pk))[:4]
        assert before["previous"] is None

    def test_period_is_half_open(self, ask: Ask, viewer: APIClient) -> None:
        run = ask()
        fills = list_fills(get_run(run.pk))
        period = {"start": fills[1]["ts"], "end": fills[3]["ts"]}

        page = viewer.get(f"{RUNS}{run.pk}/fills/", {**period, "limit": "1"}).json()

        assert page["results"] == fills[1:2]
        assert page["count"] == 2
        assert viewer.get(page["next"]).json()["results"] == fills[2:3]

    def test_csv_has_the_same(self, ask: Ask, viewer: APIClient) -> None:
        run = ask()
        first = list_fills(get_run(run.pk))[0]

        answer = viewer.get(f"{RUNS}{run.pk}/fills/?format=csv")

        lines = answer.content.decode().splitlines()
        assert lines[0] == "ts,side,price,quantity,fee,liquidity"
        assert lines[1] == ",".join(str(value) for value in first.values())
        assert len(lines) == run.n_fills + 1
        disposition = f'attachment; filename="run-{run.pk}-fills.csv"'
        assert answer.headers["Content-Disposition"] == disposition

    @pytest.mark.parametrize(
        "query", ["limit=0", "limit=10001", "offset=-1", "page=2", "start=soon", "offset=9e99"]
    )
    def test_refuses_what_it_cannot_do(self, ask: Ask, viewer: APIClient, query: str) -> None:
        answer = viewer.get(f"{RUNS}{ask().pk}/fills/?{query}")

        assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")

    def test_a_period_must_end_after_its_start(self, ask: Ask, viewer: APIClient) -> None:
        answer = viewer.get(f"{RUNS}{ask().pk}/fills/?start=2024-01-01&end=2024-01-01")

        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_period")

    def test_beyond_the_last_there_are_none(self, ask: Ask, viewer: APIClient) -> None:
        page = viewer.get(f"{RUNS}{ask().pk}/fills/?offset=9007199254740991").json()

        assert (page["results"], page["next"]) == ([], None)

    def test_a_run_that_left_none_has_none(self, ask: Ask, viewer: APIClient) -> None:
        copy = copy_run(ask(), number=1)

        document = viewer.get(f"{RUNS}{copy.pk}/fills/").json()

        assert document == {"count": 0, "next": None, "previous": None, "results": []}


class TestEquity:
    def test_is_marked_at_every_close(self, ask: Ask, viewer: APIClient) -> None:
        run = ask(strategy_key="buy_and_hold")

        document = viewer.get(f"{RUNS}{run.pk}/equity/").json()

        marks = document["results"]
        assert document["count"] == len(marks) == 400
        assert marks[0]["equity"] == run.equity["first"] == 10_000
        assert marks[-1]["equity"] == run.equity["last"]
        # Bought at the open of the second bar with all the cash there was, less the fee.
        close, (fill,) = bars(wave(400)).close, list_fills(get_run(run.pk))
        cash = 10_000 - fill["price"] * fill["quantity"] - fill["fee"]
        assert marks[57]["equity"] == pytest.approx(cash + fill["quantity"] * close[57], rel=1e-12)

    def test_period_and_csv(self, ask: Ask, viewer: APIClient) -> None:
        run = ask()
        hour = START_NS + 10 * HOUR_NS
        period = {"start": format_utc(hour), "end": format_utc(hour + 2 * HOUR_NS)}
        document = viewer.get(f"{RUNS}{run.pk}/equity/", period).json()
        table = viewer.get(f"{RUNS}{run.pk}/equity/", {**period, "format": "csv"})

        assert [mark["time"] for mark in document["results"]] == [
            format_utc(hour),
            format_utc(hour + HOUR_NS),
        ]
        lines = [f"{mark['time']},{mark['equity']}" for mark in document["results"]]
        assert table.content.decode().splitlines() == ["time,equity", *lines]


class TestDamage:
    @pytest.mark.parametrize("kind", ["fills", "equity"])
    @pytest.mark.parametrize("output", ["json", "csv"])
    def test_is_an_error_with_its_sentence(
        self, ask: Ask, viewer: APIClient, installation: Path, kind: str, output: str
    ) -> None:
        run = get_run(ask().pk)
        artefact = next(file for file in run.artefacts.all() if file.kind == kind)
        path = installation / "artefacts" / artefact.path
        path.write_bytes(path.read_bytes()[:-1] + b"x")

        answer = viewer.get(f"{RUNS}{run.pk}/{kind}/?format={output}")
        detail = viewer.get(f"{RUNS}{run.pk}/")

        assert (answer.status_code, answer.json()["code"]) == (409, "artefact_damaged")
        assert f"{kind} of run {run.pk} has hash" in answer.json()["detail"]
        assert "ETag" not in answer.headers
        assert detail.status_code == 200


class TestRoles:
    @pytest.mark.parametrize("role", Role)
    def test_every_role_reads(self, ask: Ask, role: Role) -> None:
        run = ask()
        client = script(role)

        for address in (RUNS, f"{RUNS}{run.pk}/", f"{RUNS}{run.pk}/fills/", "/api/v1/datasets/"):
            assert client.get(address).status_code == 200

    @pytest.mark.parametrize("method", ["put", "patch", "delete"])
    def test_nobody_changes_a_run(self, ask: Ask, method: str) -> None:
        run = ask()
        client = browser(user=UserFactory.create(is_superuser=True))

        for address in (f"{RUNS}{run.pk}/", f"/api/v1/datasets/{run.dataset_id}/"):
            answer = getattr(client, method)(address, {"status": "FAILED"})
            assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
        run.refresh_from_db()
        assert run.status == "SUCCEEDED"


class TestEngines:
    @pytest.mark.parametrize("role", Role)
    def test_every_role_sees_what_is_installed(self, role: Role) -> None:
        document = browser(role).get("/api/v1/engines/").json()

        assert document == {"engines": [engine.describe() for engine in list_engines()]}
        (vectorbt,) = (row for row in document["engines"] if row["name"] == "vectorbt")
        assert vectorbt["installed"] is True
        assert vectorbt["capabilities"]["short_selling"] is True

    def test_they_are_for_reading_only(self) -> None:
        client = browser(user=UserFactory.create(is_superuser=True))

        assert client.post("/api/v1/engines/").status_code == 405
        assert client.options("/api/v1/engines/").status_code == 200
