"""A run is a row from its start to its end, whatever happens in between."""

import hashlib
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import DatabaseError, connection, transaction

from common.append_only import install, remove
from common.data_pipeline.rows import BarRows
from common.data_pipeline.store import SeriesStore
from common.domain.bars import PRICE_COLUMNS, Bars
from common.domain.costs import AccountType, CostModel, Sizing
from common.domain.enums import RunStatus
from common.domain.errors import InvalidPeriod
from common.domain.instruments import InstrumentId, SeriesKey
from common.domain.timeframe import Timeframe
from exchanges.exceptions import UnknownInstrument
from exchanges.services.catalogue import register_series
from research.apps import FINISHED_RUNS
from research.domain.question import RunQuestion
from research.engines.exceptions import UnknownEngine
from research.exceptions import ArtefactDamaged, NoBarsInPeriod, RunNotRunning
from research.models import Artefact, Dataset, Run
from research.selectors.runs import count_trials_like, get_run, list_fills
from research.services import ledger
from research.services.owners import process_name
from research.tests.conftest import HOUR_NS, KEY, START_NS, Ask, bars
from trading.models import Strategy
from trading.strategies.parameters import InvalidParameter
from trading.strategies.registry import UnknownStrategy

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.engine("vectorbt"),
    pytest.mark.both_databases,
]


