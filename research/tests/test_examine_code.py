"""Tools that run the strategy of a run anew."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.data_pipeline.store import SeriesStore
from common.domain.clock import SystemClock
from common.domain.costs import CostModel
from common.roles import Role
from common.tests.factories import UserFactory
from research.compute.exceptions import StrategyRaised
from research.domain.examination_question import ExaminationQuestion
from research.domain.question import NativeSource
from research.engines.tests import freqtrade_files as files
from research.exceptions import NotExaminable, SourceChanged
from research.models import Examination, Run, Sweep
from research.selectors.runs import count_trials_like, get_run
from research.services.examinations import check, examine
from research.services.means import Means
from research.tests.conftest import STRATEGY, Ask
from research.tests.test_examine_run import examined, told
from trading.models import StrategyVersion
from trading.services import thresholds

pytestmark = [pytest.mark.django_db, pytest.mark.engine("vectorbt")]

LEAK = "return (np.append(bars.close[1:], bars.close[-1:]) > bars.close).astype(np.float64)"
# Holds all the time, but needs two bars to say so.
SHORT = "return np.ones(len(bars)) / (len(bars) > 1)"


@pytest.fixture
def write(installation: Path) -> Callable[[str], Path]:
    """Return a function that writes a user's strategy with this body."""

    def write(body: str) -> Path:
        folder = installation / "strategies"
        folder.mkdir(exist_ok=True)
        path = folder / "odd.py"
        path.write_text(STRATEGY.replace("{body}", body), encoding="utf-8")
        return path

    return write


class TestCode:
    def test_a_leak_is_caught(
        self, ask: Ask, write: Callable[[str], Path], store: SeriesStore
    ) -> None:
        write(LEAK)
        leaking: Run = ask(strategy_key="odd")

        assert leaking.metrics["total_return"] > 0.5
        assert examined(leaking, store, "look_ahead").passed is False

    def test_a_clean_strategy_of_the_library_passes(self, ask: Ask, store: SeriesStore) -> None:
        run: Run = ask(params={"fast": 3, "slow": 9})

        assert examined(run, store, "look_ahead").passed is True
        assert examined(run, store, "warm_up").passed is True

    def test_stress_begins_with_what_the_ledger_has(self, ask: Ask, store: SeriesStore) -> None:
        costs = CostModel(fee_rate=0.002, maker_fee_rate=0.002, slippage=0.0005)
        run: Run = ask(params={"fast": 3, "slow": 9}, costs=costs)
        doubled: Run = ask(
            params={"fast": 3, "slow": 9},
            costs=CostModel(fee_rate=0.004, maker_fee_rate=0.004, slippage=0.001),
        )

        found = examined(run, store, "stress").values

        assert found["asked_return"] == pytest.approx(run.metrics["total_return"], abs=1e-12)
        assert found["doubled_return"] == pytest.approx(doubled.metrics["total_return"], abs=1e-12)
        assert found["sharpe"] == pytest.approx(run.metrics["sharpe"])

    def test_drawn_markets_are_run_on_the_engine(self, ask: Ask, store: SeriesStore) -> None:
        run: Run = ask()
        found = examined(run, store, "bar_bootstrap", n_paths=5)

        assert found.passed is None
        assert found.values["return_p05"] <= found.values["return_p95"]
        again = examined(run, store, "bar_bootstrap", n_paths=5)
        assert again.values == found.values


class TestNeighbours:
    def test_are_trials_of_the_ledger(self, ask: Ask, store: SeriesStore) -> None:
        run: Run = ask(params={"fast": 5, "slow": 20})
        assert count_trials_like(run) == 1

        found = examined(run, store, "neighbourhood")

        sweep = Sweep.objects.get(pk=found.values["sweep"])
        # 4, 5 and 6 with 16, 20 and 24, but for the run's own.
        assert found.values["sets"] == sweep.trials.count() == 8
        assert count_trials_like(run) == 9
        totals = list(sweep.trials.values_list("metrics__total_return", flat=True))
        assert found.values["share_positive"] == sum(total > 0 for total in totals) / 8
        assert found.values["median"] == pytest.approx(np.median(totals))
        assert found.values["chosen"] == run.metrics["total_return"]

    def test_are_as_far_as_is_said(self, ask: Ask, store: SeriesStore) -> None:
        run: Run = ask(params={"fast": 5, "slow": 20})

        found = examined(run, store, "neighbourhood", fraction=0.5)

        shown = {row[0] for row in found.figures["neighbours"]["rows"]}
        assert "fast=3 slow=10 allow_short=false" in shown


@pytest.mark.timeout(120)
class TestThresholds:
    def test_are_those_in_force_and_are_kept(self, ask: Ask, store: SeriesStore) -> None:
        run: Run = ask(params={"fast": 3, "slow": 9})
        before = examined(run, store, "stress"), examined(run, store, "bootstrap", n_paths=50)
        officer = UserFactory.create(role=Role.RISK_OFFICER)
        for key, value in (("doubled_costs", 10.0), ("bootstrap", 10.0)):
            thresholds.change(
                key=key, value=value, user=officer, reason="stricter", at=SystemClock().now()
            )

        after = examined(run, store, "stress"), examined(run, store, "bootstrap", n_paths=50)

        assert [found.passed for found in (*before, *after)] == [True, True, False, False]
        for old, new in zip(before, after, strict=True):
            assert old.values == new.values
            assert (old.figures["gates"]["rows"][0][2:], new.figures["gates"]["rows"][0][2:]) == (
                ["above 0", "pass"], ["above 10", "fail"],
            )  # fmt: skip


