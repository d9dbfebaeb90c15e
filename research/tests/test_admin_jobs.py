"""Jobs in the back office: listed, watched to their end, and ended."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from common.domain.enums import RunStatus
from common.roles import Role
from common.tests.clients import browser, count_queries
from common.tests.factories import UserFactory
from research.domain.examination_question import ExaminationQuestion
from research.models import Job
from research.services import job_queue, leases
from research.services.comparisons import ComparisonQuestion
from research.services.job_keeping import JobKeeper
from research.tests.brokers import FakeBroker
from research.tests.conftest import Ask
from research.tests.test_jobs import ASKED, VERDICT, means

pytestmark = [pytest.mark.django_db]

JOBS = "/admin/research/job/"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def viewer(store: Any) -> Client:
    return browser(user=UserFactory.create(is_staff=True, role=Role.VIEWER))


@pytest.fixture
def researcher(store: Any) -> Client:
    return browser(user=UserFactory.create(is_staff=True, role=Role.RESEARCHER))


@pytest.fixture
def queued(store: Any, fake_broker: FakeBroker) -> Job:
    return job_queue.enqueue_validation(asked=VERDICT, user_id=None)


def running(job: Job) -> Job:
    """Return the job as a worker has it."""
    found = leases.claim_job(job_id=job.pk, at=NOON)
    assert found is not None
    return found


def page(client: Client, job: Job) -> str:
    return client.get(f"{JOBS}{job.pk}/change/").content.decode()


class TestList:
    def test_says_what_each_is_asked_of(
        self, viewer: Client, queued: Job, ask: Ask, fake_broker: FakeBroker
    ) -> None:
        run = ask()
        question = ExaminationQuestion(tool="bootstrap")
        job_queue.enqueue_examination(subject=run, question=question, user_id=None)
        asked = ComparisonQuestion(question=ASKED)
        job_queue.enqueue_comparison(asked=asked, user_id=None)
        shown = viewer.get(JOBS).content.decode()

        assert shown.count("sma_cross on BTC/USD.TEST 1h") == 2
        assert f"run {run.pk} by bootstrap" in shown
        for kind in ("comparison", "validation", "examination"):
            assert kind in shown

    def test_costs_a_constant_number_of_queries(self, viewer: Client, queued: Job) -> None:
        for_one = count_queries(viewer, JOBS)
        for _ in range(20):
            job_queue.enqueue_validation(asked=VERDICT, user_id=None)

        assert count_queries(viewer, JOBS) == for_one


class TestWatch:
    def test_says_what_is_done_and_nothing_twice(self, viewer: Client, queued: Job) -> None:
        job = running(queued)
        address = f"{JOBS}{job.pk}/progress/?seen=RUNNING"
        assert f'hx-get="{address}"' in page(viewer, job)
        began = viewer.get(address)
        tag = {"If-None-Match": began.headers["ETag"]}
        same = viewer.get(address, headers=tag)
        Job.objects.update(step="trying the sets", progress=0.42)
        moved = viewer.get(address, headers=tag)

        assert "% done" not in began.content.decode()
        assert (same.status_code, same.content) == (304, b"")
        assert "Trying the sets" in moved.content.decode()
        assert "RUNNING, 42 % done" in moved.content.decode()
        assert "HX-Refresh" not in moved.headers

    def test_reloads_the_page_with_each_new_status(self, viewer: Client, queued: Job) -> None:
        address = f"{JOBS}{queued.pk}/progress/?seen=QUEUED"
        waiting = viewer.get(address)
        running(queued)

        assert "HX-Refresh" not in waiting.headers
        assert viewer.get(address).headers["HX-Refresh"] == "true"

    def test_is_for_those_who_may_see_jobs(self, client: Client, queued: Job) -> None:
        client.force_login(UserFactory.create(is_staff=True))

        assert client.get(f"{JOBS}{queued.pk}/progress/").status_code == 403

    def test_begins_each_step_with_nothing_done(self, queued: Job, store: Any) -> None:
        job = running(queued)
        with JobKeeper(job, clock=means(store).clock, is_stopping=lambda: False) as keeper:
            keeper.note(0.9)
            keeper._extend()
            before = Job.objects.get().progress
            keeper.say("the next")
            after = Job.objects.get().progress
            keeper._extend()

        assert (before, after, Job.objects.get().progress) == (0.9, 0.0, 0.0)


class TestPage:
    def test_leads_to_what_it_made(
        self, viewer: Client, ask: Ask, store: Any, fake_broker: FakeBroker
    ) -> None:
        question = ExaminationQuestion(tool="regimes")
        queued = job_queue.enqueue_examination(subject=ask(), question=question, user_id=None)
        done = job_queue.do_job(job_id=queued.pk, means=means(store))
        assert done is not None
        assert done.examination_id is not None

        link = f'href="/admin/research/examination/{done.examination_id}/change/"'
        shown = page(viewer, done)
        assert link in shown
        assert f"{JOBS}{done.pk}/progress/" not in shown
        assert link in viewer.get(JOBS).content.decode()

    def test_says_why_it_failed(self, viewer: Client, queued: Job) -> None:
        Job.objects.update(
            status=RunStatus.FAILED, error_code="market_changed", error_detail="other bars",
            finished_at=NOON,
        )  # fmt: skip

        assert "<strong>market_changed</strong>: other bars" in page(viewer, queued)


class TestCancel:
    def test_asks_first_and_then_ends_the_job(self, researcher: Client, queued: Job) -> None:
        address = f"{JOBS}{queued.pk}/cancel/"
        offered = page(researcher, queued)
        asked = researcher.get(address).content.decode()
        assert Job.objects.get().status == RunStatus.QUEUED
        done = researcher.post(address, follow=True).content.decode()

        assert address in offered
        assert "the validation of sma_cross on BTC/USD.TEST 1h?" in asked
        assert f"job {queued.pk}: canceled" in done
        assert Job.objects.get().status == RunStatus.CANCELED
        assert address not in done
        assert researcher.post(address).status_code == 403

    def test_of_one_that_runs_is_left_to_its_worker(self, researcher: Client, queued: Job) -> None:
        running(queued)
        said = researcher.post(f"{JOBS}{queued.pk}/cancel/", follow=True).content.decode()
        watched = researcher.get(f"{JOBS}{queued.pk}/progress/?seen=RUNNING").content.decode()

        assert "its worker is ending it" in said
        assert "RUNNING, being canceled" in watched
        assert Job.objects.get().status == RunStatus.RUNNING

    def test_is_for_those_who_may(self, viewer: Client, queued: Job) -> None:
        assert f"{JOBS}{queued.pk}/cancel/" not in page(viewer, queued)
        assert viewer.post(f"{JOBS}{queued.pk}/cancel/").status_code == 403
        assert Job.objects.get().status == RunStatus.QUEUED