class TestRunBacktest:
    def test_records_what_went_in(self, ask: Ask) -> None:
        run = ask(params={"fast": "5"}, cash=500.0, costs=CostModel(fee_rate=0.00075))

        assert run.status == RunStatus.SUCCEEDED
        assert run.params == {"fast": 5, "slow": 50, "allow_short": False}
        assert (run.cash, run.fee_rate) == (Decimal(500), Decimal("0.00075"))
        assert run.strategy_version.strategy.key == "sma_cross"
        assert run.dataset.rows == 400
        assert run.instrument_sizes == {"lot": "0.00000001", "tick": None, "min_notional": None}

    def test_records_where_it_came_from(self, ask: Ask) -> None:
        provenance = ask().provenance

        lock = Path(__file__).parents[2] / "requirements.txt"
        assert provenance["lock_hash"] == hashlib.sha256(lock.read_bytes()).hexdigest()
        assert provenance["architecture"] in {"x86_64", "aarch64"}
        assert provenance["cpu"]

    def test_keeps_fills_and_equity_that_agree(self, ask: Ask) -> None:
        run = get_run(ask(costs=CostModel(fee_rate=0.0)).pk)
        fills = list_fills(run)

        cash = 10_000 - sum(
            f["price"] * f["quantity"] * (1 if f["side"] == "BUY" else -1) for f in fills
        )
        held = sum(f["quantity"] * (1 if f["side"] == "BUY" else -1) for f in fills)
        last_close = bars(100 + 10 * np.sin(np.arange(400) / 9)).close[-1]
        assert run.n_fills == len(fills) > 5
        assert run.equity is not None
        assert run.equity["last"] == pytest.approx(cash + held * last_close, rel=1e-12)
        assert run.equity["n"] == 400

    def test_gives_equal_results_for_equal_inputs(self, ask: Ask) -> None:
        first, second = ask(), ask()

        assert first.input_hash == second.input_hash
        assert first.result_hash == second.result_hash
        assert second.differs_from is None

    @pytest.mark.parametrize(
        "changes",
        [
            {"params": {"fast": 9}},
            {"cash": 9_999.0},
            {"costs": CostModel(slippage=0.001)},
            {"sizing": Sizing.parse("fixed_quantity=1")},
            {"account": AccountType.MARGIN},
            {"seed": 1},
            {"end_ns": START_NS + 399 * HOUR_NS},
            {"strategy_key": "donchian_breakout"},
        ],
    )
    def test_tells_other_inputs_apart(self, ask: Ask, changes: dict[str, Any]) -> None:
        assert ask().input_hash != ask(**changes).input_hash

    def test_alerts_when_equal_inputs_give_another_result(
        self, ask: Ask, caplog: pytest.LogCaptureFixture
    ) -> None:
        first = ask()
        plant(first, result_hash="0" * 64)
        second = ask()

        assert second.differs_from == first
        assert f"run {second.pk} differs from run {first.pk}" in caplog.text

    def test_counts_only_the_period_and_warms_up_before_it(self, ask: Ask) -> None:
        run = ask(start_ns=START_NS + 100 * HOUR_NS)

        assert (run.dataset.rows, run.equity["n"]) == (300, 300)
        assert run.warm_up_rows > 0
        fills = list_fills(get_run(run.pk))
        assert all(fill["ts"] >= "2023-11-19T02:00:00Z" for fill in fills)

    def test_uses_one_dataset_for_equal_bars(self, ask: Ask) -> None:
        ask()
        ask(params={"fast": 3})

        assert Dataset.objects.count() == 1

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"engine": "nope"}, UnknownEngine),
            ({"strategy_key": "sma_cros"}, UnknownStrategy),
            ({"params": {"speed": "1"}}, InvalidParameter),
            ({"params": {"fast": "0"}}, InvalidParameter),
            ({"instrument": InstrumentId("ETH/USD", "TEST")}, UnknownInstrument),
            ({"start_ns": START_NS + 500 * HOUR_NS}, NoBarsInPeriod),
        ],
    )
    def test_leaves_no_row_for_a_question_that_makes_no_sense(
        self, ask: Ask, changes: dict[str, Any], error: type[Exception]
    ) -> None:
        with pytest.raises(error):
            ask(**changes)

        assert not Run.objects.exists()

    def test_refuses_a_period_that_ends_before_it_starts(self) -> None:
        with pytest.raises(InvalidPeriod):
            RunQuestion(
                strategy_key="sma_cross", engine="vectorbt", instrument=KEY.instrument,
                timeframe=Timeframe.H1, start_ns=2, end_ns=1,
            )  # fmt: skip

    def test_refuses_a_short_strategy_on_a_cash_account_and_says_so(self, ask: Ask) -> None:
        run = ask(params={"allow_short": "true"})

        assert (run.status, run.error_code) == (RunStatus.REFUSED, "needs_margin")

    def test_refuses_dirty_data_unless_told_otherwise(self, ask: Ask, store: SeriesStore) -> None:
        key = SeriesKey.bars(InstrumentId("ETH/USD", "TEST"), Timeframe.H1)
        holed = bars(100 + np.arange(100.0))
        kept = np.arange(100) % 10 != 3
        columns = [getattr(holed, name)[kept] for name in ("open_ns", *PRICE_COLUMNS)]
        store.merge_bars(key, [BarRows.of(Bars(Timeframe.H1, *columns))])
        register_series(store=store, key=key)
        asked = {"instrument": key.instrument, "strategy_key": "buy_and_hold"}

        refused, accepted = ask(**asked), ask(**asked, allow_dirty=True)

        assert (refused.status, refused.error_code) == (RunStatus.REFUSED, "dirty_data")
        assert "missing" in refused.error_detail
        assert (accepted.status, accepted.allow_dirty) == (RunStatus.SUCCEEDED, True)

    def test_refuses_a_perpetual_without_funding_unless_told_otherwise(
        self, ask: Ask, store: SeriesStore
    ) -> None:
        key = SeriesKey.bars(InstrumentId("BTC/USD:USD", "TEST"), Timeframe.H1)
        store.merge_bars(key, [BarRows.of(bars(100 + np.arange(100.0)))])
        register_series(store=store, key=key)
        asked = {"instrument": key.instrument, "strategy_key": "buy_and_hold"}

        refused = ask(**asked)
        accepted = ask(**asked, costs=CostModel(funding=False))

        assert (refused.status, refused.error_code) == (RunStatus.REFUSED, "funding_missing")
        assert (accepted.status, accepted.funding) == (RunStatus.SUCCEEDED, False)

    def test_keeps_the_facts_of_a_ruined_account(self, ask: Ask, store: SeriesStore) -> None:
        key = SeriesKey.bars(InstrumentId("UP/USD", "TEST"), Timeframe.H1)
        store.merge_bars(key, [BarRows.of(bars([100.0] * 3 + [90.0, 80.0, 200.0, 400.0, 500.0]))])
        register_series(store=store, key=key)

        run = ask(
            instrument=key.instrument, account=AccountType.MARGIN,
            params={"fast": 2, "slow": 3, "allow_short": "true"},
        )  # fmt: skip

        assert (run.status, run.error_code) == (RunStatus.FAILED, "account_ruined")
        assert run.equity["last"] <= 0
        assert run.equity["n"] < 8
        assert run.artefacts.count() == 2


