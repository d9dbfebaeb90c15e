from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from common.data_pipeline.store import SeriesStore
from common.roles import Role
from common.tests.clients import browser, count_queries
from common.tests.factories import UserFactory
from exchanges.models import Series
from exchanges.tests.stored import make_series
from research.models import Job, Run, Sweep
from research.services.job_queue import enqueue_validation
from research.services.sweep_queue import enqueue_sweep, pause_sweep
from research.tests.brokers import FakeBroker
from research.tests.conftest import Ask
from research.tests.copies import copy_run
from research.tests.test_jobs import VERDICT
from research.tests.test_sweeps import question

pytestmark = pytest.mark.django_db

INDEX = "/admin/"


def staff(role: Role | None = None) -> Client:
    return browser(user=UserFactory.create(is_staff=True, role=role))


def superuser() -> Client:
    return browser(user=UserFactory.create(is_staff=True, is_superuser=True))


def cards(client: Client) -> dict[str, str]:
    context: Any = client.get(INDEX).context
    return {card["label"]: card["value"] for card in context["cards"]}


class TestPages:
    def test_of_every_model_has_a_list(self) -> None:
        client = superuser()
        client.get(INDEX)  # With the first request the pages are registered.
        pages = {
            model._meta.label: reverse(
                f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
            )
            for model in admin.site._registry
        }

        answered = {label: client.get(address).status_code for label, address in pages.items()}

        assert set(answered.values()) == {200}
        assert {"exchanges.Series", "research.Run", "knox.AuthToken"} <= set(answered)

    @pytest.mark.parametrize("address", [INDEX, "/admin/research/run/", "/admin/auth/user/"])
    def test_ask_a_stranger_to_log_in(self, client: Client, address: str) -> None:
        answer: Any = client.get(address)

        assert (answer.status_code, answer.url) == (302, f"/admin/login/?next={address}")

    def test_are_closed_to_staff_without_a_role(self) -> None:
        client = staff()

        assert client.get("/admin/research/run/").status_code == 403
        assert "Nothing here may be seen" in client.get(INDEX).content.decode()

    def test_of_others_than_staff_are_closed(self) -> None:
        assert browser(Role.ADMIN).get(INDEX).status_code == 302

    def test_the_bare_address_leads_to_the_back_office(self, client: Client) -> None:
        answer: Any = client.get("/")

        assert (answer.status_code, answer.url) == (302, INDEX)

    def test_the_icon_is_for_everybody(self, client: Client) -> None:
        answer = client.get("/favicon.ico")

        assert answer.headers["Content-Type"] == "image/svg+xml"
        assert answer.content.startswith(b"<svg")


class TestSidebar:
    @pytest.mark.parametrize(
        ("role", "shown", "hidden"),
        [
            (Role.VIEWER, {"Series", "Runs", "Strategies"}, {"Users", "Tokens", "Roles"}),
            (Role.RISK_OFFICER, {"Experiments"}, {"Users"}),
            (Role.ADMIN, {"Runs", "Users", "Tokens", "Roles", "Repeated requests"}, set()),
            (None, {"Overview", "API"}, {"Runs", "Series", "Users"}),
        ],
    )
    def test_shows_what_the_role_may_see(
        self, role: Role | None, shown: set[str], hidden: set[str]
    ) -> None:
        context: Any = staff(role).get(INDEX).context

        groups = context["sidebar_navigation"]
        titles = {item["title"] for group in groups for item in group["items"]}
        assert shown <= titles
        assert not hidden & titles

    @pytest.mark.parametrize("role", Role)
    def test_leads_nowhere_that_is_closed(self, role: Role) -> None:
        client = staff(role)
        context: Any = client.get(INDEX).context

        for group in context["sidebar_navigation"]:
            for item in group["items"]:
                assert client.get(item["link"]).status_code == 200


@pytest.mark.engine("vectorbt")
class TestOverview:
    def test_counts_what_there_is(self, ask: Ask) -> None:
        run = ask()
        ask(params={"allow_short": "true"})
        alert = copy_run(run, number=1)
        Run.objects.filter(pk=alert.pk).update(differs_from=run)

        page: Any = staff(Role.VIEWER).get(INDEX)

        assert cards(staff(Role.VIEWER)) == {
            "Series": "1",
            "Missing bars": "0",
            "Runs": "3",
            "Failed runs": "0",
            "Alerts": "1",
            "Experiments": "2",
        }
        assert "1 succeeded, 1 refused, 1 running" in page.content.decode()
        assert [row["run"].pk for row in page.context["newest_runs"]] == [
            alert.pk,
            alert.pk - 1,
            run.pk,
        ]
        assert [row["run"].pk for row in page.context["alerts"]] == [alert.pk]
        assert f"differs from {run.pk}" in page.content.decode()

    def test_costs_a_constant_number_of_queries(self, ask: Ask) -> None:
        client = superuser()
        run = ask()
        for_one = count_queries(client, INDEX)
        make_series(20)
        for number in range(20):
            copy_run(run, number=number)

        # The session, its user, what is stored, runs by status, alerts, experiments, two tables,
        # and runs, sweeps and jobs at work.
        assert count_queries(client, INDEX) == for_one == 11

    def test_shows_what_waits_and_what_is_being_done(
        self, ask: Ask, enqueue: Ask, store: SeriesStore, fake_broker: FakeBroker
    ) -> None:
        done, waiting = ask(), enqueue()
        sweep = enqueue_sweep(question=question(), user_id=None)
        pause_sweep(sweep_id=sweep.pk, at=waiting.created_at)
        Sweep.objects.update(progress=0.25)
        job = enqueue_validation(asked=VERDICT, user_id=None)
        first = enqueue_validation(asked=VERDICT, user_id=None)
        Job.objects.filter(pk=first.pk).update(status="RUNNING", progress=0.5)

        page: Any = staff(Role.VIEWER).get(INDEX)

        rows = [[str(cell) for cell in row] for row in page.context["at_work"]["rows"]]
        verdict = "validation of sma_cross on BTC/USD.TEST 1h"
        assert [row[1:] for row in rows] == [
            ["sma_cross on BTC/USD.TEST bars-1h", "QUEUED", "0%"],
            ["10 sets of sma_cross", "QUEUED, paused", "25%"],
            [verdict, "RUNNING", "50%"],
            [verdict, "QUEUED", "0%"],
        ]
        links = "".join(row[0] for row in rows)
        for kind, number in (("run", waiting), ("sweep", sweep), ("job", first), ("job", job)):
            assert f"/admin/research/{kind}/{number.pk}/change/" in links
        assert f">run {done.pk}<" not in links

    def test_every_card_leads_to_its_list(self, ask: Ask) -> None:
        ask()
        client = superuser()
        context: Any = client.get(INDEX).context

        assert {client.get(card["link"]).status_code for card in context["cards"]} == {200}

    def test_of_an_empty_installation_is_shown(self) -> None:
        page = staff(Role.VIEWER).get(INDEX)

        assert page.status_code == 200
        assert not Series.objects.exists()
        assert "none yet" in page.content.decode()
