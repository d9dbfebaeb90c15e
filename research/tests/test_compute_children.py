"""Many children one after another: none hangs, and the worker stays as small as it was."""

import os
from typing import Any

import pytest

from common.domain.enums import RunStatus
from research.compute import fork_server, processes
from research.models import Run
from research.tests.conftest import Ask

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.engine("vectorbt"),
    pytest.mark.slow,
    pytest.mark.timeout(240),
]
WARM, MANY = 10, 40


@pytest.fixture(autouse=True, scope="module")
def _end_fork_server() -> Any:
    yield
    fork_server.stop()


def test_all_end_and_leave_the_memory_of_their_worker_where_it_was(
    enqueue: Ask, execute: Ask
) -> None:
    me = processes.identify(os.getpid())
    assert me is not None
    for _ in range(WARM):
        execute(enqueue())
    before = processes.proportional_bytes([me])
    for _ in range(MANY):
        execute(enqueue())
    growth = processes.proportional_bytes([me]) - before

    assert Run.objects.filter(status=RunStatus.SUCCEEDED, attempt=1).count() == WARM + MANY
    assert len({*Run.objects.values_list("result_hash", flat=True)}) == 1
    # The engine alone would be forty times as much.
    assert growth < 8e6
