from typing import Any

import pytest
from rest_framework.test import APIClient

from common.roles import Role
from common.tests.clients import browser, count_queries, script
from common.tests.factories import UserFactory
from research.models import Experiment, Run
from research.tests.conftest import Ask
from research.tests.copies import copy_run

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

EXPERIMENTS = "/api/v1/experiments/"
KEY = {"Idempotency-Key": "a"}


def ask_question(client: APIClient, **changes: Any) -> Any:
    asked = {"name": "Does it trend?", "question": "SMA against holding", **changes}
    return client.post(EXPERIMENTS, asked, headers=KEY)


class TestCreate:
    def test_notes_who_asked(self) -> None:
        user = UserFactory.create(role=Role.RESEARCHER)

        answer = ask_question(browser(user=user), created_by="somebody", run_count=7, id=99)

        assert answer.status_code == 201
        experiment = Experiment.objects.get()
        assert (experiment.name, experiment.created_by) == ("Does it trend?", user)
        assert answer.json()["created_by"] == user.username
        assert answer.json()["id"] == experiment.pk != 99
        shown = script(Role.VIEWER).get(f"{EXPERIMENTS}{experiment.pk}/").json()
        assert answer.json() == shown

    def test_of_a_script_needs_a_key(self) -> None:
        answer = script(Role.RESEARCHER).post(EXPERIMENTS, {"name": "x"})

        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")
        assert not Experiment.objects.exists()

    def test_of_a_browser_needs_none(self) -> None:
        assert browser(Role.RESEARCHER).post(EXPERIMENTS, {"name": "x"}).status_code == 201

    def test_takes_effect_once(self) -> None:
        client = script(Role.RESEARCHER)

        first, again = ask_question(client), ask_question(client)

        assert (first.status_code, again.status_code) == (201, 201)
        assert again.json() == first.json()
        assert again.headers["Idempotent-Replayed"] == "true"
        assert "Idempotent-Replayed" not in first.headers
        assert Experiment.objects.count() == 1

    def test_under_a_used_key_with_another_question_is_refused(self) -> None:
        client = script(Role.RESEARCHER)
        ask_question(client)

        answer = ask_question(client, name="Another")

        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
        assert Experiment.objects.count() == 1

    @pytest.mark.parametrize("name", ["", "x" * 121, "\0", "taken"])
    def test_needs_a_name_of_its_own(self, name: str) -> None:
        Experiment.objects.create(name="taken")

        answer = browser(Role.RESEARCHER).post(EXPERIMENTS, {"name": name}, format="json")

        assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")
        assert list(answer.json()["extra"]["fields"]) == ["name"]

    @pytest.mark.parametrize("role", Role)
    def test_is_for_those_who_research(self, role: Role) -> None:
        may = role in {Role.RESEARCHER, Role.TRADER, Role.ADMIN}

        assert ask_question(script(role)).status_code == (201 if may else 403)
        assert Experiment.objects.exists() is may


class TestChange:
    def test_writes_down_what_was_learned_under_the_etag(self) -> None:
        experiment = Experiment.objects.create(name="Does it trend?")
        client, address = script(Role.RESEARCHER), f"{EXPERIMENTS}{experiment.pk}/"
        etag = client.get(address).headers["ETag"]

        changed = client.patch(address, {"conclusion": "No."}, headers={"If-Match": etag})
        stale = client.patch(address, {"conclusion": "Yes!"}, headers={"If-Match": etag})

        assert (changed.status_code, changed.json()["conclusion"]) == (200, "No.")
        assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
        assert changed.headers["ETag"] == client.get(address).headers["ETag"]
        experiment.refresh_from_db()
        assert experiment.conclusion == "No."

    def test_put_replaces_what_can_be_written(self) -> None:
        experiment = Experiment.objects.create(name="old", question="?", conclusion="!")

        answer = script(Role.RESEARCHER).put(f"{EXPERIMENTS}{experiment.pk}/", {"name": "new"})

        assert (answer.status_code, answer.json()["name"]) == (200, "new")

    @pytest.mark.parametrize("role", Role)
    def test_is_for_those_who_research(self, role: Role) -> None:
        experiment = Experiment.objects.create(name="old")

        answer = script(role).patch(f"{EXPERIMENTS}{experiment.pk}/", {"name": "new"})

        may = role in {Role.RESEARCHER, Role.TRADER, Role.ADMIN}
        assert answer.status_code == (200 if may else 403)


