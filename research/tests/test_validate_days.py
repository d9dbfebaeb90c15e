"""Swept sets day by day, and the walk-forward over them."""

from typing import Any

import numpy as np
import pytest

from common.data_pipeline.store import SeriesStore
from common.domain.bars import Floats
from common.domain.timeframe import Timeframe
from portfolio.metrics import ratios
from portfolio.metrics.daily import DAY_NS
from research.compute.set_trials import try_sets
from research.domain.backtest import BacktestRequest
from research.domain.grid import admit_each
from research.domain.question import RunQuestion
from research.domain.set_list import SetList
from research.domain.sweep import SweepQuestion
from research.models import Comparison
from research.services.preparing import prepare
from research.services.validation_matrix import walk
from research.services.validation_parity import unexplained
from research.tests.conftest import KEY, Ask
from research.tests.validating import asked
from research.validation.day_matrix import DayMatrix, DaySearch
from research.validation.delayed import Delayed
from research.validation.exceptions import NotComputable, TooFewPeriods
from trading.strategies.library.sma_cross import SmaCross
from trading.strategies.tests.market import random_walk

SETS = [{"fast": 2, "slow": 8}, {"fast": 4, "slow": 20}]


def matrix(*columns: Any, trips: Any = None) -> DayMatrix:
    """Return a matrix of these columns; the sets are `{"column": number}`."""
    n_days = len(columns[0])
    ended = np.zeros(n_days, np.int32) if trips is None else np.array(trips, np.int32)
    return DayMatrix(
        numbers=tuple(range(len(columns))),
        sets=tuple({"column": n} for n in range(len(columns))),
        returns=np.column_stack(columns),
        round_trips=np.column_stack([ended] * len(columns)),
        day_ns=np.arange(n_days) * DAY_NS,
    )


def wavering(count: int, mean: float) -> Floats:
    """Return returns around a mean, so that there is a Sharpe ratio."""
    return np.tile([mean + 0.01, mean - 0.01], count)[:count]


@pytest.mark.django_db
@pytest.mark.engine("vectorbt")
class TestDays:
    @pytest.mark.parametrize("min_notional", [None, "500"])
    def test_are_those_of_the_metrics(
        self, store: SeriesStore, ask: Ask, min_notional: str | None
    ) -> None:
        # With a minimum each set runs alone, without one all are broadcast.
        instrument = ask().series.instrument
        type(instrument).objects.filter(pk=instrument.pk).update(min_notional=min_notional)
        question = RunQuestion(
            strategy_key="sma_cross",
            engine="vectorbt",
            instrument=KEY.instrument,
            timeframe=Timeframe.H1,
        )
        prepared = prepare(question=question, store=store)
        sets = [SmaCross().admit(given) for given in SETS]

        request, market = prepared.request, prepared.loaded.market
        assert isinstance(request, BacktestRequest)

        for tried in try_sets(request, market, engine="vectorbt", sets=sets, by_day=True):
            assert tried.daily is not None
            returns = tried.daily.returns
            assert len(returns) == 18
            assert tried.metrics["n_round_trips"] == tried.daily.round_trips.sum() > 3
            assert tried.metrics["total_return"] == pytest.approx(
                np.prod(1 + returns) - 1, rel=1e-9
            )
            assert tried.metrics["sharpe"] == pytest.approx(ratios.sharpe(returns), rel=1e-9)

        found = try_sets(request, market, engine="vectorbt", sets=sets)
        assert [tried.daily for tried in found] == [None, None]


class TestSearch:
    def test_sees_the_train_alone(self) -> None:
        good_first = np.concatenate([wavering(50, 0.005), wavering(50, -0.005)])
        search = DaySearch(matrix(good_first, good_first[::-1]))

        assert search.choose(range(50)).params == {"column": 0}
        assert search.choose(range(50, 100)).params == {"column": 1}

    def test_takes_the_first_of_equal_sets(self) -> None:
        same = wavering(20, 0.001)

        assert DaySearch(matrix(same, same)).choose(range(20)).params == {"column": 0}

    def test_cannot_choose_where_nothing_traded(self) -> None:
        with pytest.raises(NotComputable, match="no set has a Sharpe ratio"):
            DaySearch(matrix(np.zeros(20), np.zeros(20))).choose(range(20))

    def test_never_takes_a_set_without_a_ratio(self) -> None:
        loses = DaySearch(matrix(np.zeros(20), wavering(20, -0.002)))

        assert loses.choose(range(20)).params == {"column": 1}


