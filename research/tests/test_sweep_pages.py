"""Sweeps in the back office."""

import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from common.data_pipeline.store import SeriesStore
from common.domain.enums import RunStatus
from common.domain.time import from_ns
from common.roles import Role
from common.tests.clients import browser, count_queries
from common.tests.factories import UserFactory
from research.models import Sweep, Trial
from research.selectors.command_lines import run_command
from research.selectors.sweeps import best_trials
from research.tests.test_api_sweeps import copies
from research.tests.test_sweeps import question, sweep
from research.tests.validating import written

pytestmark = [pytest.mark.django_db, pytest.mark.engine("vectorbt")]

ADMIN = "/admin/research/sweep/"


@pytest.fixture
def viewer(db: None) -> APIClient:
    return browser(user=UserFactory.create(is_staff=True, role=Role.VIEWER))


def shown(viewer: APIClient, of: Sweep, query: str = "") -> str:
    """Return the page as it is read."""
    answer = viewer.get(f"{ADMIN}{of.pk}/change/{query}")
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def values_of(of: Sweep) -> dict[str, Any]:
    """Return what a sweep without trials has in common with another."""
    return {
        field.attname: getattr(of, field.attname)
        for field in Sweep._meta.concrete_fields
        if field.name not in {"id", "created_at"}
    }


def add(of: Sweep, number: int, *, fast: int, **values: Any) -> None:
    """Write a trial, whose slow parameter is 20."""
    Trial.objects.create(
        sweep=of,
        number=number,
        params={"fast": fast, "slow": 20, "allow_short": False},
        trial_hash=f"{number:064d}",
        metrics={"sharpe": values["value"]} if "value" in values else {},
        **values,
    )


def large(of: Sweep) -> Sweep:
    """Return a sweep of 100 by 50 places, whose value is a tenth of the sum of both."""
    copy = Sweep.objects.create(**values_of(of))
    Trial.objects.bulk_create(
        Trial(
            sweep=copy,
            number=50 * fast + slow,
            params={"fast": fast, "slow": 1_000 + slow, "allow_short": False},
            trial_hash=f"{50 * fast + slow:064d}",
            metrics={"sharpe": (fast + slow) / 10, "n_round_trips": 20},
            value=(fast + slow) / 10,
        )
        for fast in range(100)
        for slow in range(50)
    )
    return copy


