import json
from typing import Any

import numpy as np
import pytest
from django.db import DatabaseError, connection, transaction

from common.data_pipeline.rows import BarRows
from common.data_pipeline.store import SeriesStore
from common.domain.clock import SystemClock
from common.domain.costs import AccountType, CostModel
from common.domain.errors import InvalidArgument
from common.domain.instruments import InstrumentId
from common.domain.timeframe import Timeframe
from research.domain.question import NativeSource, RunQuestion
from research.domain.verdict import Verdict
from research.engines.exceptions import UnknownEngine
from research.engines.registry import list_engines
from research.models import ComparedRun, Comparison, Run
from research.selectors.comparisons import describe_comparison, list_comparisons
from research.services.comparisons import ComparisonQuestion, compare_engines
from research.services.ladders import plan_ladder
from research.services.means import Means
from research.tests.conftest import HOUR_NS, KEY, START_NS, bars

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(120)]

BAR_ENGINES = [
    each.name for each in list_engines() if each.installed and each.capabilities["bars"]
]
OTHERS = [each.name for each in list_engines() if each.installed and each.name not in BAR_ENGINES]


def compare(store: SeriesStore, *engines: str, ladder: bool = False, **changes: Any) -> Comparison:
    asked: dict[str, Any] = {
        "strategy_key": "sma_cross",
        "engine": "",
        "instrument": KEY.instrument,
        "timeframe": KEY.timeframe,
        **changes,
    }
    return compare_engines(
        asked=ComparisonQuestion(question=RunQuestion(**asked), engines=engines, ladder=ladder),
        means=Means(store=store, clock=SystemClock()),
    )


def document(comparison: Comparison) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        json.dumps(describe_comparison(comparison), allow_nan=False)
    )
    return found


class TestCompareEngines:
    def test_takes_every_installed_engine_that_can_run_the_question(
        self, store: SeriesStore
    ) -> None:
        found = document(compare(store))

        assert list(found["engines"]) == [each.name for each in list_engines()]
        for name in BAR_ENGINES:
            row = found["engines"][name]
            run = Run.objects.get(pk=row["run_id"])
            assert (row["status"], run.engine, row["n_fills"]) == ("SUCCEEDED", name, run.n_fills)
            assert row["final_equity"] == pytest.approx(run.equity["last"], rel=1e-12)  # type: ignore[index]
        for name in OTHERS:
            row = found["engines"][name]
            assert (row["status"], row["run_id"], row["n_fills"]) == ("REFUSED", None, None)
            assert (row["code"], name in row["detail"]) == ("unsupported_feature", True)

    def test_compares_every_pair_and_finds_them_equal(self, store: SeriesStore) -> None:
        found = document(compare(store))

        count = len(BAR_ENGINES)
        assert len(found["pairs"]) == count * (count - 1) // 2
        assert found["verdict"] == ("EQUAL" if count > 1 else "SINGLE")
        for pair in found["pairs"]:
            assert set(pair) == {
                "a", "b", "matched", "missing", "extra", "max_price_diff", "max_quantity_diff",
                "final_equity_rel_diff",
            }  # fmt: skip
            assert (pair["missing"], pair["extra"]) == (0, 0)
            assert pair["matched"] == found["engines"][pair["a"]]["n_fills"] > 5
            assert pair["final_equity_rel_diff"] < 1e-9
        assert found["differences"] == []
        assert all(abs(each["money"]) < 1e-5 for each in found["within_tolerance"])

    def test_of_one_engine_compares_nothing(self, store: SeriesStore) -> None:
        found = document(compare(store, "vectorbt"))

        assert (found["verdict"], found["pairs"], found["differences"]) == ("SINGLE", [], [])
        assert list(found["engines"]) == ["vectorbt"]

    def test_fails_if_an_engine_that_was_named_cannot(self, store: SeriesStore) -> None:
        found = compare(store, *BAR_ENGINES, params={"allow_short": True})

        assert found.verdict == Verdict.FAILED
        rows = document(found)["engines"].values()
        assert {(row["status"], row["code"]) for row in rows} == {("REFUSED", "needs_margin")}

    def test_fails_if_no_engine_can(self, store: SeriesStore) -> None:
        found = compare(store, params={"allow_short": True})

        assert (found.verdict, found.document["pairs"]) == (Verdict.FAILED, [])

    def test_fails_if_a_run_does(self, store: SeriesStore) -> None:
        # The price falls for sixty hours, so all is short, and grows elevenfold in one.
        tail = bars(
            [*np.linspace(104, 80, 60), *[1_100.0] * 20], start_ns=START_NS + 400 * HOUR_NS
        )
        store.merge_bars(KEY, [BarRows.of(tail)])
        found = compare(store, account=AccountType.MARGIN, params={"allow_short": True})

        statuses = {name: row["status"] for name, row in found.document["engines"].items()}
        assert {statuses[name] for name in BAR_ENGINES} == {"FAILED"}
        assert found.document["engines"]["vectorbt"]["code"] == "account_ruined"
        assert (found.verdict, found.document["pairs"]) == (Verdict.FAILED, [])

    def test_refuses_what_no_comparison_can_be_made_of(self, store: SeriesStore) -> None:
        source = NativeSource(__file__, "Mine")  # type: ignore[arg-type]
        with pytest.raises(InvalidArgument, match="named twice"):
            compare(store, "vectorbt", "vectorbt")
        with pytest.raises(UnknownEngine, match="quantum"):
            compare(store, "vectorbt", "quantum")
        with pytest.raises((InvalidArgument, AttributeError)):
            compare(store, native=source)
        assert not Run.objects.exists()
        assert not Comparison.objects.exists()


