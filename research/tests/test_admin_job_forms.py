"""Asking for comparisons, verdicts and examinations in the back office."""

from typing import Any

import pytest
from django.test import Client

from common.data_pipeline.store import SeriesStore
from common.roles import Role
from common.tests.clients import browser, script
from common.tests.factories import UserFactory
from research.domain.grid import Grid
from research.domain.search import Search
from research.domain.sweep import Objective, SweepQuestion
from research.models import Job, Sweep
from research.services.sweep_rows import asked_columns
from research.tests.brokers import FakeBroker
from research.tests.conftest import Ask
from research.tests.forms import Fields, fields_of, filled
from research.tests.test_sweeps import question, sweep
from trading.services.catalogue import sync_strategies

pytestmark = [pytest.mark.django_db]

RESEARCH = "/admin/research/"
COMPARE, VALIDATE = f"{RESEARCH}comparison/start/", f"{RESEARCH}validation/start/"
ASKED = {"strategy": "sma_cross", "series": "BTC/USD.TEST bars-1h"}
SAME = {
    "strategy": "sma_cross", "venue": "TEST", "instrument": "BTC/USD", "timeframe": "1h",
}  # fmt: skip
VERDICT = {
    **ASKED, "engine": "vectorbt", "grid": "fast=2:5:1\nslow=8,20", "choice": "fast=3\nslow=20",
    "prior_trials": "9", "windows": "4", "purge_days": "1", "embargo_days": "2",
    "parity_bars": "50",
}  # fmt: skip
SAME_VERDICT = {
    **SAME, "engine": "vectorbt", "grid": {"fast": "2:5:1", "slow": ["8", "20"]},
    "choice": {"fast": "3", "slow": "20"}, "prior_trials": 9, "windows": 4, "purge_days": 1,
    "embargo_days": 2, "parity_bars": 50,
}  # fmt: skip


@pytest.fixture
def researcher(store: Any, fake_broker: FakeBroker) -> Client:
    sync_strategies()
    return browser(user=UserFactory.create(is_staff=True, role=Role.RESEARCHER))


@pytest.fixture
def viewer(store: Any) -> Client:
    return browser(user=UserFactory.create(is_staff=True, role=Role.VIEWER))


def api_job(path: str, body: dict[str, Any]) -> Job:
    """Return the job that the API makes of a question."""
    headers = {"Idempotency-Key": "one"}
    answer = script(Role.RESEARCHER).post(f"/api/v1/{path}/", body, format="json", headers=headers)
    return Job.objects.get(pk=answer.json()["job_id"])


def sent(client: Client, address: str, form: Fields) -> Job:
    """Send a form twice, and return the one job that it makes."""
    first, again = client.post(address, form), client.post(address, form)
    job = Job.objects.get()
    assert first.headers["Location"] == f"{RESEARCH}job/{job.pk}/change/"
    assert again.headers["Location"] == first.headers["Location"]
    return job


def assert_equal(made: Job, wanted: Job) -> None:
    assert (made.kind, made.question) == (wanted.kind, wanted.question)
    assert (made.status, made.created_by is not None) == (wanted.status, True)


class TestComparison:
    def test_is_the_row_that_the_api_makes(self, researcher: Client) -> None:
        engines = ["vectorbt", "nautilus"]
        form = filled(researcher, COMPARE, **ASKED, engines=engines, ladder="on", seed="3")
        made = sent(researcher, COMPARE, form)

        body = {**SAME, "engines": engines, "ladder": True, "seed": 3}
        assert_equal(made, api_job("comparisons", body))

    def test_of_all_engines_names_none(self, researcher: Client) -> None:
        made = sent(researcher, COMPARE, filled(researcher, COMPARE, **ASKED))

        assert (made.question["engines"], made.question["ladder"]) == ([], False)