class TestLedger:
    def test_a_finished_run_cannot_be_changed_or_removed(self, ask: Ask) -> None:
        run = ask()

        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            Run.objects.filter(pk=run.pk).update(metrics={"sharpe": 9})
        Artefact.objects.filter(run=run).delete()
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            Run.objects.filter(pk=run.pk).delete()

    def test_a_run_ends_once(self, ask: Ask) -> None:
        run = ask()

        with pytest.raises(RunNotRunning):
            ledger.end_run(
                run=run, outcome=ledger.Outcome(status=RunStatus.CANCELED), at=run.finished_at
            )

    def test_a_run_whose_process_is_gone_is_failed_by_the_next(self, ask: Ask) -> None:
        done = ask()
        lost = copy_as_running(done, owner=dead_owner(done))

        ask()

        lost.refresh_from_db()
        assert (lost.status, lost.error_code) == (RunStatus.FAILED, "worker_lost")

    def test_a_run_of_a_living_process_is_left_alone(self, ask: Ask) -> None:
        done = ask()
        running = copy_as_running(done, owner=process_name())

        ask()

        running.refresh_from_db()
        assert running.status == RunStatus.RUNNING

    def test_a_damaged_artefact_is_an_error_and_not_an_empty_result(
        self, ask: Ask, installation: Path
    ) -> None:
        run = get_run(ask().pk)
        fills = next(file for file in run.artefacts.all() if file.kind == "fills")
        path = installation / "artefacts" / fills.path
        path.write_bytes(path.read_bytes()[:-1] + b"x")

        with pytest.raises(ArtefactDamaged, match="has hash"):
            list_fills(run)
        path.unlink()
        with pytest.raises(ArtefactDamaged, match="cannot be read"):
            list_fills(run)


class TestTrials:
    def test_counts_distinct_questions_and_not_repeats(self, ask: Ask) -> None:
        ask()
        ask()
        ask(params={"fast": 11})
        run = ask(costs=CostModel(fee_rate=0.002))

        assert count_trials_like(run) == 3

    def test_does_not_count_what_was_refused(self, ask: Ask) -> None:
        ask(params={"allow_short": "true"})

        assert count_trials_like(ask()) == 1

    def test_is_not_fooled_by_another_venue_cash_or_end(
        self, ask: Ask, store: SeriesStore
    ) -> None:
        other = SeriesKey.bars(InstrumentId("BTC/USD", "OTHER"), Timeframe.H1)
        store.merge_bars(other, [BarRows.of(bars(100 + np.arange(300.0) % 7))])
        register_series(store=store, key=other)
        ask(instrument=other.instrument)
        ask(cash=1.0)

        assert count_trials_like(ask(end_ns=START_NS + 200 * HOUR_NS)) == 1

    def test_leaves_out_periods_that_do_not_overlap(self, ask: Ask) -> None:
        ask(end_ns=START_NS + 200 * HOUR_NS, params={"fast": 3})

        assert count_trials_like(ask(start_ns=START_NS + 200 * HOUR_NS)) == 1

    def test_counts_what_was_derived(self, ask: Ask) -> None:
        ask(strategy_key="donchian_breakout")
        run = ask()
        Strategy.objects.filter(key="donchian_breakout").update(
            derived_from=run.strategy_version.strategy
        )

        assert count_trials_like(run) == 2


def dead_owner(run: Run) -> str:
    host, _, started = run.owner.split("/")
    return f"{host}/4194303/{started}"


def copy_as_running(run: Run, *, owner: str) -> Run:
    values = {
        field.attname: getattr(run, field.attname)
        for field in Run._meta.concrete_fields
        if field.name not in {"id", "status", "finished_at", "owner"}
    }
    return Run.objects.create(**values, status=RunStatus.RUNNING, owner=owner)


def plant(run: Run, **values: Any) -> None:
    """Change a finished run behind the back of the triggers."""
    remove(connection, FINISHED_RUNS)
    Run.objects.filter(pk=run.pk).update(**values)
    install(connection, FINISHED_RUNS)
