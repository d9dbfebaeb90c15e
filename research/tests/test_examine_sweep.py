"""Tools by themselves on sweeps of the ledger."""

from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.core.management import call_command

from common.data_pipeline.rows import BarRows
from common.data_pipeline.store import SeriesStore
from common.domain.enums import RunStatus
from common.domain.errors import InvalidArgument
from exchanges.services.catalogue import register_series
from research.exceptions import ArtefactDamaged, NotExaminable
from research.models import Examination, Sweep
from research.selectors.runs import get_run
from research.selectors.sweeps import best_trials
from research.services.examined_runs import read_run_facts
from research.tests.conftest import KEY, Ask, bars
from research.tests.test_examine_run import examined, told
from research.tests.test_sweeps import question, sweep
from research.validation.bootstrap import total_return

pytestmark = [pytest.mark.django_db, pytest.mark.engine("vectorbt")]

DAYS = 200
GRID = ("fast=2,3,5", "slow=8,12,20")


@pytest.fixture
def swept(store: SeriesStore) -> Sweep:
    """Return a sweep over a market that trends for days on end."""
    hours = 24 * DAYS
    drift = np.where(np.arange(hours) // 96 % 2 == 0, 0.002, -0.002)
    moves = drift + np.random.default_rng(1).normal(0.0, 0.002, hours)
    store.merge_bars(KEY, [BarRows.of(bars(100.0 * np.exp(np.cumsum(moves))))], replace=True)
    register_series(store=store, key=KEY)
    done: Sweep = sweep(store, question(*GRID))
    assert done.status == RunStatus.SUCCEEDED
    return done


class TestExamine:
    def test_keeps_an_edge(self, swept: Sweep, store: SeriesStore) -> None:
        walked = examined(swept, store, "walk_forward", purge=1, embargo=1)

        assert walked.passed is True
        assert (walked.run_id, walked.sweep_id) == (None, swept.pk)
        assert walked.values["windows"] == 6
        assert examined(swept, store, "combinatorial").values["share_losing"] == 0.0

    def test_the_days_are_those_of_the_runs(
        self, swept: Sweep, ask: Ask, store: SeriesStore
    ) -> None:
        best = best_trials(swept, count=1)[0]
        run = ask(params=best.params)

        of_best = examined(swept, store, "best_deflated_sharpe")

        assert of_best.values["sharpe"] == pytest.approx(run.metrics["sharpe"])
        # Nine sets, and the run is one of them once more.
        assert of_best.values["n_trials"] == 9
        alone = examined(run, store, "deflated_sharpe")
        assert of_best.values == pytest.approx(alone.values)

    def test_every_set_is_looked_at(self, swept: Sweep, store: SeriesStore) -> None:
        found = examined(swept, store, "overfitting", n_blocks=8)

        assert (found.values["sets"], found.values["combinations"]) == (9.0, 70.0)
        assert 0.0 <= found.values["pbo"] <= 1.0

    def test_a_window_over_all_days_tests_what_the_choice_earned(
        self, swept: Sweep, ask: Ask, store: SeriesStore
    ) -> None:
        found = examined(
            swept, store, "walk_forward", n_windows=1, train_days=60, purge=0, embargo=0
        )

        (row,) = found.figures["windows"]["rows"]
        params = dict(part.split("=") for part in row[4].split())
        run = ask(params=params)
        # The days from the sixty-first on, read from the run itself.
        daily = read_run_facts(get_run(run.pk), store=store).daily
        assert found.values["test_return"] == pytest.approx(total_return(daily[60:]))


class TestRefusals:
    def test_a_sweep_that_has_not_ended(self, swept: Sweep, store: SeriesStore) -> None:
        values = {
            field.attname: getattr(swept, field.attname)
            for field in Sweep._meta.concrete_fields
            if field.name not in {"id", "created_at"}
        }
        values |= {"status": RunStatus.CANCELED, "error_code": "interrupted"}
        canceled = Sweep.objects.create(**values)

        with pytest.raises(NotExaminable, match="is CANCELED: only what succeeded"):
            examined(canceled, store, "overfitting")

    def test_a_file_that_was_touched(self, swept: Sweep, store: SeriesStore) -> None:
        chunk = swept.chunks.exclude(days_path="").earliest("index")
        path = Path(settings.ARTEFACT_ROOT) / chunk.days_path
        path.write_bytes(path.read_bytes() + b" ")

        with pytest.raises(ArtefactDamaged, match="has hash"):
            examined(swept, store, "overfitting")
        assert not Examination.objects.exists()

    def test_a_tool_of_the_other_kind(self, swept: Sweep, ask: Ask, store: SeriesStore) -> None:
        with pytest.raises(InvalidArgument, match="tool regimes looks at a run, sweep"):
            examined(swept, store, "regimes")
        with pytest.raises(InvalidArgument, match="tool overfitting looks at a sweep, run"):
            examined(ask(), store, "overfitting")


class TestCommand:
    def test_prints_and_keeps(self, swept: Sweep) -> None:
        status, document = told(
            "examine_sweep", str(swept.pk), "--tool", "walk_forward", "--tool", "combinatorial",
            "--option", "purge=1", "--option", "embargo=1",
        )  # fmt: skip

        walked, combined = document["examinations"]
        assert (status, walked["passed"], combined["passed"]) == (0, True, None)
        assert (walked["options"]["purge"], combined["options"]["purge"]) == (1, 1)
        assert Examination.objects.filter(sweep=swept).count() == 2

    def test_shows_windows_and_stability(self, swept: Sweep) -> None:
        output = StringIO()
        call_command(
            "examine_sweep", str(swept.pk), "--tool", "walk_forward", "--option", "purge=1",
            "--option", "embargo=1", stdout=output,
        )  # fmt: skip

        assert "Windows, rolling" in output.getvalue()
        assert "How much the choice wanders" in output.getvalue()

    def test_refuses_options_that_do_not_fit(self, swept: Sweep) -> None:
        status, document = told(
            "examine_sweep", str(swept.pk), "--tool", "overfitting", "--option", "n_blocks=5"
        )

        assert (status, document["code"]) == (2, "invalid_argument")
