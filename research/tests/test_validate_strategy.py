"""The verdict on markets of which is known what a strategy can find in them."""

import json
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from common.data_pipeline.rows import BarRows
from common.data_pipeline.store import SeriesStore
from common.domain.bars import Bars, Floats
from common.domain.clock import SystemClock
from common.domain.enums import RunStatus
from common.domain.errors import PlatformError
from common.domain.instruments import InstrumentId, SeriesKey
from common.domain.timeframe import Timeframe
from common.roles import Role
from common.tests.factories import UserFactory
from exchanges.selectors.market_data import open_store
from exchanges.services.catalogue import register_series
from research.domain.search import Search
from research.domain.sweep import Objective
from research.exceptions import NotValidated
from research.management.validation_report import render_validation
from research.models import Run, Sweep, Trial, Validation
from research.services.means import Means
from research.services.validations import validate
from research.tests.validating import asked, verdict_of
from research.validation.gates import KEYS
from trading.services import thresholds
from trading.services.catalogue import sync_strategies

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.engine("vectorbt"),
    pytest.mark.engine("nautilus"),
    pytest.mark.timeout(120),
]

CLOCK = SystemClock()
DAYS = 1_200
FIRST_NS = 1_577_836_800 * 10**9
MARKET = SeriesKey.bars(InstrumentId("BTC/USD", "TEST"), Timeframe.D1)
GRID = ("fast=2,3,5", "slow=8,12,20,40,80")


def stored(log_returns: Floats) -> SeriesStore:
    """Store daily bars of these log returns and give the store."""
    close = 100.0 * np.exp(np.cumsum(log_returns))
    open_ = np.concatenate([[100.0], close[:-1]])
    times = FIRST_NS + np.arange(len(close), dtype=np.int64) * Timeframe.D1.nanoseconds
    low, high = np.minimum(open_, close), np.maximum(open_, close)
    bars = Bars(Timeframe.D1, times, open_, high, low, close, np.ones(len(close)))
    store = open_store()
    store.merge_bars(MARKET, [BarRows.of(bars)])
    register_series(store=store, key=MARKET)
    return store


def noise(seed: int) -> Floats:
    """Return log returns that nothing predicts."""
    return np.random.default_rng(seed).normal(-0.0002, 0.02, DAYS)


