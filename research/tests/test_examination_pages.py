"""Examinations through the API and in the back office."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from common.roles import Role
from common.tests.clients import browser, count_queries, script
from common.tests.factories import UserFactory
from research.examination.registry import TOOLS, list_tools
from research.models import Examination, Run
from research.selectors.examinations import describe_examination
from research.tests.conftest import Ask
from research.tests.test_examine_run import examined
from research.tests.test_sweeps import question, sweep

pytestmark = [pytest.mark.django_db, pytest.mark.engine("vectorbt")]

API = "/api/v1/examinations/"
ADMIN = "/admin/research/examination/"


@pytest.fixture
def viewer(db: None) -> APIClient:
    return browser(user=UserFactory.create(is_staff=True, role=Role.VIEWER))


@pytest.fixture
def run(ask: Ask) -> Run:
    done: Run = ask(params={"fast": 3, "slow": 9})
    return done


@pytest.fixture
def found(run: Run, store: Any) -> Examination:
    return examined(run, store, "deflated_sharpe")


def copies(of: Examination, count: int, **changes: Any) -> None:
    values = {
        field.attname: getattr(of, field.attname)
        for field in Examination._meta.concrete_fields
        if field.name not in {"id", "created_at"}
    }
    for _ in range(count):
        Examination.objects.create(**{**values, **changes})


class TestApi:
    @pytest.mark.both_databases
    def test_shows_what_the_command_prints(self, found: Examination, viewer: APIClient) -> None:
        answer = viewer.get(f"{API}{found.pk}/")

        assert answer.json() == describe_examination(found)
        assert [value["key"] for value in answer.json()["values"]][:2] == ["days", "sharpe"]
        undefined = {each["key"]: each["undefined"] for each in answer.json()["values"]}
        assert "how much trials vary is unknown" in undefined["dsr"]
        tag = {"If-None-Match": answer.headers["ETag"]}
        assert viewer.get(f"{API}{found.pk}/", headers=tag).status_code == 304

    def test_costs_as_many_queries_for_fifty_rows_as_for_one(
        self, found: Examination, viewer: APIClient
    ) -> None:
        for_one = count_queries(viewer, API)
        copies(found, 49)

        assert count_queries(viewer, API) == for_one == 5

    @pytest.mark.parametrize(
        ("query", "number"),
        [
            ("tool=deflated_sharpe", 1),
            ("tool=regimes", 1),
            ("tool=luck", 0),
            ("run={run}", 2),
            ("run=999", 0),
            ("sweep=1", 0),
            ("passed=false", 1),
            ("passed=true", 0),
            ("created_before=2020-01-01T00:00:00Z", 0),
        ],
    )
    def test_filters(self, found: Examination, viewer: APIClient, query: str, number: int) -> None:
        copies(found, 1, tool="regimes", passed=None)

        answer = viewer.get(f"{API}?{query.format(run=found.run_id)}").json()

        assert len(answer["results"]) == number

    @pytest.mark.parametrize("query", ["passed=perhaps", "run=one"])
    def test_refuses_what_is_no_value(self, viewer: APIClient, query: str) -> None:
        assert viewer.get(f"{API}?{query}").status_code == 400

    def test_lists_the_tools(self, viewer: APIClient) -> None:
        tools = viewer.get("/api/v1/validation-tools/").json()["tools"]

        assert tools == [tool.describe() for tool in list_tools()]
        assert [tool["key"] for tool in tools] == list(TOOLS)

    def test_is_closed_to_strangers_and_changes_nothing(self, found: Examination) -> None:
        for address in (API, f"{API}{found.pk}/", "/api/v1/validation-tools/"):
            assert APIClient().get(address).status_code == 401
            assert browser(user=UserFactory.create()).get(address).status_code == 403
        assert script(Role.VIEWER).get(f"{API}999/").status_code == 404
        assert script(Role.ADMIN).delete(f"{API}{found.pk}/").status_code in {403, 405}


class TestAdmin:
    def test_shows_values_reasons_and_charts(
        self, run: Run, store: Any, viewer: APIClient
    ) -> None:
        found = examined(run, store, "regimes", window_days=2)

        page = viewer.get(f"{ADMIN}{found.pk}/change/").content.decode()

        assert found.sentence in page
        assert "log growth, calmest third" in page
        assert f"{found.values['volatility_low']:,.2f}" in page
        assert 'data-type="bar"' in page
        assert "In which markets, months, weekdays and hours was it earned?" in page

    def test_says_why_a_value_is_missing(self, found: Examination, viewer: APIClient) -> None:
        page = viewer.get(f"{ADMIN}{found.pk}/change/").content.decode()

        assert "how much trials vary is unknown" in page

    def test_lists_in_a_constant_number_of_queries(
        self, found: Examination, viewer: APIClient
    ) -> None:
        for_one = count_queries(viewer, ADMIN)
        copies(found, 30)

        assert count_queries(viewer, ADMIN) == for_one

    def test_the_page_of_a_run_leads_to_its_examinations(
        self, found: Examination, viewer: APIClient
    ) -> None:
        page = viewer.get(f"/admin/research/run/{found.run_id}/change/").content.decode()

        assert f'href="{ADMIN}{found.pk}/change/"' in page
        assert "Deflated Sharpe ratio" in page

    def test_shows_what_was_found_of_a_sweep(self, store: Any, viewer: APIClient) -> None:
        swept = sweep(store, question("fast=2,3", "slow=8"))
        found = examined(swept, store, "best_deflated_sharpe")

        page = viewer.get(f"{ADMIN}{found.pk}/change/").content.decode()

        assert 'data-type="line"' in page
        assert "Judged by" in page
        assert f'href="/admin/research/sweep/{swept.pk}/change/"' in page
        assert f">sweep {swept.pk}</a>" in viewer.get(ADMIN).content.decode()
        assert len(viewer.get(f"{API}?sweep={swept.pk}").json()["results"]) == 1
        of_sweep = viewer.get(f"/admin/research/sweep/{swept.pk}/change/").content.decode()
        assert f'href="{ADMIN}{found.pk}/change/"' in of_sweep

    def test_adds_changes_and_removes_nothing(self, found: Examination) -> None:
        superuser = browser(user=UserFactory.create(is_staff=True, is_superuser=True))

        assert superuser.get(f"{ADMIN}add/").status_code == 403
        assert superuser.post(f"{ADMIN}{found.pk}/delete/", {"post": "yes"}).status_code == 403
