"""Starting, watching, pausing and ending sweeps in the back office."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from common.domain.enums import RunStatus
from common.roles import Role
from common.tests.clients import browser, script
from common.tests.factories import UserFactory
from research.models import Sweep
from research.tests.brokers import FakeBroker
from research.tests.forms import Fields, filled
from trading.services.catalogue import sync_strategies

pytestmark = [pytest.mark.django_db]

SWEEPS = "/admin/research/sweep/"
START = f"{SWEEPS}start/"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
# What the form below asks, in the words of the API.
SAME = {
    "strategy": "sma_cross", "engine": "vectorbt", "venue": "TEST", "instrument": "BTC/USD",
    "timeframe": "1h", "grid": {"fast": "2:5:1", "slow": ["8", "20"]},
    "params": {"allow_short": "true"}, "start": "2023-11-20T00:00:00Z", "cash": 500,
    "fee_rate": 0.002, "slippage_bps": 3, "experiment": "why",
    "search": {"method": "nsga2", "n_trials": 6}, "objectives": ["cagr", "max_drawdown"],
    "min_round_trips": 3, "memory_mb": 7, "seed": 4,
}  # fmt: skip


@pytest.fixture
def researcher(store: Any, fake_broker: FakeBroker) -> Client:
    sync_strategies()
    return browser(user=UserFactory.create(is_staff=True, role=Role.RESEARCHER))


@pytest.fixture
def viewer(store: Any) -> Client:
    return browser(user=UserFactory.create(is_staff=True, role=Role.VIEWER))


def form_of(client: Client, **changes: str) -> Fields:
    """Return the form of a search, filled in."""
    values = {
        "strategy": "sma_cross", "engine": "vectorbt", "series": "BTC/USD.TEST bars-1h",
        "grid": "fast = 2:5:1\n\nslow=8, 20", "params": "allow_short=true", "cash": "500",
        "start_0": "2023-11-20", "start_1": "00:00", "fee_rate": "0.002", "slippage_bps": "3",
        "experiment": "why", "how": "nsga2", "n_trials": "6", "objectives": "cagr, max_drawdown",
        "min_round_trips": "3", "memory_mb": "7", "seed": "4",
    }  # fmt: skip
    return filled(client, START, **{**values, **changes})


def asked_of(sweep: Sweep) -> dict[str, Any]:
    """Return all of a row but what is its own."""
    own = {"id", "created_at", "created_by_id"}
    values = {
        field.attname: getattr(sweep, field.attname)
        for field in Sweep._meta.concrete_fields
        if field.attname not in own
    }
    values["search"] = {k: v for k, v in values["search"].items() if k != "study"}
    return values


@pytest.fixture
def queued(researcher: Client) -> Sweep:
    researcher.post(START, form_of(researcher))
    return Sweep.objects.get()


class TestStart:
    def test_makes_the_row_that_the_api_makes(
        self, queued: Sweep, django_capture_on_commit_callbacks: Any
    ) -> None:
        client: APIClient = script(Role.RESEARCHER)
        client.post("/api/v1/sweeps/", SAME, format="json", headers={"Idempotency-Key": "one"})

        first, second = Sweep.objects.order_by("pk")
        assert asked_of(first) == asked_of(second)
        assert first.created_by is not None

    def test_tells_the_workers_and_leads_to_its_page(
        self,
        researcher: Client,
        fake_broker: FakeBroker,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            answer = researcher.post(START, form_of(researcher))

        sweep = Sweep.objects.get()
        assert answer.headers["Location"] == f"{SWEEPS}{sweep.pk}/change/"
        assert fake_broker.sweeps == [sweep.pk]

    def test_of_one_form_happens_once(self, researcher: Client) -> None:
        form = form_of(researcher)
        first, again = researcher.post(START, form), researcher.post(START, form)

        assert first.headers["Location"] == again.headers["Location"]
        assert Sweep.objects.count() == 1

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"grid": "fast"}, "is not NAME=FIRST:LAST:STEP"),
            ({"grid": "quick=1,2\nslow=8,20,30"}, "unknown parameter"),
            ({"grid": "fast=1:20000:1"}, "fast has 20000 values, at most 10000"),
            ({"grid": "\n \n"}, "This field is required"),
            ({"params": "fast=3"}, "fast is both fixed and on the grid"),
            ({"grid": ""}, "This field is required"),
            ({"objectives": "luck"}, "objective &#x27;luck&#x27; is none of"),
            ({"objectives": ""}, "This field is required"),
            ({"how": "cmaes"}, "cmaes"),
            ({"how": "cmaes", "objectives": "cagr", "pruning": "on"}, "cmaes"),
            ({"n_trials": "9"}, "a search of 9 trials over 8 sets"),
            ({"n_trials": ""}, "A search needs a number of sets to try"),
            ({"how": "grid"}, "The whole grid is tried: leave this empty"),
            ({"how": "grid", "n_trials": "", "pruning": "on"}, "Only a search gives sets up"),
            ({"how": "grid", "n_trials": ""}, "a grid is ranked by one objective"),
        ],
    )
    def test_says_what_is_wrong_and_keeps_what_was_written(
        self, researcher: Client, changes: dict[str, str], sentence: str
    ) -> None:
        page = researcher.post(START, form_of(researcher, experiment="kept", **changes))

        shown = page.content.decode()
        assert (page.status_code, sentence in shown) == (200, True)
        assert 'value="kept"' in shown
        assert not Sweep.objects.exists()

    def test_is_offered_to_those_who_may(self, researcher: Client, viewer: Client) -> None:
        assert START in researcher.get(SWEEPS).content.decode()
        assert START not in viewer.get(SWEEPS).content.decode()
        assert viewer.get(START).status_code == 403
        assert viewer.post(START, {}).status_code == 403


class TestButtons:
    def test_pause_and_resume(
        self,
        researcher: Client,
        queued: Sweep,
        fake_broker: FakeBroker,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        pause, resume = (f"{SWEEPS}{queued.pk}/{verb}/" for verb in ("pause", "resume"))
        page = f"{SWEEPS}{queued.pk}/change/"
        before = researcher.get(page).content.decode()

        researcher.get(pause)
        assert Sweep.objects.get().paused_at is None
        said = researcher.post(pause, follow=True).content.decode()
        assert Sweep.objects.get().paused_at is not None
        with django_capture_on_commit_callbacks(execute=True):
            researcher.post(resume)

        assert Sweep.objects.get().paused_at is None
        assert (pause in before, resume in before) == (True, False)
        assert (pause in said, resume in said) == (False, True)
        assert f"sweep {queued.pk}: paused" in said
        assert fake_broker.sweeps == [queued.pk]

    def test_cancel_asks_first(self, researcher: Client, queued: Sweep) -> None:
        address = f"{SWEEPS}{queued.pk}/cancel/"
        asked = researcher.get(address).content.decode()
        assert Sweep.objects.get().status == RunStatus.QUEUED
        page = researcher.post(address, follow=True).content.decode()

        assert f"End sweep {queued.pk} (QUEUED), 0% done?" in asked
        assert f"sweep {queued.pk}: canceled" in page
        assert Sweep.objects.get().status == RunStatus.CANCELED
        assert address not in page
        assert researcher.post(address).status_code == 403

    def test_are_for_those_who_may(self, viewer: Client, queued: Sweep) -> None:
        page = viewer.get(f"{SWEEPS}{queued.pk}/change/").content.decode()

        for verb in ("pause", "resume", "cancel", "validate", "examine"):
            assert f"{SWEEPS}{queued.pk}/{verb}/" not in page
            assert viewer.post(f"{SWEEPS}{queued.pk}/{verb}/").status_code == 403
        assert Sweep.objects.get().status == RunStatus.QUEUED


class TestWatch:
    def watched(self, client: Client, sweep: Sweep) -> str:
        """Return the address that the sweep's page asks."""
        page = client.get(f"{SWEEPS}{sweep.pk}/change/").content.decode()
        found = re.search(rf'hx-get="({SWEEPS}[^"]+)"', page)
        return found[1] if found else ""

    def test_says_how_far_it_is_and_nothing_twice(self, viewer: Client, queued: Sweep) -> None:
        address = self.watched(viewer, queued)
        waiting = viewer.get(address)
        tag = {"If-None-Match": waiting.headers["ETag"]}
        same = viewer.get(address, headers=tag)
        Sweep.objects.update(progress=0.04)
        moved = viewer.get(address, headers=tag)

        assert "QUEUED, 0 % done" in waiting.content.decode()
        assert (same.status_code, same.content) == (304, b"")
        assert (moved.status_code, "4 % done" in moved.content.decode()) == (200, True)
        assert "HX-Refresh" not in moved.headers

    @pytest.mark.parametrize(
        "changes",
        [
            {"progress": 0.1},
            {"paused_at": NOON},
            {"status": RunStatus.FAILED, "finished_at": NOON, "error_code": "e"},
        ],
    )
    def test_reloads_a_page_that_is_old(
        self, viewer: Client, queued: Sweep, changes: dict[str, Any]
    ) -> None:
        address = self.watched(viewer, queued)
        Sweep.objects.update(**changes)
        old = viewer.get(address)
        fresh = self.watched(viewer, queued)

        assert old.headers["HX-Refresh"] == "true"
        if "finished_at" in changes:
            assert fresh == ""
        else:
            assert "HX-Refresh" not in viewer.get(fresh).headers

    def test_is_for_those_who_may_see_sweeps(self, client: Client, queued: Sweep) -> None:
        client.force_login(UserFactory.create(is_staff=True))

        assert client.get(f"{SWEEPS}{queued.pk}/progress/").status_code == 403
