import re
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from io import StringIO
from typing import Any

import pytest
import schemathesis
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from knox.models import get_token_model
from pytest_django import Settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    ignored_auth,
    negative_data_rejection,
    positive_data_acceptance,
)

from common.data_pipeline.store import SeriesStore
from common.roles import Role
from common.tests.clients import browser
from common.tests.factories import UserFactory
from research.models import Comparison, Dataset, Examination, Job, Run
from research.tests.conftest import Ask
from research.tests.test_sweeps import question, sweep
from research.tests.validating import written
from trading.services import thresholds
from trading.tests.promoting import NOW, person, promoted

# What is well formed can still be refused, such as a period that ends before it starts; what is
# not can be an empty field of a form; that every address is closed has a test of its own.
NOT_CHECKED = [positive_data_acceptance, negative_data_rejection, ignored_auth]
PAGES = ("/api/v1/docs/", "/api/v1/redoc/")


@pytest.fixture
def viewer(db: None) -> Client:
    return browser(Role.VIEWER)


class TestSchema:
    @pytest.mark.django_db
    def test_is_valid_and_without_warnings(self) -> None:
        output = StringIO()

        call_command("spectacular", "--validate", "--fail-on-warn", stdout=output)

        assert "/api/v1/series/{id}/bars/:" in output.getvalue()

    def test_is_for_those_who_are_logged_in(self, client: Client, viewer: Client) -> None:
        assert client.get("/api/v1/schema/").status_code == 401
        assert viewer.get("/api/v1/schema/").status_code == 200


class TestPages:
    @pytest.mark.parametrize("address", PAGES)
    def test_need_nothing_of_the_internet(self, viewer: Client, address: str) -> None:
        page = viewer.get(address).content.decode()

        linked = re.findall(r"""(?:src|href|spec-url)=["']([^"']+)""", page)
        assert linked
        assert [link for link in linked if not link.startswith("/")] == []
        assert "https://" not in page

    @pytest.mark.parametrize("address", PAGES)
    def test_find_their_files_here(self, viewer: Client, address: str) -> None:
        page = viewer.get(address).content.decode()

        files = re.findall(r"""(?:src|href)=["']/static/([^"']+)""", page)
        assert files
        assert [file for file in files if not finders.find(file)] == []

    @pytest.mark.parametrize("address", PAGES)
    def test_ask_a_stranger_to_log_in(self, client: Client, address: str) -> None:
        page = client.get(address)

        assert page.status_code == 401
        assert f'href="/admin/login/?next={address}"' in page.content.decode()


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.engine("vectorbt")
class TestEveryGet:
    @pytest.fixture
    def run(self, ask: Ask, settings: Settings) -> Iterator[Run]:
        # More requests than one user has in a minute.
        settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
        run: Run = ask()
        ask(params={"allow_short": "true"})
        # The test's transaction is on the connection that each request would close.
        for signal in (request_started, request_finished):
            signal.disconnect(close_old_connections)
        yield run
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)

    def test_answers_whatever_is_asked_as_it_is_described(
        self, run: Run, store: SeriesStore
    ) -> None:
        _, token = get_token_model().objects.create(user=UserFactory.create(role=Role.VIEWER))
        headers = {"Authorization": f"Token {token}", "Host": "127.0.0.1"}
        schema = schemathesis.openapi.from_wsgi(
            "/api/v1/schema/?format=json", get_wsgi_application(), headers=headers
        )
        comparison = Comparison.objects.create(
            experiment=run.experiment,
            strategy_version=run.strategy_version,
            dataset=Dataset.objects.get(),
            verdict="SINGLE",
            document={"engines": {}, "pairs": [], "differences": []},
        )
        examination = Examination.objects.create(
            run=run, tool="regimes", options={}, sentence="", values={"growth": 0.1},
            provenance={}, code_hash="", seconds=0.1,
        )  # fmt: skip
        job = Job.objects.create(kind=Job.Kind.VALIDATION, question={}, status="QUEUED")
        swept = sweep(store, question("fast=2,3", "slow=8"))
        promotion, officer = promoted(), person(Role.RISK_OFFICER)
        change = partial(thresholds.change, user=officer, reason="why", at=NOW)
        change(key="delay", value=0.6)
        waiting = change(key="parity", value=1e-5)
        known = {
            "comparisons": comparison.pk,
            "datasets": run.dataset_id,
            "examinations": examination.pk,
            "experiments": run.experiment_id,
            "instruments": run.series.instrument_id,
            "jobs": job.pk,
            "promotion-requests": promotion.request_id,
            "promotions": promotion.pk,
            "runs": run.pk,
            "series": run.series_id,
            "sweeps": swept.pk,
            "strategies": run.strategy_version.strategy.key,
            "validations": written(swept).pk,
            "threshold-requests": waiting.pk,
            "thresholds": "delay",
            "venues": run.series.instrument.venue_id,
        }
        tried = set()

        operations: Iterator[Any] = schema.include(method="GET").get_all_operations()
        for operation in (each.ok() for each in operations):
            try_operation(operation, GenerationMode.POSITIVE, known, headers)
            # Where nothing is asked, or any text will do, there is no wrong way to ask.
            with suppress(Unsatisfiable):
                try_operation(operation, GenerationMode.NEGATIVE, known, headers)
            tried.add(operation.path)

        assert {"/api/v1/runs/{id}/fills/", "/api/v1/series/{id}/bars/"} < tried
        assert len(tried) == 41


def try_operation(
    operation: Any, mode: GenerationMode, known: dict[str, Any], headers: dict[str, str]
) -> None:
    @given(case=operation.as_strategy(generation_mode=mode), is_known=st.booleans())
    @hypothesis_settings(
        max_examples=6, derandomize=True, deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def examine(case: Any, is_known: bool) -> None:
        if is_known and mode is GenerationMode.POSITIVE and case.path_parameters:
            number = known[operation.path.split("/")[3]]
            case.path_parameters = dict.fromkeys(case.path_parameters, number)
        case.call_and_validate(headers=headers, excluded_checks=NOT_CHECKED)

    examine()