class TestRemoval:
    def test_an_empty_experiment_goes(self) -> None:
        experiment = Experiment.objects.create(name="old")

        answer = script(Role.ADMIN).delete(f"{EXPERIMENTS}{experiment.pk}/")

        assert (answer.status_code, answer.content) == (204, b"")
        assert not Experiment.objects.exists()

    def test_one_that_has_changed_stays(self) -> None:
        experiment = Experiment.objects.create(name="old")

        answer = script(Role.ADMIN).delete(
            f"{EXPERIMENTS}{experiment.pk}/", headers={"If-Match": '"other"'}
        )

        assert answer.status_code == 412
        assert Experiment.objects.exists()

    @pytest.mark.engine("vectorbt")
    def test_one_with_runs_stays(self, ask: Ask) -> None:
        run = ask()

        answer = script(Role.ADMIN).delete(f"{EXPERIMENTS}{run.experiment_id}/")

        assert (answer.status_code, answer.json()["code"]) == (409, "in_use")
        assert Run.objects.filter(experiment=run.experiment).exists()

    @pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
    def test_is_for_admins(self, role: Role) -> None:
        experiment = Experiment.objects.create(name="old")

        assert script(role).delete(f"{EXPERIMENTS}{experiment.pk}/").status_code == 403
        assert Experiment.objects.exists()


class TestRead:
    @pytest.mark.engine("vectorbt")
    def test_the_etag_changes_with_the_number_of_runs(self, ask: Ask) -> None:
        run = ask()
        client, address = browser(Role.VIEWER), f"{EXPERIMENTS}{run.experiment_id}/"
        before = client.get(address)
        unchanged = client.get(address, headers={"If-None-Match": before.headers["ETag"]})

        copy = copy_run(run, number=1)
        Run.objects.filter(pk=copy.pk).update(experiment=run.experiment)
        after = client.get(address, headers={"If-None-Match": before.headers["ETag"]})

        assert (before.json()["run_count"], unchanged.status_code) == (1, 304)
        assert (after.status_code, after.json()["run_count"]) == (200, 2)

    def test_a_list_costs_as_many_queries_for_fifty_rows_as_for_one(self) -> None:
        client, user = browser(Role.VIEWER), UserFactory.create()
        Experiment.objects.create(name="0", created_by=user)
        for_one = count_queries(client, EXPERIMENTS)
        for number in range(1, 50):
            Experiment.objects.create(name=str(number), created_by=UserFactory.create())

        # The session, its user, his permissions and those of his groups, the rows.
        assert (for_one, count_queries(client, EXPERIMENTS)) == (5, 5)

    @pytest.mark.parametrize(
        ("query", "names"),
        [("name=Trend", ["Trend"]), ("search=TREND", ["A trend too", "Trend"]), ("search=x", [])],
    )
    def test_filters(self, query: str, names: list[str]) -> None:
        for name in ("Trend", "A trend too", "Reversion"):
            Experiment.objects.create(name=name)

        rows = browser(Role.VIEWER).get(f"{EXPERIMENTS}?{query}").json()["results"]

        assert [row["name"] for row in rows] == names

    def test_the_form_for_browsers_carries_a_key(self) -> None:
        client = browser(Role.RESEARCHER)

        page = client.get(EXPERIMENTS, headers={"Accept": "text/html"}).content.decode()
        detail = Experiment.objects.create(name="x")
        form = client.get(f"{EXPERIMENTS}{detail.pk}/", headers={"Accept": "text/html"})

        assert 'name="_idempotency_key"' in page
        assert form.status_code == 200