def trends(seed: int) -> Floats:
    """Return log returns that drift up for thirty days and down for thirty."""
    drift = np.where(np.arange(DAYS) // 30 % 2 == 0, 0.01, -0.01)
    return drift + np.random.default_rng(seed).normal(0.0, 0.01, DAYS)


LEAK = '''
"""One that knows what comes."""

import numpy as np

from trading.strategies.base import Strategy
from trading.strategies.parameters import IntParameter


class Oracle(Strategy):
    """Holds where the price will be higher."""

    key = "oracle"
    version = "1"
    summary = "Knows the future"
    parameters = (IntParameter(name="ahead", default=1, low=1, high=20),)

    def warm_up(self, params):
        return 0

    def targets(self, bars, params):
        ahead = int(params["ahead"])
        return ({knows}).astype(np.float64)
'''
# The next closes, and the mean of a history that has not happened yet.
PEEKS = "np.append(bars.close[ahead:], np.full(ahead, bars.close[-1])) > bars.close"
HINDSIGHT = "bars.close < bars.close.mean() * (1 + ahead / 1_000)"


def judged(store: SeriesStore, *grid: str, **changes: Any) -> Validation:
    return validate(
        question=asked(*(grid or GRID), **changes), means=Means(store=store, clock=CLOCK)
    )


class TestVerdict:
    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_rejects_noise(self, seed: int) -> None:
        found = verdict_of(judged(stored(noise(seed))))

        assert found.verdict == "FAIL"
        assert {"deflated_sharpe", "walk_forward_efficiency"} & found.failed
        # What says nothing about luck is as it should be.
        assert not {"parity", "look_ahead"} & found.failed

    def test_keeps_an_edge(self) -> None:
        validation = judged(stored(trends(1)))
        found = verdict_of(validation)

        assert found.failed == set()
        assert found.verdict == "PASS"
        assert found.values["look_ahead"] == 0.0
        assert tuple(gate["name"] for gate in validation.gates) == KEYS
        for gate in validation.gates:
            assert f"{gate['comparison']} {gate['threshold']:g} is needed" in gate["sentence"]

    @pytest.mark.parametrize("knows", [PEEKS, HINDSIGHT])
    def test_never_passes_a_leak(self, installation: Path, knows: str) -> None:
        folder = installation / "strategies"
        folder.mkdir()
        (folder / "oracle.py").write_text(LEAK.replace("{knows}", knows), encoding="utf-8")
        sync_strategies()

        validation = judged(stored(noise(1)), "ahead=1,2,3,4,5,8", strategy_key="oracle")
        found = verdict_of(validation)

        assert found.values["look_ahead"] >= 1.0
        assert "look_ahead" in found.failed
        assert found.verdict == "FAIL"
        if knows == PEEKS:
            # It looks better than anything that is true, until it is a bar late.
            assert validation.params == {"ahead": 1}
            assert "deflated_sharpe" not in found.failed
            assert "delay" in found.failed


class TestGates:
    def test_counts_all_that_it_tried_and_what_is_declared(self) -> None:
        store = stored(trends(2))

        first = judged(store)
        again = judged(store, prior_trials=1_000)
        before, after = verdict_of(first).values, verdict_of(again).values

        # Fifteen sets, those around the chosen one that are not of them, and doubled costs.
        assert first.neighbours is not None
        hashes = set(Trial.objects.values_list("trial_hash", flat=True))
        assert first.n_trials == len(hashes) + 1
        assert len(hashes) > 15
        earned = [each.metrics["total_return"] > 0 for each in first.neighbours.trials.all()]
        assert before["neighbourhood"] == sum(earned) / len(earned)
        assert again.n_trials == first.n_trials + 1_000
        assert after.pop("deflated_sharpe") < before.pop("deflated_sharpe")
        # Nothing was tried that had not been, and all chance is from one seed.
        assert after == before

    def test_is_of_the_bars_that_were_swept_where_later_ones_come(self) -> None:
        moves = np.concatenate([trends(1), [0.01]])
        store = stored(moves[:-1])

        def come(done: float) -> None:
            stored(moves)

        means = Means(store=store, clock=CLOCK, progress=come)
        validation = validate(question=asked(*GRID), means=means)

        assert store.manifest(MARKET).rows == DAYS + 1
        runs = [validation.run, validation.doubled_run]
        sweeps = [validation.sweep, validation.neighbours]
        assert {each.dataset for each in runs + sweeps if each} == {validation.dataset}
        assert validation.dataset.rows == DAYS
        assert None not in verdict_of(validation).values.values()

    def test_of_a_search_for_several_objectives_looks_at_neighbours_too(self) -> None:
        question = asked("fast=2:5:1", "slow=8:80:8")
        searched = replace(
            question.sweep,
            search=Search(method="random", n_trials=20),
            further=(Objective("max_drawdown"),),
        )

        validation = validate(
            question=replace(question, sweep=searched),
            means=Means(store=stored(trends(1)), clock=CLOCK),
        )

        assert validation.neighbours is not None
        assert verdict_of(validation).values["neighbourhood"] is not None

    def test_the_chosen_set_is_the_best_of_the_grid(self) -> None:
        validation = judged(stored(trends(2)))

        best = validation.sweep.trials.order_by("-value").first()

        assert best is not None
        assert validation.params == best.params
        run, doubled = validation.run, validation.doubled_run
        assert run is not None
        assert doubled is not None
        assert run.metrics["sharpe"] == pytest.approx(best.value, rel=1e-9)
        assert (doubled.fee_rate, doubled.slippage) == (2 * run.fee_rate, 2 * run.slippage)
        found = verdict_of(validation).values
        assert (
            found["doubled_costs"]
            == doubled.metrics["total_return"]
            < best.metrics["total_return"]
        )

    def test_without_a_choice_the_gates_on_choice_fail_with_the_reason(self) -> None:
        found = verdict_of(judged(stored(trends(2)), grid=None, params={"fast": 3, "slow": 12}))

        assert found.values["overfitting"] is None
        assert "the number of trials is 1, at least 2 needed" in found.sentences["overfitting"]
        assert "overfitting" in found.failed
        assert found.verdict == "FAIL"

    def test_too_short_a_period_fails_every_gate_that_needs_a_longer_one(self) -> None:
        found = verdict_of(judged(stored(trends(2)[:60]), min_round_trips=0, n_windows=40))

        assert {"sample", "walk_forward_efficiency", "walk_forward_windows"} <= found.failed
        assert "in days: 60 bars leave" in found.sentences["walk_forward_windows"]

    def test_where_no_set_may_be_ranked_every_gate_fails(self) -> None:
        validation = judged(stored(trends(2)), min_round_trips=10_000)
        found = verdict_of(validation)

        assert found.failed == set(KEYS)
        assert set(found.values.values()) == {None}
        assert "none of the 15 sets" in found.sentences["sample"]
        assert (validation.params, validation.run) == (None, None)

    def test_where_every_set_fails_there_is_no_verdict_but_the_first_failure(self) -> None:
        question = asked("fast=2,3", "slow=8", params={"allow_short": True})

        with pytest.raises(NotValidated, match=r"all 2 sets failed.*margin"):
            validate(question=question, means=Means(store=stored(trends(2)), clock=CLOCK))

        assert not Validation.objects.exists()

    def test_without_a_second_engine_or_costs_their_gates_fail_with_the_reason(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def only_vectorbt(name: str) -> str:
            if name.startswith("vectorbt"):
                return version(name)
            raise PackageNotFoundError(name)

        monkeypatch.setattr("research.engines.registry.version", only_vectorbt)

        found = verdict_of(judged(stored(trends(1)), fee_rate=0.0))

        assert found.failed == {"parity", "doubled_costs"}
        assert "twice nothing is nothing" in found.sentences["doubled_costs"]
        assert "nautilus is not installed" in found.sentences["parity"]


class TestThresholds:
    def test_are_those_in_force_and_are_kept_with_the_verdict(self) -> None:
        officer = UserFactory.create(role=Role.RISK_OFFICER)
        for key, value in (("deflated_sharpe", 0.9999), ("bootstrap_level", 0.01)):
            thresholds.change(
                key=key, value=value, user=officer, reason="stricter", at=CLOCK.now()
            )

        validation = judged(stored(trends(1)))
        found = verdict_of(validation)

        assert "at least 0.9999 is needed" in found.sentences["deflated_sharpe"]
        assert found.sentences["bootstrap"].startswith("the 1% quantile")
        assert validation.question["thresholds"]["deflated_sharpe"] == 0.9999
        assert validation.question["thresholds"]["delay"] == 0.5
        # Twelve hundred days, a third to choose on, five of purge and five of embargo: the
        # years suffice, and the gate does not show the round trips.
        assert found.values["sample"] == pytest.approx(790 / 365)
        assert validation.figures["sample"] == {
            "round_trips": 15.0,
            "years": found.values["sample"],
        }


class TestLedger:
    def test_an_interrupt_leaves_trials_and_no_verdict(self) -> None:
        def interrupt(done: float) -> None:
            raise KeyboardInterrupt

        store = stored(noise(1))
        question = asked(*GRID)
        by_one = replace(question, sweep=replace(question.sweep, budget_bytes=1))
        with pytest.raises(KeyboardInterrupt):
            validate(question=by_one, means=Means(store=store, clock=CLOCK, progress=interrupt))

        sweep = Sweep.objects.get()
        assert (sweep.status, sweep.trials.count()) == (RunStatus.CANCELED, 1)
        assert not Validation.objects.exists()

    def test_a_strategy_that_quotes_is_refused(self) -> None:
        question = asked("half_spread_ticks=5,10", strategy_key="quote_both_sides")

        with pytest.raises(PlatformError, match="answers with quotes"):
            validate(question=question, means=Means(store=stored(noise(1)), clock=CLOCK))

        assert not Validation.objects.exists()

    def test_a_verdict_is_never_changed(self) -> None:
        validation = judged(stored(noise(1)), min_round_trips=10_000)

        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            Validation.objects.filter(pk=validation.pk).update(passed=True)
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            Validation.objects.filter(pk=validation.pk).delete()


class TestCommand:
    def call(self, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, dict[str, Any]]:
        status = 0
        arguments = [
            "--strategy", "sma_cross", "--instrument", "BTC/USD.TEST", "--timeframe", "1d",
            "--processes", "1", "--json", *(f"--grid={axis}" for axis in GRID), *more,
        ]  # fmt: skip
        try:
            call_command("validate_strategy", *arguments)
        except SystemExit as e:
            status = int(str(e.code))
        document: dict[str, Any] = json.loads(capsys.readouterr().out)
        return status, document

    def test_exits_with_0_where_all_gates_pass(self, capsys: pytest.CaptureFixture[str]) -> None:
        stored(trends(1))

        status, document = self.call(capsys)

        assert (status, document["verdict"]) == (0, "PASS")
        assert document["validation_id"] == Validation.objects.get().pk
        assert document["strategy"]["key"] == "sma_cross"
        assert document["dataset"]["rows"] == DAYS
        assert all(gate["passed"] for gate in document["gates"])
        assert len(document["windows"]) == 6
        page = render_validation(document)
        assert "all 11 gates passed" in page
        assert all(f"\n{key}: " in page for key in KEYS)

    def test_exits_with_1_where_a_gate_fails(self, capsys: pytest.CaptureFixture[str]) -> None:
        stored(noise(1))

        status, document = self.call(capsys, "--windows", "4", "--prior-trials", "50")

        assert (status, document["verdict"]) == (1, "FAIL")
        assert len(document["windows"]) == 4
        assert document["question"]["prior_trials"] == 50

    def test_refuses_wrong_numbers_before_there_is_a_trial(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        stored(noise(1))

        status, document = self.call(capsys, "--prior-trials", "-1")

        assert (status, document["code"]) == (2, "invalid_argument")
        assert "prior_trials is -1, must be at least 0" in document["detail"]
        assert not Run.objects.exists()
        assert not Trial.objects.exists()
