"""Validations through the API."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from common.data_pipeline.store import SeriesStore
from common.roles import Role
from common.tests.clients import browser, count_queries, script
from common.tests.factories import UserFactory
from research.models import Sweep, Validation
from research.selectors.command_lines import run_command
from research.selectors.validations import describe_validation
from research.tests.test_sweeps import question, sweep
from research.tests.validating import gate, written
from research.validation.gates import KEYS

pytestmark = [pytest.mark.django_db, pytest.mark.engine("vectorbt")]

API = "/api/v1/validations/"
FIGURES: dict[str, Any] = {"days": ["2020-01-01"], "equity": [1.25], "overfitting": None}


@pytest.fixture
def viewer(db: None) -> APIClient:
    return browser(Role.VIEWER)


@pytest.fixture
def done(store: SeriesStore) -> Sweep:
    return sweep(store, question(asked={"experiment": "mine"}))


class TestList:
    def test_is_short_and_names_the_gates_that_failed(
        self, done: Sweep, viewer: APIClient
    ) -> None:
        gates = [gate(name, None if name in {"delay", "sample"} else 1.0) for name in KEYS]
        validation = written(done, passed=False, params=None, gates=gates)

        (row,) = viewer.get(API).json()["results"]

        assert (row["id"], row["verdict"], row["params"]) == (validation.pk, "FAIL", None)
        assert (row["failed"], row["n_trials"]) == (["sample", "delay"], 1_234)
        assert (row["strategy"], row["experiment"]) == ("sma_cross", "mine")
        assert (row["dataset"]["symbol"], row["dataset"]["timeframe"]) == ("BTC/USD", "1h")

    def test_costs_as_many_queries_for_fifty_rows_as_for_one(
        self, done: Sweep, viewer: APIClient
    ) -> None:
        written(done)
        for_one = count_queries(viewer, API)
        for _ in range(49):
            written(done)

        assert count_queries(viewer, API) == for_one == 5

    def test_comes_in_pages_the_newest_first(self, done: Sweep, viewer: APIClient) -> None:
        numbers = [written(done).pk for _ in range(3)]

        seen, address = [], f"{API}?page_size=2"
        while address:
            page = viewer.get(address).json()
            seen += [row["id"] for row in page["results"]]
            address = page["next"]

        assert seen == numbers[::-1]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("verdict=PASS", 1),
            ("verdict=FAIL", 2),
            ("verdict=FAIL&strategy=sma_cross&experiment=mine", 2),
            ("strategy=other", 0),
            ("venue=TEST&symbol=BTC/USD&timeframe=1h", 3),
            ("timeframe=1d", 0),
            ("created_before=2020-01-01T00:00:00Z", 0),
            ("created_after=2020-01-01T00:00:00Z", 3),
        ],
    )
    def test_filters(self, done: Sweep, viewer: APIClient, query: str, found: int) -> None:
        for passed in (True, False, False):
            written(done, passed=passed)

        assert len(viewer.get(f"{API}?{query}").json()["results"]) == found

    def test_filters_by_the_sweep(
        self, done: Sweep, store: SeriesStore, viewer: APIClient
    ) -> None:
        written(done)
        other = sweep(store, question("fast=2,3", "slow=8"))
        validation = written(other)

        (row,) = viewer.get(f"{API}?sweep={other.pk}").json()["results"]

        assert row["id"] == validation.pk

    def test_refuses_a_verdict_that_there_is_not(self, viewer: APIClient) -> None:
        assert viewer.get(f"{API}?verdict=MAYBE").status_code == 400


class TestDetail:
    @pytest.mark.both_databases
    def test_is_what_the_command_prints(self, done: Sweep, viewer: APIClient) -> None:
        validation = written(done, figures=FIGURES)
        address = f"{API}{validation.pk}/"

        answer = viewer.get(address)

        assert answer.json() == describe_validation(validation)
        assert "figures" not in answer.json()
        assert validation.params is not None
        assert answer.json()["command"] == run_command(validation.question, validation.params)
        tag = {"If-None-Match": answer.headers["ETag"]}
        assert viewer.get(address, headers=tag).status_code == 304

    def test_has_another_tag_where_its_experiment_has_another_name(
        self, done: Sweep, viewer: APIClient
    ) -> None:
        address = f"{API}{written(done).pk}/"
        before = viewer.get(address)
        experiment = done.experiment
        experiment.name = "ours"
        experiment.save()

        after = viewer.get(address, headers={"If-None-Match": before.headers["ETag"]})

        assert (after.status_code, after.json()["experiment"]) == (200, "ours")

    def test_without_a_chosen_set_has_no_command(self, done: Sweep, viewer: APIClient) -> None:
        document = viewer.get(f"{API}{written(done, params=None).pk}/").json()

        assert (document["command"], document["strategy"]["params"]) == (None, None)

    def test_that_there_is_not_is_not_found(self, viewer: APIClient) -> None:
        assert viewer.get(f"{API}12345/").status_code == 404
        assert viewer.get(f"{API}12345/figures/").status_code == 404


class TestFigures:
    def test_are_those_of_the_row(self, done: Sweep, viewer: APIClient) -> None:
        address = f"{API}{written(done, figures=FIGURES).pk}/figures/"

        answer = viewer.get(address)

        assert answer.json() == FIGURES
        tag = {"If-None-Match": answer.headers["ETag"]}
        assert viewer.get(address, headers=tag).status_code == 304


class TestRoles:
    def test_are_closed_to_strangers_and_nothing_changes(self, done: Sweep) -> None:
        number = written(done).pk
        for part in ("", f"{number}/", f"{number}/figures/"):
            assert APIClient().get(f"{API}{part}").status_code == 401
            assert browser(user=UserFactory.create()).get(f"{API}{part}").status_code == 403
        for method in ("put", "patch", "delete"):
            change = getattr(script(Role.ADMIN), method)
            assert change(f"{API}{number}/").status_code in {403, 405}
        assert Validation.objects.get().passed
