from pathlib import Path

import pytest
from django.test import Client

from common.roles import Role
from common.tests.clients import browser, count_queries
from common.tests.factories import UserFactory
from research.models import Experiment, Run
from research.selectors.runs import get_run, list_fills
from research.selectors.tables import latest_fills
from research.tests.conftest import Ask
from research.tests.copies import copy_run

pytestmark = [pytest.mark.django_db, pytest.mark.engine("vectorbt")]

RUNS = "/admin/research/run/"


@pytest.fixture
def superuser(db: None) -> Client:
    return browser(user=UserFactory.create(is_staff=True, is_superuser=True))


@pytest.fixture
def viewer(db: None) -> Client:
    return browser(user=UserFactory.create(is_staff=True, role=Role.VIEWER))


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


class TestLists:
    @pytest.mark.parametrize(("model", "cost"), [("run", 6), ("dataset", 5), ("experiment", 5)])
    def test_cost_as_many_queries_for_fifty_rows_as_for_one(
        self, ask: Ask, superuser: Client, model: str, cost: int
    ) -> None:
        run = ask()
        for_one = count_queries(superuser, f"/admin/research/{model}/")
        for number in range(49):
            copy_run(run, number=number)

        assert count_queries(superuser, f"/admin/research/{model}/") == for_one == cost

    @pytest.mark.parametrize(
        "query",
        [
            "",
            "q=sma",
            "q=7",
            "q=x%00",
            "status__exact=FAILED",
            "differs_from__isempty=0",
            "engine=vectorbt",
            "o=-1.5",
        ],
    )
    def test_runs_are_searched_filtered_and_sorted(
        self, ask: Ask, superuser: Client, query: str
    ) -> None:
        ask()

        assert superuser.get(f"{RUNS}?{query}", follow=True).status_code == 200

    def test_a_run_shows_what_it_came_to(self, ask: Ask, viewer: Client) -> None:
        run = ask()

        page = text_of(viewer, RUNS)

        assert "sma_cross fast=10 slow=50 allow_short=False" in page
        assert f"{run.metrics['total_return']:.2%}" in page


class TestRun:
    def test_shows_metrics_equity_and_fills(self, ask: Ask, viewer: Client) -> None:
        run = ask()
        last = list_fills(get_run(run.pk))[-1]

        page = text_of(viewer, f"{RUNS}{run.pk}/change/")

        assert f"{run.metrics['max_drawdown']:.2%}" in page
        assert 'data-type="line"' in page
        assert last["ts"] in page
        assert f"{run.n_fills} fills" in page
        assert run.dataset.hash[:12] in page
        assert next(iter(run.artefacts.all())).sha256 in page
        assert "10000.0000" not in page

    def test_of_many_fills_shows_the_last(self, ask: Ask, viewer: Client) -> None:
        run = ask(params={"fast": 1, "slow": 2})
        fills = list_fills(get_run(run.pk))

        table = latest_fills(get_run(run.pk), count=3)

        assert [row[0] for row in table["rows"]] == [fill["ts"] for fill in fills[:-4:-1]]
        assert text_of(viewer, f"{RUNS}{run.pk}/change/")

    def test_costs_a_constant_number_of_queries(self, ask: Ask, superuser: Client) -> None:
        run = ask()
        superuser.get(f"{RUNS}{run.pk}/change/")  # Content types are read once a process.
        for_one = count_queries(superuser, f"{RUNS}{run.pk}/change/")
        for number in range(10):
            copy_run(run, number=number)

        assert count_queries(superuser, f"{RUNS}{run.pk}/change/") == for_one == 10

    def test_a_refused_one_shows_its_error(self, ask: Ask, viewer: Client) -> None:
        run = ask(params={"allow_short": "true"})

        page = text_of(viewer, f"{RUNS}{run.pk}/change/")

        assert "needs_margin" in page
        assert "data-type" not in page

    def test_one_that_runs_shows_what_was_asked(self, ask: Ask, viewer: Client) -> None:
        copy = copy_run(ask(), number=1)

        assert "RUNNING" in text_of(viewer, f"{RUNS}{copy.pk}/change/")

    def test_a_damaged_artefact_is_a_message(
        self, ask: Ask, viewer: Client, installation: Path
    ) -> None:
        run = get_run(ask().pk)
        for artefact in run.artefacts.all():
            (installation / "artefacts" / artefact.path).write_bytes(b"nonsense")

        page = text_of(viewer, f"{RUNS}{run.pk}/change/")

        assert f"equity of run {run.pk} has hash" in page
        assert f"{run.metrics['total_return']:.2%}" in page

    def test_an_alert_leads_to_the_other_run(self, ask: Ask, viewer: Client) -> None:
        run = ask()
        copy = copy_run(run, number=1)
        Run.objects.filter(pk=copy.pk).update(differs_from=run)

        page = text_of(viewer, f"{RUNS}{copy.pk}/change/")

        assert f'href="{RUNS}{run.pk}/change/"' in page
        assert "Equal inputs gave another result" in page

    def test_nobody_adds_changes_or_removes_one(self, ask: Ask, superuser: Client) -> None:
        run = ask()

        assert superuser.get(f"{RUNS}add/").status_code == 403
        assert superuser.post(f"{RUNS}{run.pk}/change/", {"status": "FAILED"}).status_code == 403
        assert superuser.post(f"{RUNS}{run.pk}/delete/", {"post": "yes"}).status_code == 403
        selected = {"action": "delete_selected", "_selected_action": run.pk, "post": "yes"}
        superuser.post(RUNS, selected)
        run.refresh_from_db()
        assert run.status == "SUCCEEDED"


