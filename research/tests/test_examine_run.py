"""Tools by themselves on runs of the ledger."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import IntegrityError, transaction

from common.data_pipeline.rows import BarRows
from common.data_pipeline.store import SeriesStore
from common.domain.clock import SystemClock
from common.domain.costs import CostModel
from common.domain.errors import InvalidArgument
from research.domain.examination_question import ExaminationQuestion
from research.exceptions import (
    ArtefactDamaged,
    MarketChanged,
    NotExaminable,
    UnknownRun,
    UnknownTool,
)
from research.models import Examination, Run, Sweep
from research.selectors.examinations import describe_examination
from research.selectors.runs import get_run
from research.selectors.sweeps import get_sweep
from research.services.examinations import check, examine
from research.services.means import Means
from research.tests.conftest import KEY, Ask, bars, wave
from trading.models import StrategyVersion

pytestmark = [pytest.mark.django_db, pytest.mark.engine("vectorbt")]


def examined(of: Run | Sweep, store: SeriesStore, tool: str, **options: Any) -> Examination:
    question = ExaminationQuestion(tool=tool, options=options, seed=options.pop("seed", 0))
    subject = get_run(of.pk) if isinstance(of, Run) else get_sweep(of.pk)
    checked = check(subject=subject, question=question)
    return examine(checked=checked, means=Means(store=store, clock=SystemClock()))


def told(*words: str) -> tuple[int, dict[str, Any]]:
    output = StringIO()
    try:
        call_command(*words, "--json", stdout=output, stderr=StringIO())
    except SystemExit as ended:
        return int(str(ended.code)), json.loads(output.getvalue())
    return 0, json.loads(output.getvalue())


@pytest.fixture
def run(ask: Ask) -> Run:
    done: Run = ask(params={"fast": 3, "slow": 9})
    return done


class TestExamine:
    def test_is_told_the_facts_of_the_run(self, run: Run, store: SeriesStore) -> None:
        growth = examined(run, store, "regimes", window_days=2).values["growth"]
        sharpe = examined(run, store, "deflated_sharpe").values["sharpe"]
        shuffle = examined(run, store, "trade_shuffle").values

        assert growth == pytest.approx(np.log1p(run.metrics["total_return"]))
        assert sharpe == pytest.approx(run.metrics["sharpe"])
        assert shuffle["round_trips"] == run.metrics["n_round_trips"] == 7
        # None of them lost.
        assert (shuffle["drawdown"], shuffle["share_as_deep"]) == (0.0, 1.0)

    def test_counts_the_trials_of_the_ledger(self, run: Run, ask: Ask, store: SeriesStore) -> None:
        ask(params={"fast": 4, "slow": 9})
        ask(params={"fast": 4, "slow": 9})

        assert examined(run, store, "deflated_sharpe").values["n_trials"] == 2
        assert examined(run, store, "deflated_sharpe", prior_trials=5).values["n_trials"] == 7

    def test_what_was_held_earned_what_the_run_did(
        self, run: Run, ask: Ask, store: SeriesStore
    ) -> None:
        free = ask(
            params={"fast": 3, "slow": 9}, costs=CostModel(fee_rate=0.0, maker_fee_rate=0.0)
        )

        found = examined(free, store, "random_entry", n_draws=200)

        # Sum over bars of exposure times return, for all of equity in or out: by the log to
        # the second order of an hour's move.
        growth = np.log1p(free.metrics["total_return"])
        assert found.values["observed"] == pytest.approx(growth, abs=0.02)
        # A wave is what a crossing of averages earns from.
        assert found.values["p_value"] < 0.01

    def test_keeps_all_that_was_asked_and_found(self, run: Run, store: SeriesStore) -> None:
        found = examined(run, store, "bootstrap", n_paths=20, seed=4)

        assert (found.tool, found.run_id, found.sweep_id, found.seed) == (
            "bootstrap", run.pk, None, 4,
        )  # fmt: skip
        assert found.options == {"n_paths": 20, "block": None, "scheme": "stationary"}
        assert found.figures["return"]["kind"] == "bars"
        assert found.provenance["platform_version"] == settings.PLATFORM_VERSION
        assert len(found.code_hash) == 64
        again = examined(run, store, "bootstrap", n_paths=20, seed=4)
        assert (again.values, again.figures) == (found.values, found.figures)

    @pytest.mark.both_databases
    def test_a_row_is_never_changed(self, run: Run, store: SeriesStore) -> None:
        found = examined(run, store, "regimes", window_days=2)

        for change in (
            lambda: Examination.objects.filter(pk=found.pk).update(passed=True),
            lambda: Examination.objects.filter(pk=found.pk).delete(),
        ):
            with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
                change()


class TestRefusals:
    def test_a_run_that_failed(self, ask: Ask, store: SeriesStore) -> None:
        failed = ask(params={"allow_short": "true"})
        assert failed.status == "REFUSED"

        with pytest.raises(NotExaminable, match="is REFUSED: only what succeeded"):
            examined(failed, store, "regimes")

    def test_a_strategy_that_quotes(self, run: Run, store: SeriesStore) -> None:
        version = StrategyVersion.objects.filter(pk=run.strategy_version_id)
        version.update(contract="quotes")

        with pytest.raises(NotExaminable, match="of sma_cross, which quotes"):
            examined(run, store, "regimes")

    def test_a_file_that_was_touched(self, run: Run, store: SeriesStore) -> None:
        artefact = run.artefacts.get(kind="equity")
        path = Path(settings.ARTEFACT_ROOT) / artefact.path
        path.write_bytes(path.read_bytes() + b" ")

        with pytest.raises(ArtefactDamaged, match="has hash"):
            examined(run, store, "regimes")
        assert not Examination.objects.exists()

    def test_bars_that_are_not_those_of_the_run(self, run: Run, store: SeriesStore) -> None:
        closes = wave(400)
        closes[200] *= 1.01
        store.merge_bars(KEY, [BarRows.of(bars(closes))], replace=True)

        with pytest.raises(MarketChanged, match="run it anew"):
            examined(run, store, "regimes")

    def test_a_tool_or_an_option_that_there_is_not(self, run: Run, store: SeriesStore) -> None:
        with pytest.raises(UnknownTool, match="known: bar_bootstrap, "):
            examined(run, store, "luck")
        with pytest.raises(InvalidArgument, match="unknown option 'paths'"):
            examined(run, store, "bootstrap", paths=3)
        with pytest.raises(InvalidArgument, match="n_paths is 0, must be in"):
            examined(run, store, "bootstrap", n_paths=0)


class TestCommand:
    def test_prints_what_is_kept(self, run: Run) -> None:
        status, document = told(
            "examine_run", str(run.pk), "--tool", "regimes", "--tool", "trade_shuffle",
            "--option", "window_days=2", "--option", "n_paths=30", "--seed", "2",
        )  # fmt: skip

        first, second = Examination.objects.order_by("pk")
        assert status == 0
        assert document == {
            "examinations": [describe_examination(first), describe_examination(second)]
        }
        assert (first.options, second.options) == ({"window_days": 2.0}, {"n_paths": 30})
        assert {first.seed, second.seed} == {2}

    def test_fails_where_a_tool_that_judges_does(self, run: Run) -> None:
        status, document = told("examine_run", str(run.pk), "--tool", "deflated_sharpe")

        assert (status, document["examinations"][0]["passed"]) == (1, False)

    @pytest.mark.parametrize(
        ("words", "status", "code"),
        [
            (("--tool", "luck"), 2, "unknown_tool"),
            (("--tool", "regimes", "--option", "paths=3"), 2, "invalid_argument"),
            (("--tool", "regimes", "--option", "window_days"), 2, "invalid_argument"),
            (("--tool", "regimes", "--option", "window_days=0"), 2, "invalid_argument"),
            (("--tool", "regimes", "--seed", "-1"), 2, "invalid_argument"),
        ],
    )
    def test_says_what_is_wrong_before_anything_is_kept(
        self, run: Run, words: tuple[str, ...], status: int, code: str
    ) -> None:
        ended, document = told("examine_run", str(run.pk), *words)

        assert (ended, document["code"]) == (status, code)
        assert not Examination.objects.exists()

    def test_shows_a_page_to_people(self, run: Run) -> None:
        output = StringIO()
        call_command(
            "examine_run", str(run.pk), "--tool", "regimes", "--option", "window_days=2",
            stdout=output,
        )  # fmt: skip

        page = output.getvalue()
        assert f"described: Regimes and calendar of run {run.pk}, sma_cross" in page
        assert "seed=0 window_days=2" in page
        assert "log growth, calmest third" in page
        assert "By volatility" in page

    def test_shows_again_what_was_kept(self, run: Run) -> None:
        _, made = told("examine_run", str(run.pk), "--tool", "deflated_sharpe")
        number = made["examinations"][0]["examination_id"]

        assert told("show_examination", str(number)) == (0, made["examinations"][0])
        status, refused = told("show_examination", "999")
        assert (status, refused["code"]) == (1, "unknown_examination")

    def test_knows_no_other_run(self, run: Run) -> None:
        ended, document = told("examine_run", "999", "--tool", "regimes")

        assert (ended, document["code"]) == (1, UnknownRun.code)


def test_the_list_says_what_each_tool_answers() -> None:
    _, document = told("list_tools")
    output = StringIO()
    call_command("list_tools", stdout=output)

    for tool in document["tools"]:
        assert f"{tool['key']} (of a {tool['subject']}): {tool['question']}" in output.getvalue()
    assert "n_paths=1000  histories drawn; from 1 to 100000" in output.getvalue()