class TestPage:
    def test_shows_the_best_with_its_command_and_the_surface(
        self, store: SeriesStore, viewer: APIClient
    ) -> None:
        done = sweep(store, question())
        page = shown(viewer, done)

        (best,) = best_trials(done, count=1)
        assert f">{run_command(done.question, best.params)}</code>" in page
        assert f"--param=fast={best.params['fast']} --param=slow={best.params['slow']}" in page
        assert page.count(">missing</td>") == 2
        assert re.search(rf'rgba\(37, 99, 235, 0.60\)"><a [^>]*>{best.value:.3g}</a>', page)

    def test_shows_how_the_objective_is_distributed(
        self, store: SeriesStore, viewer: APIClient
    ) -> None:
        done = sweep(store, question())
        page = shown(viewer, done)

        (best,) = best_trials(done, count=1)
        assert (
            f'"label": "best: set {best.number}", "data": [{{"x": {best.value!r}, "y": 0}}' in page
        )
        assert f"the best, set {best.number}, has {best.value:.4g}" in page

    def test_says_what_parameter_there_is_not(self, store: SeriesStore, viewer: APIClient) -> None:
        done = sweep(store, question())

        assert "none of: fast, slow" in shown(viewer, done, "?x=speed")
        assert "the place is '9'" in shown(viewer, done, "?at=9")

    def test_leads_from_a_place_to_its_sets(self, store: SeriesStore, viewer: APIClient) -> None:
        done = sweep(store, question())
        link = "?x=fast&y=slow&at=1,1"
        assert f'href="{link}#place"' in shown(viewer, done)

        page = shown(viewer, done, link)

        # The second value of each: 4 and 20.
        assert "The best sets with fast 4 and slow 20, 20 at most" in page
        part = page[page.index('id="place"') : page.index("Best sets")]
        assert part.count("--param=fast=4 --param=slow=20") == part.count("</code>") == 1

    def test_offers_the_parameters_of_each_axis(
        self, store: SeriesStore, viewer: APIClient
    ) -> None:
        done = sweep(store, question("allow_short=false", "fast=2,3", "slow=8,20"))

        page = shown(viewer, done)

        # What has one value is not shown first; the parameter of the other axis is swapped.
        assert "sharpe by fast (across) and slow (down)" in page
        assert 'href="?x=allow_short&y=slow#surface">allow_short</a>' in page
        assert 'href="?x=slow&y=fast#surface">slow</a>' in page
        swapped = shown(viewer, done, "?x=slow&y=allow_short")
        assert "sharpe by slow (across) and allow_short (down)" in swapped

    def test_of_two_parameters_offers_none(self, store: SeriesStore, viewer: APIClient) -> None:
        assert "#surface" not in shown(viewer, sweep(store, question()))

    def test_leads_to_the_verdicts_on_it(self, store: SeriesStore, viewer: APIClient) -> None:
        done = sweep(store, question())
        number = written(done, passed=False).pk

        page = shown(viewer, done)

        assert f"/admin/research/validation/{number}/change/" in page
        assert f"validation {number}: FAIL" in page

    def test_of_one_that_waits_says_that_nothing_ranks_yet(
        self, store: SeriesStore, viewer: APIClient
    ) -> None:
        done = sweep(store, question())
        waiting = Sweep.objects.create(
            experiment=done.experiment,
            strategy_version=done.strategy_version,
            engine="vectorbt",
            question=done.question,
            grid=done.grid,
            objective="sharpe",
            min_round_trips=7,
            n_sets=10,
            status=RunStatus.QUEUED,
            paused_at=from_ns(0),
        )

        page = shown(viewer, waiting)

        assert "No set has a value and 7 round trips yet." in page
        assert "0 of 10 sets tried by grid, 0 rank by sharpe" in page
        assert "Paused since 1970-01-01 00:00 UTC." in page
        assert 'id="surface"' not in page

    def test_of_several_objectives_has_the_front(
        self, store: SeriesStore, viewer: APIClient
    ) -> None:
        of = Sweep.objects.create(**{
            **values_of(sweep(store, question())),
            "objectives": ["sharpe", "max_drawdown"],
        })
        # More of the first and less of the second is better: the third set is worse than both.
        for number, values in enumerate([[2.0, 0.3], [1.0, 0.1], [0.5, 0.5]]):
            add(of, number, fast=number, value=values[0], values=values)
        add(of, 3, fast=3, pruned_after=0.25)

        page = shown(viewer, of, "?at=0,0")

        assert '"label": "front", "data": [{"x": 2.0, "y": 0.3}, {"x": 1.0, "y": 0.1}]' in page
        assert '"label": "others", "data": [{"x": 0.5, "y": 0.5}]' in page
        assert "better than these 2 in sharpe and max_drawdown at once" in page
        part = page[page.index("Sets that no other is better") : page.index("Best sets")]
        assert re.findall(r"sharpe \d, max_drawdown 0.\d", part) == [
            "sharpe 2, max_drawdown 0.3", "sharpe 1, max_drawdown 0.1",
        ]  # fmt: skip
        assert "4 of 10 sets tried by grid, 3 rank by sharpe, 1 given up early, 0 failed" in page

    def test_says_after_how_much_a_set_was_given_up(
        self, store: SeriesStore, viewer: APIClient
    ) -> None:
        of = Sweep.objects.create(**values_of(sweep(store, question())))
        add(of, 0, fast=1, value=1.0)
        add(of, 1, fast=1, pruned_after=0.25)

        assert "given up after 25% of the bars" in shown(viewer, of, "?at=0,0")


class TestManyTrials:
    def test_are_grouped_and_read_in_a_constant_number_of_queries(
        self, store: SeriesStore, viewer: APIClient
    ) -> None:
        few = sweep(store, question())
        many = large(few)

        for_few = count_queries(viewer, f"{ADMIN}{few.pk}/change/")
        with CaptureQueriesContext(connection) as queries:
            page = shown(viewer, many)

        assert len(queries) == for_few <= 12
        # 100 by 50: two values across share a place, and one of 50 down has its own.
        assert "100 by 50 values are shown in groups" in page
        assert ">2 to 3</th>" in page
        assert ">1049</th>" in page
        assert page.count('"><a class="block px-2 py-1"') == 2_500
        # The last place has 98 + 49 and 99 + 49, in tenths.
        assert re.search(r'at=49,49#place">14.8</a>', page)
        assert "The median of 5,000 sets is 7.4, the best, set 4999, has 14.8." in page

    def test_of_a_place_are_the_best(self, store: SeriesStore, viewer: APIClient) -> None:
        page = shown(viewer, large(sweep(store, question())), "?at=1,2")

        part = page[page.index('id="place"') : page.index("Best sets")]
        assert "with fast 2 to 3 and slow 1002" in part
        assert re.findall(r"--param=fast=(\d)", part) == ["3", "2"]


class TestList:
    def test_takes_a_constant_number_of_queries(
        self, store: SeriesStore, viewer: APIClient
    ) -> None:
        done = sweep(store, question())
        for_one = count_queries(viewer, ADMIN)
        copies(done, 49)

        assert count_queries(viewer, ADMIN) == for_one