class TestDataset:
    def test_is_shown_and_not_changed(self, ask: Ask, superuser: Client) -> None:
        run = ask()
        address = f"/admin/research/dataset/{run.dataset_id}/change/"

        assert run.dataset.hash in text_of(superuser, address)
        assert superuser.post(address, {"rows": "1"}).status_code == 403


class TestExperiment:
    def test_is_asked_with_the_asker_noted(self) -> None:
        user = UserFactory.create(is_staff=True, role=Role.RESEARCHER)
        client = browser(user=user)

        form = text_of(client, "/admin/research/experiment/add/")
        answer = client.post(
            "/admin/research/experiment/add/",
            {"name": "Does it?", "question": "", "conclusion": ""},
        )

        assert "Created by" not in form
        assert answer.status_code == 302
        assert Experiment.objects.get().created_by == user

    def test_its_conclusion_is_written_by_others_too(self, superuser: Client) -> None:
        experiment = Experiment.objects.create(name="x", created_by=UserFactory.create())
        address = f"/admin/research/experiment/{experiment.pk}/change/"

        answer = superuser.post(address, {"name": "x", "question": "", "conclusion": "No."})

        asker = experiment.created_by
        experiment.refresh_from_db()
        assert answer.status_code == 302
        assert (experiment.conclusion, experiment.created_by) == ("No.", asker)

    def test_one_with_runs_is_not_removed(self, ask: Ask, superuser: Client) -> None:
        run = ask()
        address = f"/admin/research/experiment/{run.experiment_id}"

        assert f"{address}/delete/" not in text_of(superuser, f"{address}/change/")
        assert superuser.post(f"{address}/delete/", {"post": "yes"}).status_code == 403
        assert Experiment.objects.filter(pk=run.experiment_id).exists()

    def test_one_without_is_removed_after_asking(self, superuser: Client) -> None:
        experiment = Experiment.objects.create(name="x")
        address = f"/admin/research/experiment/{experiment.pk}/delete/"

        assert superuser.get(address).status_code == 200
        assert Experiment.objects.exists()
        assert superuser.post(address, {"post": "yes"}).status_code == 302
        assert not Experiment.objects.exists()

    def test_a_viewer_looks_and_does_not_touch(self, viewer: Client) -> None:
        experiment = Experiment.objects.create(name="x")
        address = f"/admin/research/experiment/{experiment.pk}/change/"

        assert viewer.get(address).status_code == 200
        assert viewer.post(address, {"name": "y"}).status_code == 403
        assert viewer.get("/admin/research/experiment/add/").status_code == 403