class TestRow:
    def test_names_its_runs_and_what_they_are_part_of(self, store: SeriesStore) -> None:
        comparison = compare(store, "vectorbt", ladder=True)

        parts = list(comparison.compared_runs.order_by("pk").values_list("part", "run__engine"))
        assert parts == [
            ("engine", "vectorbt"), ("frictionless", "vectorbt"), ("fees", "vectorbt"),
            ("slippage", "vectorbt"),
        ]  # fmt: skip
        assert comparison.experiment.name == "sma_cross on BTC/USD.TEST bars-1h"
        assert comparison.dataset.rows == 400

    def test_is_read_in_two_queries(
        self, store: SeriesStore, django_assert_num_queries: Any
    ) -> None:
        for _ in range(3):
            compare(store, "vectorbt")

        with django_assert_num_queries(2):
            rows = list(list_comparisons())
            assert [len(row.compared_runs.all()) for row in rows] == [1, 1, 1]

    @pytest.mark.both_databases
    def test_is_never_changed_or_removed(self, store: SeriesStore) -> None:
        comparison = compare(store, "vectorbt")

        for table in (Comparison, ComparedRun):
            with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
                table.objects.update(id=99)
            with (
                pytest.raises(DatabaseError, match="never changed"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(f"DELETE FROM {table._meta.db_table}")
        assert Comparison.objects.get().document == comparison.document


class TestLadder:
    def test_costs_each_rung_in_money_and_as_a_part_of_the_profit(
        self, store: SeriesStore
    ) -> None:
        costs = CostModel(fee_rate=0.002, slippage=0.001)
        quick = {"fast": 2, "slow": 5}
        found = document(compare(store, "vectorbt", ladder=True, costs=costs, params=quick))
        ladder = found["ladder"]

        ideal, fees, slippage, *others = ladder
        assert [each["rung"] for each in ladder] == [
            "frictionless", "fees", "slippage", "funding", "book", "latency", "queue",
        ]  # fmt: skip
        runs = [Run.objects.get(pk=each["run_id"]) for each in (ideal, fees, slippage)]
        asked = [(float(run.fee_rate), float(run.slippage)) for run in runs]
        assert asked == [(0, 0), (0.002, 0), (0.002, 0.001)]
        equity = [run.equity["last"] for run in runs]  # type: ignore[index]
        assert equity[0] > equity[1] > equity[2]
        assert (ideal["cost"], ideal["total_return"]) == (None, equity[0] / 10_000 - 1)
        assert fees["cost"] == equity[0] - equity[1]
        assert slippage["cost"] == equity[1] - equity[2]
        assert slippage["cost_share"] == slippage["cost"] / (equity[0] - 10_000)
        assert all(each["reason"] and each["final_equity"] is None for each in others)

    def test_climbs_no_rung_twice(self, store: SeriesStore) -> None:
        found = document(compare(store, "vectorbt", ladder=True))

        # The last rung on bars is the question itself; without slippage it costs nothing more.
        assert found["ladder"][2]["run_id"] == found["engines"]["vectorbt"]["run_id"]
        assert found["ladder"][2]["cost"] == 0
        assert Run.objects.count() == 2

    def test_of_a_perpetual_has_a_rung_for_funding(self, store: SeriesStore) -> None:
        asked = RunQuestion(
            strategy_key="sma_cross",
            engine="",
            instrument=InstrumentId("BTC/USDT:USDT", "TEST"),
            timeframe=Timeframe.H1,
            costs=CostModel(fee_rate=0.002, slippage=0.001),
        )

        rungs = plan_ladder(question=asked, engines=["nautilus", "freqtrade"], store=store)

        planned = {each.rung.value: each.question for each in rungs if each.question}
        assert [*planned] == ["frictionless", "fees", "slippage", "funding"]
        costs = [each.costs for each in planned.values()]
        assert [each.funding for each in costs] == [False, False, False, True]
        assert [each.fee_rate for each in costs] == [0, 0.002, 0.002, 0.002]
        assert {each.engine for each in planned.values()} == {"nautilus"}

    def test_without_an_engine_on_bars_says_so(self, store: SeriesStore) -> None:
        asked = RunQuestion(
            strategy_key="sma_cross", engine="", instrument=KEY.instrument, timeframe=Timeframe.H1
        )

        reasons = [
            each.reason for each in plan_ladder(question=asked, engines=[], store=store)[:3]
        ]

        assert reasons == ["no engine here can run this question on bars"] * 3

    def test_says_why_a_rung_is_not_climbed(self, store: SeriesStore) -> None:
        reasons = {
            each["rung"]: each["reason"]
            for each in document(compare(store, "vectorbt", ladder=True))["ladder"]
        }

        assert reasons["funding"] == "spot pays no funding"
        stored = "no recorded events of BTC/USD.TEST are stored"
        none = "no engine that replays an order book is installed"
        assert {reasons[name] for name in ("book", "latency", "queue")} <= {stored, none}
