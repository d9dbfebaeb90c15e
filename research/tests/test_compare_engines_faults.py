"""A fault planted in an adapter appears in the report with its money, and fails it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from common.data_pipeline.store import SeriesStore
from common.domain.costs import AccountType, Sizing
from research.engines.base import Task
from research.engines.registry import get_engine
from research.models import Run
from research.parity.tests.engine_pairs import (
    BAR_ENGINES,
    Fault,
    dearer,
    dropped,
    falsify,
    late,
)
from research.selectors.comparisons import by_cause
from research.selectors.runs import get_run, list_fills
from research.tests.test_compare_engines import compare, document

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(120)]

type Plant = Callable[[str, Fault], None]


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch) -> Plant:
    def plant(name: str, fault: Fault) -> None:
        engine = type(get_engine(name))
        real = engine._execute

        def execute(self: Any, task: Task) -> Any:
            return falsify(real(self, task), task, fault)

        monkeypatch.setattr(engine, "_execute", execute)

    return plant


def report(store: SeriesStore, name: str) -> dict[str, Any]:
    """Compare the engine with another one, in sizes that nothing changes."""
    sound = next(each for each in [*reversed(BAR_ENGINES)] if each != name)
    return document(
        compare(
            store, sound, name,
            sizing=Sizing.parse("fixed_quantity=1"), account=AccountType.MARGIN,
        )
    )  # fmt: skip


def causes(found: dict[str, Any]) -> dict[str, Any]:
    return {
        row["cause"]: (row["count"], row["money"])
        for row in by_cause(found)
        if row["cause"] != "within_tolerance"
    }


@pytest.mark.skipif(len(BAR_ENGINES) < 2, reason="one engine on bars is installed")
@pytest.mark.parametrize("name", BAR_ENGINES)
class TestPlantedFaults:
    def test_a_fee_a_tenth_too_high_fails_the_run_and_is_measured(
        self, store: SeriesStore, plant: Plant, name: str
    ) -> None:
        plant(name, dearer)

        found = report(store, name)

        assert found["verdict"] == "FAILED"
        row = found["engines"][name]
        assert (row["status"], row["code"]) == ("FAILED", "invariant_violated")
        sound = Run.objects.exclude(engine=name).get()
        fees = sum(fill["fee"] for fill in list_fills(get_run(sound.pk)))
        assert causes(found) == {"fee": (sound.n_fills, pytest.approx(-0.1 * fees, rel=1e-9))}

    def test_fills_one_bar_late_are_timing(
        self, store: SeriesStore, plant: Plant, name: str
    ) -> None:
        plant(name, late)

        found = report(store, name)

        assert found["verdict"] == "DIFFERENT"
        runs = {run.engine: run for run in Run.objects.all()}
        sound = next(run for engine, run in runs.items() if engine != name)
        moved = runs[name].equity["last"] - sound.equity["last"]  # type: ignore[index]
        assert causes(found) == {"timing": (sound.n_fills, pytest.approx(moved, rel=1e-6))}

    def test_a_fill_that_was_dropped_is_missing(
        self, store: SeriesStore, plant: Plant, name: str
    ) -> None:
        plant(name, dropped(3))

        found = report(store, name)

        assert found["verdict"] == "DIFFERENT"
        (pair,) = found["pairs"]
        assert (pair["missing"], pair["extra"]) == (1, 0)
        sound = Run.objects.exclude(engine=name).get()
        lost = list_fills(get_run(sound.pk))[3]
        (difference,) = found["differences"]
        assert (difference["cause"], difference["ts"]) == ("missing", lost["ts"])
        assert (difference["side"], difference["round_trip"]) == ("SELL", 2)
        # One coin that was not sold is worth the last close, and its fee was saved.
        close = 100 + 10 * np.sin(399 / 9)
        assert difference["money"] == pytest.approx(close - lost["price"] + lost["fee"], rel=1e-6)
