"""Comparisons through the API and in the back office."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from common.domain.costs import CostModel
from common.roles import Role
from common.tests.clients import browser, count_queries, script
from common.tests.factories import UserFactory
from research.models import ComparedRun, Comparison
from research.selectors.comparisons import describe_comparison
from research.tests.conftest import START_NS
from research.tests.test_compare_engines import compare

pytestmark = [pytest.mark.django_db, pytest.mark.engine("vectorbt")]

API = "/api/v1/comparisons/"
ADMIN = "/admin/research/comparison/"


@pytest.fixture
def viewer(db: None) -> APIClient:
    return browser(user=UserFactory.create(is_staff=True, role=Role.VIEWER))


@pytest.fixture
def comparison(store: Any) -> Comparison:
    return compare(
        store, "vectorbt", ladder=True, costs=CostModel(slippage=0.001), experiment="mine"
    )


def copies(comparison: Comparison, count: int, **changes: Any) -> list[Comparison]:
    made = []
    for _ in range(count):
        values = {
            field.attname: getattr(comparison, field.attname)
            for field in Comparison._meta.concrete_fields
            if field.name not in {"id", "created_at"}
        }
        made.append(Comparison.objects.create(**{**values, **changes}))
        ComparedRun.objects.bulk_create(
            ComparedRun(comparison=made[-1], run_id=part.run_id, part=part.part)
            for part in comparison.compared_runs.all()
        )
    return made


class TestApi:
    @pytest.mark.both_databases
    def test_shows_what_the_command_prints(
        self, comparison: Comparison, viewer: APIClient
    ) -> None:
        answer = viewer.get(f"{API}{comparison.pk}/")

        assert answer.status_code == 200
        assert answer.json() == describe_comparison(comparison)
        assert [rung["rung"] for rung in answer.json()["ladder"]][:3] == [
            "frictionless", "fees", "slippage",
        ]  # fmt: skip

    def test_lists_without_the_documents(self, comparison: Comparison, viewer: APIClient) -> None:
        (row,) = viewer.get(API).json()["results"]

        assert (row["id"], row["verdict"], row["strategy"]) == (
            comparison.pk, "SINGLE", "sma_cross",
        )  # fmt: skip
        run = comparison.compared_runs.get(part="engine").run_id
        assert {"run": run, "part": "engine"} in row["runs"]
        assert row["dataset"]["rows"] == 400

    def test_costs_as_many_queries_for_fifty_rows_as_for_one(
        self, comparison: Comparison, viewer: APIClient
    ) -> None:
        for_one = count_queries(viewer, API)
        copies(comparison, 49)

        # The session, its user, his permissions and those of his groups, rows and their runs.
        assert count_queries(viewer, API) == for_one == 6

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("verdict=SINGLE", 1),
            ("verdict=EQUAL", 1),
            ("verdict=FAILED", 0),
            ("experiment=mine", 2),
            ("experiment=yours", 0),
            ("strategy=sma_cross&venue=TEST&symbol=BTC/USD", 2),
            ("venue=OTHER", 0),
            ("run={run}", 2),
            ("run=999", 0),
            ("created_before=2020-01-01T00:00:00Z", 0),
            ("created_after=2020-01-01T00:00:00-21:47", 2),
        ],
    )
    def test_filters(
        self, comparison: Comparison, viewer: APIClient, query: str, found: int
    ) -> None:
        copies(comparison, 1, verdict="EQUAL")
        run = comparison.compared_runs.get(part="engine").run_id

        rows = viewer.get(f"{API}?{query.format(run=run)}").json()["results"]

        assert len(rows) == found

    def test_refuses_a_time_that_has_no_year_in_utc(
        self, comparison: Comparison, viewer: APIClient
    ) -> None:
        answer = viewer.get(f"{API}?created_after=9999-12-31T23:59:59-10:00")

        assert (answer.status_code, "created_at" in answer.content.decode()) == (400, True)

    @pytest.mark.parametrize("run", ["1.5", "one", "nan"])
    def test_refuses_a_number_that_no_run_has(self, viewer: APIClient, run: str) -> None:
        assert viewer.get(f"{API}?run={run}").status_code == 400

    def test_pages(self, comparison: Comparison, viewer: APIClient) -> None:
        made = copies(comparison, 4)
        seen, address = [], f"{API}?page_size=2"
        while address:
            page = viewer.get(address).json()
            seen += [row["id"] for row in page["results"]]
            address = page["next"]

        assert seen == [*(each.pk for each in reversed(made)), comparison.pk]

    def test_answers_304_to_who_has_it(self, comparison: Comparison, viewer: APIClient) -> None:
        address = f"{API}{comparison.pk}/"
        tag = viewer.get(address).headers["ETag"]

        assert viewer.get(address, headers={"If-None-Match": tag}).status_code == 304

    def test_is_closed_to_strangers_and_to_those_without_a_role(
        self, comparison: Comparison
    ) -> None:
        assert APIClient().get(API).status_code == 401
        assert browser(user=UserFactory.create()).get(API).status_code == 403

    @pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
    def test_changes_nothing(self, comparison: Comparison, method: str) -> None:
        for client in (script(Role.ADMIN), script(Role.RESEARCHER)):
            assert getattr(client, method)(f"{API}{comparison.pk}/", {}).status_code in {403, 405}


class TestAdmin:
    def test_shows_engines_causes_and_the_ladder(
        self, comparison: Comparison, viewer: APIClient
    ) -> None:
        page = viewer.get(f"{ADMIN}{comparison.pk}/change/").content.decode()

        run = comparison.compared_runs.get(part="engine").run_id
        assert f'href="/admin/research/run/{run}/change/"' in page
        for rung in comparison.document["ladder"]:
            assert rung["rung"] in page
            assert not rung["reason"] or rung["reason"] in page
        assert f"{comparison.document['ladder'][1]['cost']:,.2f}" in page
        assert 'data-type="bar"' in page
        assert "Only one engine could run: nothing was compared." in page

    def test_shows_pairs_and_the_dearest_differences(
        self, comparison: Comparison, viewer: APIClient
    ) -> None:
        made = {
            "a": "one", "b": "two", "cause": "fee", "admissible": False, "side": "BUY",
            "ts": f"{START_NS}", "round_trip": 7, "count": 1,
        }  # fmt: skip
        pair = {
            "a": "one", "b": "two", "matched": 41, "missing": 2, "extra": 3,
            "max_price_diff": 0.25, "max_quantity_diff": 0.5, "final_equity_rel_diff": 0.125,
        }  # fmt: skip
        document = {
            "engines": comparison.document["engines"],
            "pairs": [pair],
            "differences": [{**made, "money": float(-money)} for money in range(1, 151)],
        }
        (different,) = copies(comparison, 1, document=document, verdict="DIFFERENT")

        page = viewer.get(f"{ADMIN}{different.pk}/change/").content.decode()

        assert "150 differences, the 100 dearest of them" in page
        # 1 + 2 + ... + 150, and of the differences those of 51 and more.
        assert ("-11,325" in page, '<td class="px-6 py-2">-51</td>' in page) == (True, True)
        assert '<td class="px-6 py-2">-50</td>' not in page
        assert ("0.25" in page, "0.125" in page, ">41<" in page) == (True, True, True)
        assert "0.12" in viewer.get(ADMIN).content.decode()

    def test_lists_in_a_constant_number_of_queries(
        self, comparison: Comparison, viewer: APIClient
    ) -> None:
        for_one = count_queries(viewer, ADMIN)
        copies(comparison, 49)

        assert count_queries(viewer, ADMIN) == for_one

    @pytest.mark.parametrize("query", ["q=sma", "q=7", "verdict__exact=SINGLE"])
    def test_is_searched_and_filtered(
        self, comparison: Comparison, viewer: APIClient, query: str
    ) -> None:
        assert viewer.get(f"{ADMIN}?{query}", follow=True).status_code == 200

    def test_adds_changes_and_removes_nothing(self, comparison: Comparison) -> None:
        superuser = browser(user=UserFactory.create(is_staff=True, is_superuser=True))

        assert superuser.get(f"{ADMIN}add/").status_code == 403
        assert superuser.post(f"{ADMIN}{comparison.pk}/change/", {}).status_code == 403
        assert (
            superuser.post(f"{ADMIN}{comparison.pk}/delete/", {"post": "yes"}).status_code == 403
        )
