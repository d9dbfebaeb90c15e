"""Sweeps through the API and at the terminal."""

import json
from io import StringIO
from statistics import median
from typing import Any

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from common.roles import Role
from common.tests.clients import browser, count_queries, script
from common.tests.factories import UserFactory
from research.models import Sweep
from research.selectors import sweep_surfaces
from research.selectors.sweeps import best_trials, describe_sweep
from research.tests.test_sweeps import question, sweep

pytestmark = [pytest.mark.django_db, pytest.mark.engine("vectorbt")]

API = "/api/v1/sweeps/"


@pytest.fixture
def viewer(db: None) -> APIClient:
    return browser(Role.VIEWER)


@pytest.fixture
def done(store: Any) -> Sweep:
    return sweep(store, question(asked={"experiment": "mine"}))


def copies(of: Sweep, count: int) -> None:
    values = {
        field.attname: getattr(of, field.attname)
        for field in Sweep._meta.concrete_fields
        if field.name not in {"id", "created_at"}
    }
    for _ in range(count):
        Sweep.objects.create(**values)


class TestList:
    def test_costs_as_many_queries_for_fifty_rows_as_for_one(
        self, done: Sweep, viewer: APIClient
    ) -> None:
        for_one = count_queries(viewer, API)
        copies(done, 49)

        assert count_queries(viewer, API) == for_one == 5

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("status=SUCCEEDED&experiment=mine", 1),
            ("status=FAILED", 0),
            ("experiment=yours", 0),
            ("strategy=sma_cross&venue=TEST&symbol=BTC/USD", 1),
            ("venue=OTHER", 0),
            ("created_before=2020-01-01T00:00:00Z", 0),
            ("created_after=2020-01-01T00:00:00Z", 1),
        ],
    )
    def test_filters(self, done: Sweep, viewer: APIClient, query: str, found: int) -> None:
        assert len(viewer.get(f"{API}?{query}").json()["results"]) == found


class TestDetail:
    @pytest.mark.both_databases
    def test_is_what_the_command_prints(self, done: Sweep, viewer: APIClient) -> None:
        output = StringIO()
        call_command("show_sweep", str(done.pk), "--json", stdout=output)

        answer = viewer.get(f"{API}{done.pk}/")

        assert answer.json() == json.loads(output.getvalue()) == describe_sweep(done, best=10)
        tag = {"If-None-Match": answer.headers["ETag"]}
        assert viewer.get(f"{API}{done.pk}/", headers=tag).status_code == 304


class TestTrials:
    def test_pages_hold_each_once(self, done: Sweep, viewer: APIClient) -> None:
        seen, counts, address = [], set(), f"{API}{done.pk}/trials/?limit=3"
        while address:
            page = viewer.get(address).json()
            counts.add(page["count"])
            seen += [row["number"] for row in page["results"]]
            address = page["next"]

        assert (seen, counts) == ([0, 1, 2, 3, 4, 5, 7, 9], {8})

    def test_come_best_first_on_request(self, done: Sweep, viewer: APIClient) -> None:
        page = viewer.get(f"{API}{done.pk}/trials/?ordering=-value&ranked=true").json()

        best = [trial.number for trial in best_trials(done, count=8)]
        assert [row["number"] for row in page["results"]] == best
        assert viewer.get(f"{API}{done.pk}/trials/?ranked=false").json()["count"] == 0

    @pytest.mark.parametrize("query", ["limit=0", "offset=-1", "ordering=error", "rank=true"])
    def test_refuses_what_it_cannot_do(self, done: Sweep, viewer: APIClient, query: str) -> None:
        assert viewer.get(f"{API}{done.pk}/trials/?{query}").status_code == 400


class TestSurface:
    @pytest.mark.both_databases
    def test_has_each_trial_at_its_place(self, done: Sweep, viewer: APIClient) -> None:
        found = viewer.get(f"{API}{done.pk}/surface/?x=fast&y=slow&metric=total_return").json()

        assert (found["x"]["values"], found["y"]["values"]) == ([2, 4, 6, 8, 10], [8, 20])
        assert found["count"] == [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]
        assert found["median"][0][3:] == [None, None]
        assert found["median"][1][1] == done.trials.get(number=3).metrics["total_return"]

    def test_takes_the_median_where_other_parameters_vary(
        self, store: Any, viewer: APIClient
    ) -> None:
        asked = question("fast=2,3", "slow=8,20,30", "allow_short=false")
        done = sweep(store, asked)

        found = viewer.get(f"{API}{done.pk}/surface/?x=fast&y=allow_short").json()

        values = [t.metrics["sharpe"] for t in done.trials.all() if t.params["fast"] == 3]
        assert (found["count"], found["median"][0][1]) == ([[3, 3]], median(values))

    @pytest.mark.parametrize(
        "query", ["x=fast&y=speed", "x=fast&y=fast", "x=fast&y=slow&metric=luck"]
    )
    def test_refuses_names_that_there_are_not(
        self, done: Sweep, viewer: APIClient, query: str
    ) -> None:
        answer = viewer.get(f"{API}{done.pk}/surface/?{query}")

        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_argument")

    def test_refuses_more_places_than_a_client_could_hold(
        self, done: Sweep, viewer: APIClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sweep_surfaces, "_MOST_PLACES", 9)

        answer = viewer.get(f"{API}{done.pk}/surface/", {"x": "fast", "y": "slow"})

        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_argument")
        assert "5 by 2 places, at most 9" in answer.json()["detail"]


class TestRoles:
    def test_is_closed_to_strangers_and_changes_nothing(self, done: Sweep) -> None:
        for part in ("", f"{done.pk}/", f"{done.pk}/trials/", f"{done.pk}/surface/"):
            assert APIClient().get(f"{API}{part}").status_code == 401
            assert browser(user=UserFactory.create()).get(f"{API}{part}").status_code == 403
        assert script(Role.ADMIN).delete(f"{API}{done.pk}/").status_code in {403, 405}
