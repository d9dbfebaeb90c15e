"""Sweeps in the back office."""

import pytest
from rest_framework.test import APIClient

from common.data_pipeline.store import SeriesStore
from common.roles import Role
from common.tests.clients import browser, count_queries
from common.tests.factories import UserFactory
from research.selectors.sweeps import best_trials
from research.tests.test_api_sweeps import copies
from research.tests.test_sweeps import question, sweep

pytestmark = [pytest.mark.django_db, pytest.mark.engine("vectorbt")]

ADMIN = "/admin/research/sweep/"


@pytest.fixture
def viewer(db: None) -> APIClient:
    return browser(user=UserFactory.create(is_staff=True, role=Role.VIEWER))


class TestAdmin:
    def test_shows_the_best_and_the_surface(self, store: SeriesStore, viewer: APIClient) -> None:
        done = sweep(store, question())
        page = viewer.get(f"{ADMIN}{done.pk}/change/").content.decode()

        (best,) = best_trials(done, count=1)
        assert f"--param=fast={best.params['fast']} --param=slow={best.params['slow']}" in page
        assert page.count(">missing</td>") == 2
        assert f'rgba(37, 99, 235, 0.60)">{best.value:.3g}</td>' in page

    def test_says_what_parameter_there_is_not(self, store: SeriesStore, viewer: APIClient) -> None:
        done = sweep(store, question())

        page = viewer.get(f"{ADMIN}{done.pk}/change/?x=speed").content.decode()

        assert "none of: fast, slow" in page

    def test_lists_in_a_constant_number_of_queries(
        self, store: SeriesStore, viewer: APIClient
    ) -> None:
        done = sweep(store, question())
        for_one = count_queries(viewer, ADMIN)
        copies(done, 49)

        assert count_queries(viewer, ADMIN) == for_one
