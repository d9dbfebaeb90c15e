"""Putting runs into the queue, ending them, and finding those whose message is lost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.data_pipeline.exceptions import SeriesNotFound
from common.domain.costs import AccountType, CostModel, Rebalance, Sizing
from common.domain.enums import RunStatus
from common.domain.errors import InvalidArgument
from common.domain.instruments import InstrumentId
from common.domain.timeframe import Timeframe
from exchanges.exceptions import UnknownInstrument
from research.domain.question import RunQuestion
from research.domain.question_document import question_from_json, question_to_json
from research.domain.settings import EngineSettings, ExecutionStyle, QueueModel
from research.engines.exceptions import UnknownEngine
from research.exceptions import RunNotCancelable, UnknownRun
from research.models import Run
from research.selectors.runs import describe_run, get_run
from research.services import leases, queue
from research.services.owners import process_name
from research.services.recovery import recover
from research.tests.brokers import FakeBroker
from research.tests.conftest import KEY, START_NS, Ask
from trading.strategies.parameters import InvalidParameter
from trading.strategies.registry import UnknownStrategy

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class TestEnqueue:
    def test_writes_a_row_that_waits(self, enqueue: Ask) -> None:
        run = enqueue(params={"fast": "5"}, cash=500.0, experiment="a question")

        assert (run.status, run.attempt, run.owner) == (RunStatus.QUEUED, 0, "")
        assert run.params == {"fast": 5, "slow": 50, "allow_short": False}
        assert (run.cash, run.experiment.name) == (500, "a question")
        assert (str(run.series), run.dataset) == (str(KEY), None)
        assert (run.input_hash, run.n_fills, run.progress) == ("", None, 0.0)

    def test_tells_the_workers_once_it_is_committed(
        self, enqueue: Ask, fake_broker: FakeBroker, django_capture_on_commit_callbacks: Any
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            run = enqueue()
            assert fake_broker.messages == []

        assert fake_broker.messages == [run.pk]

    def test_is_described_before_anything_is_known(self, enqueue: Ask) -> None:
        document = describe_run(get_run(enqueue().pk), with_fills=True)

        assert document["dataset"] == {
            "hash": None, "venue": "TEST", "instrument": "BTC/USD", "timeframe": "1h",
            "rows": None, "start": None, "end": None,
        }  # fmt: skip
        assert (document["status"], document["progress"], document["fills"]) == (
            "QUEUED",
            0.0,
            None,
        )

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"strategy_key": "no_such"}, UnknownStrategy),
            ({"params": {"fast": 0}}, InvalidParameter),
            ({"params": {"fist": 5}}, InvalidParameter),
            ({"engine": "no_such"}, UnknownEngine),
            ({"instrument": InstrumentId("ETH/USD", "TEST")}, UnknownInstrument),
            ({"timeframe": Timeframe.H4}, SeriesNotFound),
        ],
    )
    def test_refuses_what_it_can_tell_is_wrong(
        self, enqueue: Ask, changes: dict[str, Any], error: type[Exception]
    ) -> None:
        with pytest.raises(error):
            enqueue(**changes)

        assert not Run.objects.exists()


class TestDocument:
    def test_gives_the_same_question_again(self) -> None:
        question = RunQuestion(
            strategy_key="sma_cross",
            engine="hftbacktest",
            instrument=InstrumentId("BTC/USDT:USDT", "BINANCE"),
            timeframe=Timeframe.M5,
            params={"fast": 5, "width": 2.5, "allow_short": True},
            start_ns=START_NS,
            end_ns=START_NS + 1,
            cash=123.25,
            costs=CostModel(fee_rate=0.0004, maker_fee_rate=-0.0001, slippage=0.5, funding=False),
            sizing=Sizing.parse("fixed_notional=10.5"),
            account=AccountType.MARGIN,
            rebalance=Rebalance.EVERY_BAR,
            settings=EngineSettings(
                order_latency_ns=5,
                queue=QueueModel.LOG_PROB,
                queue_power=2.0,
                execution=ExecutionStyle.MAKER,
                detail=Timeframe.M1,
                protections=({"method": "CooldownPeriod"},),
            ),
            seed=7,
            allow_dirty=True,
            experiment="why",
        )

        assert question_from_json(question_to_json(question)) == question

    @pytest.mark.parametrize(
        "changed",
        [
            {"no_such": 1},
            {"order_latency_ns": "5"},
            {"order_latency_ns": -1},
            {"recorded_latency": 1},
            {"queue": "first"},
            {"detail": "7m"},
            {"protections": {"method": "CooldownPeriod"}},
        ],
    )
    def test_of_wrong_settings_is_refused(self, enqueue: Ask, changed: dict[str, Any]) -> None:
        document = {**enqueue().question, "settings": changed}

        with pytest.raises(InvalidArgument):
            question_from_json(document)


class TestCancel:
    def test_ends_a_waiting_run_at_once(self, enqueue: Ask) -> None:
        run = queue.cancel(run_id=enqueue().pk, at=NOON)

        assert (run.status, run.finished_at, run.error_code) == (
            RunStatus.CANCELED,
            NOON,
            "canceled",
        )

    def test_asks_the_worker_of_a_running_one(self, enqueue: Ask) -> None:
        taken = leases.claim(run_id=enqueue().pk, at=NOON)
        assert taken is not None
        first = queue.cancel(run_id=taken.pk, at=NOON)
        again = queue.cancel(run_id=taken.pk, at=NOON + timedelta(seconds=1))

        assert (first.status, first.cancel_requested_at) == (RunStatus.RUNNING, NOON)
        assert again.cancel_requested_at == NOON
        assert leases.is_cancel_requested(run=taken)

    def test_is_refused_once_the_run_has_ended(self, enqueue: Ask) -> None:
        run = queue.cancel(run_id=enqueue().pk, at=NOON)

        with pytest.raises(RunNotCancelable, match="has ended: CANCELED"):
            queue.cancel(run_id=run.pk, at=NOON)

    def test_is_refused_for_a_run_at_a_terminal(self, enqueue: Ask) -> None:
        run = enqueue()
        Run.objects.filter(pk=run.pk).update(
            status=RunStatus.RUNNING, owner=process_name(), started_at=NOON
        )

        with pytest.raises(RunNotCancelable, match="runs at a terminal"):
            queue.cancel(run_id=run.pk, at=NOON)

    def test_of_no_run_says_so(self) -> None:
        with pytest.raises(UnknownRun):
            queue.cancel(run_id=999, at=NOON)


class TestRecover:
    def test_announces_a_run_whose_message_is_lost(
        self, fake_broker: FakeBroker, enqueue: Ask
    ) -> None:
        runs = [enqueue().pk for _ in range(3)]
        fake_broker.messages = [runs[2]]

        assert recover(at=NOON) == 2
        assert fake_broker.messages == [runs[2], runs[0], runs[1]]

    def test_sends_no_more_messages_than_runs_wait(
        self, fake_broker: FakeBroker, enqueue: Ask
    ) -> None:
        for _ in range(2):
            enqueue()
        for _ in range(5):
            recover(at=NOON)

        assert len(fake_broker.messages) == 2

    def test_announces_what_a_lost_worker_had(self, fake_broker: FakeBroker, enqueue: Ask) -> None:
        run = enqueue()
        leases.claim(run_id=run.pk, at=NOON)

        assert recover(at=NOON + timedelta(seconds=31)) == 1
        assert fake_broker.messages == [run.pk]

    def test_fails_a_run_whose_terminal_is_gone(self, enqueue: Ask) -> None:
        run = enqueue()
        host, _, started = process_name().split("/")
        Run.objects.filter(pk=run.pk).update(
            status=RunStatus.RUNNING, owner=f"{host}/{2**22}/{started}", started_at=NOON
        )

        recover(at=NOON)

        assert get_run(run.pk).error_code == "worker_lost"

    def test_leaves_the_queue_as_it_is_while_no_broker_answers(
        self, enqueue: Ask, fake_broker: FakeBroker
    ) -> None:
        enqueue()
        fake_broker.answers = False

        assert recover(at=NOON) == 0
