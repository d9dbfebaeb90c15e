from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.domain.bars import Bars
from common.domain.errors import InvalidInput
from common.domain.time import from_ns, to_ns
from common.domain.timeframe import Timeframe
from portfolio.metrics.tables import Period, PeriodRow, performance_table
from portfolio.metrics.tests.building import DAY_NS, HOUR_NS

# Two bars a day over the turn of 2020, which lies inside ISO week 2020-W53: Thursday the 31st,
# Friday the 1st, no bar on Saturday, Sunday the 3rd, and Monday the 4th, of week 2021-W01.
FIRST_NS = to_ns(datetime(2020, 12, 31, tzinfo=UTC))
HOURS = np.array([0, 12, 24, 36, 72, 84, 96, 108])
BARS = Bars(Timeframe.H12, FIRST_NS + HOURS * HOUR_NS, *np.ones((5, 8)))
EQUITY = np.array([105.0, 110.0, 0.5, 99.0, 1.0, 198.0, 7.0, 148.5])
# One on Thursday, one at the last instant of Friday, two on Monday.
EXITS = FIRST_NS + np.array([12 * HOUR_NS, 48 * HOUR_NS - 1, 96 * HOUR_NS, 108 * HOUR_NS])


def rows_of(period: Period) -> list[PeriodRow]:
    return performance_table(period, equity=EQUITY, bars=BARS, initial_cash=100.0, exits_ns=EXITS)


def near(value: float) -> float:
    return pytest.approx(value, rel=1e-12)  # type: ignore[return-value] # compares as a float


class TestPerformanceTable:
    def test_by_day(self) -> None:
        assert rows_of(Period.DAY) == [
            PeriodRow("2020-12-31", 1, near(0.1), 10.0, 1),
            PeriodRow("2021-01-01", 1, near(-0.1), -11.0, 1),
            PeriodRow("2021-01-03", 1, near(1.0), 99.0, 0),
            PeriodRow("2021-01-04", 1, near(-0.25), -49.5, 2),
        ]

    def test_by_week_from_monday(self) -> None:
        assert rows_of(Period.WEEK) == [
            PeriodRow("2020-W53", 3, near(0.98), 98.0, 2),
            PeriodRow("2021-W01", 1, near(-0.25), -49.5, 2),
        ]

    def test_by_month(self) -> None:
        assert rows_of(Period.MONTH) == [
            PeriodRow("2020-12", 1, near(0.1), 10.0, 1),
            PeriodRow("2021-01", 3, near(0.35), 38.5, 3),
        ]

    def test_by_year(self) -> None:
        assert rows_of(Period.YEAR) == [
            PeriodRow("2020", 1, near(0.1), 10.0, 1),
            PeriodRow("2021", 3, near(0.35), 38.5, 3),
        ]

    def test_by_weekday_from_monday(self) -> None:
        assert rows_of(Period.WEEKDAY) == [
            PeriodRow("Monday", 1, near(-0.25), -49.5, 2),
            PeriodRow("Thursday", 1, near(0.1), 10.0, 1),
            PeriodRow("Friday", 1, near(-0.1), -11.0, 1),
            PeriodRow("Sunday", 1, near(1.0), 99.0, 0),
        ]

    def test_compounds_the_days_of_one_name(self) -> None:
        bars = Bars(Timeframe.D1, np.arange(8) * DAY_NS, *np.ones((5, 8)))
        equity = np.array([110.0] * 7 + [132.0])

        rows = performance_table(
            Period.WEEKDAY, equity=equity, bars=bars, initial_cash=100.0, exits_ns=EXITS[:0]
        )

        assert rows[3] == PeriodRow("Thursday", 2, near(0.32), 32.0, 0)

    def test_has_no_return_after_ruin_but_a_pnl(self) -> None:
        bars = Bars(Timeframe.D1, np.arange(3) * DAY_NS, *np.ones((5, 3)))
        rows = performance_table(
            Period.DAY,
            equity=np.array([50.0, -10.0, 20.0]),
            bars=bars,
            initial_cash=100.0,
            exits_ns=EXITS[:0],
        )

        assert [row.total_return for row in rows] == [near(-0.5), near(-1.2), None]
        assert [row.pnl for row in rows] == [-50.0, -60.0, 30.0]

    @pytest.mark.parametrize("period", Period)
    def test_of_no_bars_is_empty(self, period: Period) -> None:
        rows = performance_table(
            period,
            equity=np.empty(0),
            bars=Bars.empty(Timeframe.H1),
            initial_cash=100.0,
            exits_ns=EXITS[:0],
        )

        assert rows == []

    def test_refuses_a_round_trip_outside_the_bars(self) -> None:
        with pytest.raises(InvalidInput, match="lies outside"):
            performance_table(
                Period.DAY,
                equity=EQUITY[:2],
                bars=BARS.rows(0, 2),
                initial_cash=100.0,
                exits_ns=EXITS,
            )

    @settings(max_examples=60, deadline=None)
    @given(
        days=st.lists(st.integers(-800, 25_000), min_size=1, max_size=40, unique=True).map(sorted),
        seed=st.integers(0, 1_000),
    )
    def test_agrees_with_the_calendar_of_the_standard_library(
        self, days: list[int], seed: int
    ) -> None:
        bars = Bars(Timeframe.D1, np.array(days) * DAY_NS, *np.ones((5, len(days))))
        equity = 100 * np.exp(np.random.default_rng(seed).normal(0, 0.1, len(days)).cumsum())
        formats = {
            Period.DAY: "%Y-%m-%d",
            Period.WEEK: "%G-W%V",
            Period.MONTH: "%Y-%m",
            Period.YEAR: "%Y",
            Period.WEEKDAY: "%A",
        }
        changes = [after - before for before, after in pairwise([100.0, *equity.tolist()])]

        for period, form in formats.items():
            expected: dict[str, float] = {}
            for day, change in zip(days, changes, strict=True):
                label = from_ns(day * DAY_NS).strftime(form)
                expected[label] = expected.get(label, 0.0) + change
            rows = performance_table(
                period, equity=equity, bars=bars, initial_cash=100.0, exits_ns=EXITS[:0]
            )
            assert {row.period: row.pnl for row in rows} == pytest.approx(expected, abs=1e-9)
            assert np.prod([1 + (row.total_return or 0) for row in rows]) == pytest.approx(
                equity[-1] / 100
            )