class TestValidation:
    def test_is_the_row_that_the_api_makes(self, researcher: Client) -> None:
        made = sent(researcher, VALIDATE, filled(researcher, VALIDATE, **VERDICT))

        assert_equal(made, api_job("validations", SAME_VERDICT))

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"objectives": "cagr"}, "a verdict chooses by the daily Sharpe ratio"),
            ({"windows": "0"}, "greater than or equal to 1"),
            ({"choice": "fast"}, "the line &#x27;fast&#x27; is not name=value"),
            ({"grid": "fast=0:5:1"}, "parameter fast is"),
            ({"parity_bars": "0"}, '<details class="mb-4" open>'),
        ],
    )
    def test_says_what_is_wrong_and_keeps_what_was_written(
        self, researcher: Client, changes: dict[str, str], sentence: str
    ) -> None:
        form = filled(researcher, VALIDATE, **{**VERDICT, "experiment": "kept", **changes})
        page = researcher.post(VALIDATE, form).content.decode()

        assert sentence in page
        assert 'value="kept"' in page
        assert not Job.objects.exists()

    @pytest.mark.engine("vectorbt")
    def test_is_filled_in_with_the_question_of_a_sweep(
        self, researcher: Client, store: SeriesStore
    ) -> None:
        asked = {"cash": 500.5, "seed": 7, "experiment": "mine", "params": {"allow_short": True}}
        done = sweep(store, question(asked=asked))
        link = f"{RESEARCH}sweep/{done.pk}/validate/"
        assert link in researcher.get(f"{RESEARCH}sweep/{done.pk}/change/").content.decode()

        to = researcher.get(link).headers["Location"]
        fields, _ = fields_of(researcher.get(to).content.decode())
        made = sent(researcher, to, fields)

        assert made.question["sweep"] == asked_columns(
            SweepQuestion(
                question=question(asked={**asked, "params": {"allow_short": "true"}}).question,
                grid=question().grid,
                min_round_trips=question().min_round_trips,
            )
        )

    @pytest.mark.engine("vectorbt")
    @pytest.mark.parametrize(
        "searched",
        [
            {"search": Search(method="tpe", n_trials=5)},
            {"search": Search(method="nsga2", n_trials=6), "further": (Objective("cagr"),)},
        ],
    )
    def test_is_filled_in_with_all_of_a_search(
        self, researcher: Client, store: SeriesStore, searched: dict[str, Any]
    ) -> None:
        of = sweep(store, question())
        asked = SweepQuestion(
            question=question(asked={"start_ns": 1_700_438_400 * 10**9}).question,
            grid=Grid.parse(["fast=2:9:1", "slow=20,30"]),
            budget_bytes=3_000_000,
            **searched,
        )
        for name, value in asked_columns(asked).items():
            setattr(of, name, value)
        of.pk, of.finished_at, of.status = None, None, "RUNNING"
        of.save(force_insert=True)

        address = f"{VALIDATE}?sweep={of.pk}"
        fields, _ = fields_of(researcher.get(address).content.decode())
        made = sent(researcher, address, fields)

        assert fields["grid"] == "fast=2:9:1\nslow=20,30"
        assert made.question["sweep"] == asked_columns(asked)

    @pytest.mark.engine("vectorbt")
    def test_is_not_offered_of_sets_that_were_named_one_by_one(
        self, researcher: Client, store: SeriesStore
    ) -> None:
        done = sweep(store, question())
        Sweep.objects.create(**{
            field.attname: getattr(done, field.attname)
            for field in Sweep._meta.concrete_fields
            if field.name not in {"id", "created_at", "method"}
        }, method="list")  # fmt: skip
        other = Sweep.objects.latest("pk")

        assert researcher.get(f"{RESEARCH}sweep/{other.pk}/validate/").status_code == 403


@pytest.mark.engine("vectorbt")
class TestExamination:
    def test_is_the_row_that_the_api_makes(self, researcher: Client, ask: Ask) -> None:
        run = ask()
        address = f"{RESEARCH}run/{run.pk}/examine/"
        assert address in researcher.get(f"{RESEARCH}run/{run.pk}/change/").content.decode()

        form = filled(researcher, address, tool="bootstrap", options="n_paths=500", seed="4")
        made = sent(researcher, address, form)

        body = {"tool": "bootstrap", "run": run.pk, "options": {"n_paths": "500"}, "seed": 4}
        assert_equal(made, api_job("examinations", body))

    def test_of_a_sweep_is_too(self, researcher: Client, store: SeriesStore) -> None:
        done = sweep(store, question())
        address = f"{RESEARCH}sweep/{done.pk}/examine/"

        made = sent(researcher, address, filled(researcher, address, tool="overfitting"))

        assert_equal(made, api_job("examinations", {"tool": "overfitting", "sweep": done.pk}))

    def test_offers_the_tools_of_the_subject_with_their_options(
        self, researcher: Client, ask: Ask, store: SeriesStore
    ) -> None:
        page = researcher.get(f"{RESEARCH}run/{ask().pk}/examine/").content.decode()
        other = researcher.get(f"{RESEARCH}sweep/{sweep(store, question()).pk}/examine/")

        tools, more = fields_of(page)[1]["tool"], fields_of(other.content.decode())[1]["tool"]
        assert "bootstrap" in tools.values()
        assert "overfitting" in more.values()
        assert not set(tools.values()) & set(more.values())
        assert "scheme=stationary (or circular)" in page

    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            ("luck=1", "unknown option &#x27;luck&#x27;"),
            ("n_paths=few", "option n_paths is &#x27;few&#x27;"),
            ("n_paths", "is not name=value"),
        ],
    )
    def test_says_what_is_wrong_and_keeps_what_was_written(
        self, researcher: Client, ask: Ask, options: str, sentence: str
    ) -> None:
        address = f"{RESEARCH}run/{ask().pk}/examine/"
        form = filled(researcher, address, tool="bootstrap", options=options)
        page = researcher.post(address, form).content.decode()

        assert sentence in page
        assert fields_of(page)[0]["options"] == options
        assert not Job.objects.exists()

    def test_is_offered_of_what_succeeded_only(self, researcher: Client, enqueue: Ask) -> None:
        address = f"{RESEARCH}run/{enqueue().pk}/examine/"

        assert researcher.get(address).status_code == 403


@pytest.mark.engine("vectorbt")
def test_is_offered_to_those_who_may(researcher: Client, viewer: Client, ask: Ask) -> None:
    pages = {
        f"{RESEARCH}run/{(run := ask().pk)}/examine/": f"{RESEARCH}run/{run}/change/",
        COMPARE: f"{RESEARCH}comparison/",
        VALIDATE: f"{RESEARCH}validation/",
    }
    for start, page in pages.items():
        assert start in researcher.get(page).content.decode()
        assert start not in viewer.get(page).content.decode()
        assert viewer.get(start).status_code == 403
        assert viewer.post(start, {}).status_code == 403
