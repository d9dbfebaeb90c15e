"""Starting, watching and ending runs in the back office."""

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
from research.tests.forms import Fields, filled
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


def form_of(client: Client) -> Fields:
    """Return the form of a run, filled in."""
    return filled(
        client, START, strategy="sma_cross", engine="vectorbt", series="BTC/USD.TEST bars-1h",
        params="fast = 5\n\nslow=40", cash="500", fee_rate="0.002", slippage_bps="1",
        start_0="2023-11-20", start_1="00:00", experiment="why",
    )  # fmt: skip


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

    def test_of_a_form_that_was_changed_in_between_is_another(self, researcher: Client) -> None:
        form = form_of(researcher)
        first = researcher.post(START, form)
        other = researcher.post(START, {**form, "cash": "501"})

        assert first.headers["Location"] != other.headers["Location"]
        assert sorted(Run.objects.values_list("cash", flat=True)) == [500, 501]

    def test_of_a_form_that_is_still_looked_at_is_refused(
        self, researcher: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        form = form_of(researcher)
        monkeypatch.setattr("common.admin_starts.try_lock", lambda _: False)

        page = researcher.post(START, form)

        assert "this form was sent twice" in page.content.decode()
        assert not Run.objects.exists()

    @pytest.mark.parametrize(
        ("name", "value", "sentence"),
        [
            ("settings", "[1]", "Names with values are needed"),
            ("cash", "much", "Please correct the error below"),
            ("settings", "{nothing", "Enter a valid JSON"),
            ("settings", '{"luck": 1}', "unknown engine setting &#x27;luck&#x27;"),
            ("params", "fast", "the line &#x27;fast&#x27; is not name=value"),
            ("params", "fast=5\nfast=6", "fast is named twice"),
        ],
    )
    def test_is_refused_with_a_sentence(
        self, researcher: Client, name: str, value: str, sentence: str
    ) -> None:
        page = researcher.post(START, {**form_of(researcher), name: value})

        assert (page.status_code, sentence in page.content.decode()) == (200, True)
        assert not Run.objects.exists()

    def test_takes_what_is_folded_away(self, researcher: Client) -> None:
        settings = '{"order_latency_ns": 5}'
        form = {**form_of(researcher), "maker_fee_rate": "0.0005", "settings": settings}
        researcher.post(START, {**form, "engine": "nautilus", "rebalance": "every_bar"})

        asked = Run.objects.get().question
        assert asked["costs"]["maker_fee_rate"] == 0.0005
        assert (asked["settings"], asked["rebalance"]) == ({"order_latency_ns": 5}, "every_bar")

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