class TestWalk:
    def test_looks_once_at_what_follows_the_gap(self) -> None:
        question = asked("fast=2,3", "slow=8", n_windows=2, purge_days=2, embargo_days=1)
        trips = np.arange(33)

        walked = walk(matrix(wavering(33, 0.002), wavering(33, 0.001), trips=trips), question)

        windows = [outcome.window for outcome in walked.found.outcomes]
        assert [(window.train, window.test) for window in windows] == [
            (range(11), range(14, 23)),
            (range(9, 20), range(23, 33)),
        ]
        assert walked.round_trips == sum(range(14, 33))
        assert walked.years == 19 / 365
        # The means differ by less than twice the spread; both windows choose the first set.
        assert [outcome.params for outcome in walked.found.outcomes] == [{"column": 0}] * 2

    def test_says_that_days_are_too_few(self) -> None:
        question = asked("fast=2,3", "slow=8", n_windows=30)

        with pytest.raises(TooFewPeriods, match="in days: 33 bars leave 12 to test"):
            walk(matrix(wavering(33, 0.002)), question)


class TestDelayed:
    def test_answers_what_was_answered_one_bar_before(self) -> None:
        bars, params = random_walk(1, 300), SmaCross().admit({"fast": 3, "slow": 9})
        late = Delayed(SmaCross())

        found, original = late.targets(bars, params), SmaCross().targets(bars, params)

        assert np.isnan(found[0])
        np.testing.assert_array_equal(found[1:], original[:-1])
        assert late.warm_up(params) == SmaCross().warm_up(params) + 1
        assert (late.key, late.can_short(params)) == ("sma_cross", False)


class TestUnexplained:
    def compared(self, verdict: str, *differences: tuple[bool, float], fills: int = 4) -> Any:
        row = {"n_fills": fills, "final_equity": 200.0}
        found = [{"admissible": admissible, "money": money} for admissible, money in differences]
        document = {"engines": {"a": row, "b": row}, "differences": found}
        return Comparison(pk=7, verdict=verdict, document=document)

    def test_adds_up_money_without_its_sign(self) -> None:
        compared = self.compared("DIFFERENT", (False, 1.0), (False, -3.0), (True, 50.0))

        assert unexplained(compared) == 4.0 / 200.0

    def test_is_nothing_between_equals(self) -> None:
        assert unexplained(self.compared("EQUAL", (True, 9.0))) == 0.0

    def test_is_unknown_where_nobody_traded(self) -> None:
        with pytest.raises(NotComputable, match="a stretch without a fill"):
            unexplained(self.compared("EQUAL", fills=0))

    def test_is_unknown_where_an_engine_failed(self) -> None:
        compared = self.compared("FAILED")
        compared.document["engines"]["b"] = {"n_fills": None, "detail": "it raised"}

        with pytest.raises(NotComputable, match="comparison 7 is FAILED; b: it raised"):
            unexplained(compared)


class TestSetList:
    def test_fills_up_each_set(self) -> None:
        listed = SetList(({"fast": 3}, {"fast": 4, "slow": 9})).written(0, 2)
        found = list(admit_each(SmaCross(), {"slow": 8}, listed))

        assert found == [
            {"fast": 3, "slow": 8, "allow_short": False},
            {"fast": 4, "slow": 9, "allow_short": False},
        ]

    def test_describes_values_set_by_set(self) -> None:
        sets = SetList(({"fast": 3, "slow": 8}, {"fast": 4, "slow": 8}))

        assert sets.describe() == {"fast": ["3", "4"], "slow": ["8", "8"]}
        assert SweepQuestion(question=asked("fast=2").sweep.question, grid=sets).grid.size == 2
