"""Rows that an earlier release wrote are there after the migrations, as they were."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from common.append_only import install, remove
from research.apps import FINISHED_RUNS
from research.models import Artefact, Run
from research.tests.conftest import Ask

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.engine("vectorbt"),
    pytest.mark.both_databases,
    pytest.mark.slow,
    pytest.mark.timeout(120),
]


@pytest.fixture
def finished(ask: Ask) -> Any:
    """Give a finished run, and let it be removed: nothing else may."""
    yield ask()
    remove(connection, FINISHED_RUNS)
    Artefact.objects.all().delete()
    Run.objects.all().delete()
    install(connection, FINISHED_RUNS)


def test_a_finished_run_of_before_the_queue_gets_its_series_and_stays_frozen(
    finished: Run,
) -> None:
    kept = ("status", "input_hash", "result_hash", "dataset_id", "metrics", "series_id")
    before = {name: getattr(finished, name) for name in kept}

    call_command("migrate", "research", "0002", verbosity=0)
    call_command("migrate", verbosity=0)

    run = Run.objects.get(pk=finished.pk)
    assert {name: getattr(run, name) for name in kept} == before
    assert (run.attempt, run.progress, run.question) == (0, 0.0, {})
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Run.objects.filter(pk=run.pk).update(attempt=9)
