"""Starting, watching and ending runs in the back office."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from common.domain.enums import RunStatus
from common.roles import Role
from common.tests.clients import browser
from common.tests.factories import UserFactory
from research.models import Run
from research.services import leases
from research.tests.brokers import FakeBroker
from research.tests.conftest import Ask
from trading.services.catalogue import sync_strategies

pytestmark = [pytest.mark.django_db]

RUNS = "/admin/research/run/"
START = f"{RUNS}start/"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def researcher(store: Any, fake_broker: FakeBroker) -> Client:
    sync_strategies()
    return browser(user=UserFactory.create(is_staff=True, role=Role.RESEARCHER))


@pytest.fixture
def viewer(store: Any) -> Client:
    return browser(user=UserFactory.create(is_staff=True, role=Role.VIEWER))


def form_of(client: Client) -> dict[str, str]:
    """Return the fields of the form as a browser would send them."""
    page = client.get(START).content.decode()
    key = re.search(r'name="key" value="(\w+)"', page)
    series = re.search(r'<option value="(\d+)"[^>]*>BTC/USD.TEST', page)
    assert key, page
    assert series, page
    return {
        "key": key[1], "strategy": "sma_cross", "engine": "vectorbt", "series": series[1],
        "params": "fast = 5\n\nslow=40", "cash": "500", "fee_rate": "0.002", "slippage_bps": "1",
        "sizing": "equity_fraction", "account": "cash", "seed": "0", "funding": "on",
        "start_0": "2023-11-20", "start_1": "00:00", "end_0": "", "end_1": "", "experiment": "why",
    }  # fmt: skip


class TestStart:
    def test_puts_what_is_asked_into_the_queue(self, researcher: Client) -> None:
        answer = researcher.post(START, form_of(researcher))

        run = Run.objects.get()
        assert (answer.status_code, answer.headers["Location"]) == (302, f"{RUNS}{run.pk}/change/")
        assert (run.status, run.experiment.name) == (RunStatus.QUEUED, "why")
        assert run.params == {"fast": 5, "slow": 40, "allow_short": False}
        assert (float(run.cash), float(run.fee_rate)) == (500.0, 0.002)
        assert run.question["start_ns"] == 1_700_438_400 * 10**9
        assert run.created_by is not None

    def test_of_one_form_happens_once(self, researcher: Client) -> None:
        form = form_of(researcher)
        first, again = researcher.post(START, form), researcher.post(START, form)

        assert first.headers["Location"] == again.headers["Location"]
        assert Run.objects.count() == 1

    def test_says_what_is_wrong_and_keeps_what_was_written(self, researcher: Client) -> None:
        page = researcher.post(START, {**form_of(researcher), "params": "fast=0"})

        assert page.status_code == 200
        assert "parameter fast is" in page.content.decode()
        assert "fast=0" in page.content.decode()
        assert not Run.objects.exists()

    def test_is_offered_to_those_who_may(self, researcher: Client, viewer: Client) -> None:
        assert START in researcher.get(RUNS).content.decode()
        assert START not in viewer.get(RUNS).content.decode()
        assert viewer.get(START).status_code == 403


class TestCancel:
    def test_asks_first_and_then_ends_the_run(self, researcher: Client, enqueue: Ask) -> None:
        run = enqueue()
        address = f"{RUNS}{run.pk}/cancel/"
        offered = researcher.get(f"{RUNS}{run.pk}/change/").content.decode()

        asked = researcher.get(address)
        assert Run.objects.get().status == RunStatus.QUEUED
        done = researcher.post(address, follow=True)

        assert address in offered
        assert f"End run {run.pk} (QUEUED)" in asked.content.decode()
        assert f"run {run.pk}: canceled" in done.content.decode()
        assert Run.objects.get().status == RunStatus.CANCELED

    def test_is_not_offered_of_a_run_that_has_ended(
        self, researcher: Client, enqueue: Ask
    ) -> None:
        run = enqueue()
        address = f"{RUNS}{run.pk}/cancel/"
        researcher.post(address)

        assert address not in researcher.get(f"{RUNS}{run.pk}/change/").content.decode()
        assert researcher.post(address).status_code == 403

    def test_is_for_those_who_may(self, viewer: Client, enqueue: Ask) -> None:
        assert viewer.post(f"{RUNS}{enqueue().pk}/cancel/").status_code == 403
        assert Run.objects.get().status == RunStatus.QUEUED


class TestWatch:
    def test_is_part_of_the_page_while_the_run_is_open(
        self, viewer: Client, researcher: Client, enqueue: Ask
    ) -> None:
        run = enqueue()
        watched = f'hx-get="{RUNS}{run.pk}/progress/"'
        before = viewer.get(f"{RUNS}{run.pk}/change/").content.decode()
        researcher.post(f"{RUNS}{run.pk}/cancel/")
        after = viewer.get(f"{RUNS}{run.pk}/change/").content.decode()

        assert watched in before
        assert watched not in after

    def test_says_how_far_it_is_and_nothing_twice(self, viewer: Client, enqueue: Ask) -> None:
        address = f"{RUNS}{enqueue().pk}/progress/"
        waiting = viewer.get(address)
        same = viewer.get(address, headers={"If-None-Match": waiting.headers["ETag"]})
        run = leases.claim(run_id=Run.objects.get().pk, at=NOON)
        assert run is not None
        leases.extend(run=run, progress=0.42, at=NOON)
        moved = viewer.get(address, headers={"If-None-Match": waiting.headers["ETag"]})

        assert "QUEUED" in waiting.content.decode()
        assert (same.status_code, same.content) == (304, b"")
        assert (moved.status_code, "42 % done" in moved.content.decode()) == (200, True)
        assert "HX-Refresh" not in moved.headers

    def test_reloads_the_page_at_the_end(
        self, viewer: Client, researcher: Client, enqueue: Ask
    ) -> None:
        run = enqueue()
        researcher.post(f"{RUNS}{run.pk}/cancel/")

        assert viewer.get(f"{RUNS}{run.pk}/progress/").headers["HX-Refresh"] == "true"

    def test_is_for_those_who_may_see_runs(self, client: Client, enqueue: Ask) -> None:
        client.force_login(UserFactory.create(is_staff=True))

        assert client.get(f"{RUNS}{enqueue().pk}/progress/").status_code == 403