@pytest.mark.timeout(120)
class TestWorkers:
    @pytest.fixture
    def in_child(self, store: SeriesStore) -> Callable[..., Examination]:
        """Return a function that examines a run as a worker does."""
        means = Means(store=store, clock=SystemClock(), is_worker=True)

        def look(run: Run, tool: str, **options: Any) -> Examination:
            question = ExaminationQuestion(tool=tool, options=options)
            return examine(checked=check(subject=get_run(run.pk), question=question), means=means)

        return look

    def test_find_in_a_child_what_a_terminal_finds(
        self, ask: Ask, store: SeriesStore, in_child: Callable[..., Examination]
    ) -> None:
        run: Run = ask(params={"fast": 3, "slow": 9})

        for tool in ("look_ahead", "stress"):
            there, here = in_child(run, tool), examined(run, store, tool)
            assert (there.values, there.passed) == (here.values, here.passed)
            assert (there.figures, there.sentence) == (here.figures, here.sentence)

    def test_sweep_neighbours_in_children(
        self, ask: Ask, in_child: Callable[..., Examination]
    ) -> None:
        run: Run = ask(params={"fast": 5, "slow": 20})

        assert in_child(run, "neighbourhood").values["sets"] == 8
        assert count_trials_like(run) == 9

    def test_refuse_a_strategy_that_is_another_now(
        self,
        ask: Ask,
        write: Callable[[str], Path],
        in_child: Callable[..., Examination],
    ) -> None:
        path = write("pass")
        run: Run = ask(strategy_key="odd")
        path.write_text(path.read_text() + "\n# Changed.\n")

        with pytest.raises(SourceChanged, match=run.strategy_version.source_hash):
            in_child(run, "look_ahead")

    def test_run_no_files(self, ask: Ask, in_child: Callable[..., Examination]) -> None:
        run: Run = ask()
        StrategyVersion.objects.filter(pk=run.strategy_version_id).update(contract="native")

        with pytest.raises(NotExaminable, match="say at a terminal where it lies"):
            in_child(run, "look_ahead")


class TestRefusals:
    def test_a_strategy_that_is_another_now(
        self, ask: Ask, write: Callable[[str], Path], store: SeriesStore
    ) -> None:
        path = write("pass")
        run: Run = ask(strategy_key="odd")
        recorded = run.strategy_version.source_hash
        path.write_text(path.read_text() + "\n# Changed.\n")

        with pytest.raises(SourceChanged) as refused:
            examined(run, store, "look_ahead")

        assert recorded in refused.value.detail
        assert str(refused.value.extra["found"]) in refused.value.detail
        # What it left can be examined all the same.
        assert examined(run, store, "regimes", window_days=2).pk

    def test_a_strategy_that_raises(
        self, ask: Ask, write: Callable[[str], Path], store: SeriesStore
    ) -> None:
        write("targets[1] = 1.0")
        run: Run = ask(strategy_key="odd")

        with pytest.raises(StrategyRaised, match=r"tool: IndexError: .*odd\.py, line"):
            examined(run, store, "look_ahead")
        assert not Examination.objects.exists()

    def test_an_engine_of_another_version(
        self, ask: Ask, store: SeriesStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run: Run = ask()
        monkeypatch.setattr("research.services.preparing.engine_version", lambda _: "99")

        with pytest.raises(NotExaminable, match=f"was vectorbt {run.engine_version} and is 99"):
            examined(run, store, "look_ahead")


@pytest.mark.engine("freqtrade")
@pytest.mark.timeout(120)
class TestFiles:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        path = tmp_path / "mine.py"
        path.write_text(files.SMA)
        return path

    def test_a_file_is_analysed_by_its_engine(self, file: Path, ask: Ask) -> None:
        native = NativeSource(path=file, class_name="Sma")
        run: Run = ask(strategy_key="", engine="freqtrade", native=native)
        assert run.status == "SUCCEEDED", run.error_detail

        status, document = told(
            "examine_run", str(run.pk), "--tool", "warm_up", "--tool", "regimes",
            "--option", "window_days=2", "--native", f"{file}:Sma",
        )  # fmt: skip

        warm_up, regimes = document["examinations"]
        assert (status, warm_up["passed"], regimes["passed"]) == (0, True, None)
        assert warm_up["values"][0]["value"] == 50.0

    def test_another_file_is_refused(self, file: Path, ask: Ask, store: SeriesStore) -> None:
        native = NativeSource(path=file, class_name="Sma")
        run: Run = ask(strategy_key="", engine="freqtrade", native=native)
        file.write_text(files.SMA + "\n")

        def look(native: NativeSource | None) -> Any:
            question = ExaminationQuestion(tool="look_ahead", native=native)
            checked = check(subject=get_run(run.pk), question=question)
            return examine(checked=checked, means=Means(store=store, clock=SystemClock()))

        with pytest.raises(SourceChanged, match=run.strategy_version.source_hash):
            look(native)
        with pytest.raises(NotExaminable, match="say at a terminal where it lies"):
            look(None)

    def test_a_run_without_a_file_takes_none(
        self, file: Path, ask: Ask, store: SeriesStore
    ) -> None:
        status, document = told(
            "examine_run", str(ask().pk), "--tool", "look_ahead", "--native", f"{file}:Sma"
        )

        assert (status, document["code"]) == (1, "not_examinable")
