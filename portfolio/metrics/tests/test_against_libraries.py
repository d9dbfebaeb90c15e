import csv
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import empyrical
import numpy as np
import pytest
from scipy import stats

from common.domain.bars import Bars, Floats
from common.domain.fills import no_fills
from common.domain.time import to_ns
from common.domain.timeframe import Timeframe
from portfolio.metrics.summary import Summary, summarise

CASH = 10_000.0
DAYS_OF_YEAR = 365


@pytest.fixture(scope="module")
def bars(sample_data: Path) -> Bars:
    """Two years of hourly bars, from the first whole day to the last."""
    with (sample_data / "coinbase_btcusd_1h.csv").open() as lines:
        next(lines)
        rows = sorted(csv.DictReader(lines), key=lambda row: open_time(row["date"]))
    opens = [open_time(row["date"]) for row in rows]
    first = next(index for index, time in enumerate(opens) if time.hour == 0)
    last = max(index for index, time in enumerate(opens) if time.hour == 23)
    times = np.array([to_ns(time) for time in opens])
    names = ("open", "high", "low", "close", "volume")
    columns = (np.array([float(row[name]) for row in rows]) for name in names)
    return Bars(Timeframe.H1, times, *columns).rows(first, last + 1)


def open_time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %I-%p").replace(tzinfo=UTC)


@pytest.fixture(scope="module")
def equity(bars: Bars) -> Floats:
    """Half the cash in the asset, and a seeded strategy's noise on top."""
    noise = np.random.default_rng(7).normal(0.00002, 0.002, len(bars)).cumsum()
    return np.asarray(CASH * (0.5 + 0.5 * bars.close / bars.close[0]) * np.exp(noise))


@pytest.fixture(scope="module")
def summary(bars: Bars, equity: Floats) -> Summary:
    return summarise(fills=no_fills(), equity=equity, bars=bars, initial_cash=CASH, lot=1e-8)


def returns_by_date(bars: Bars, marks: Floats) -> Floats:
    last: dict[str, float] = {}
    for time, mark in zip(bars.open_ns.astype("M8[ns]").astype(str), marks, strict=True):
        last[time[:10]] = mark
    ends = [CASH, *last.values()]
    return np.array([now / before - 1 for before, now in pairwise(ends)])


@pytest.fixture(scope="module")
def daily(bars: Bars, equity: Floats) -> Floats:
    return returns_by_date(bars, equity)


@pytest.fixture(scope="module")
def market(bars: Bars) -> Floats:
    return returns_by_date(bars, CASH * bars.close / bars.close[0])


class TestSummariseOnRealBars:
    def test_has_hundreds_of_days(self, daily: Floats) -> None:
        assert len(daily) == 837

    def test_total_return(self, summary: Summary, daily: Floats) -> None:
        assert summary.values["total_return"] == near(empyrical.cum_returns_final(daily))

    def test_cagr(self, summary: Summary, daily: Floats) -> None:
        expected = empyrical.cagr(daily, annualization=DAYS_OF_YEAR)
        assert summary.values["cagr"] == near(expected)

    def test_volatility(self, summary: Summary, daily: Floats) -> None:
        expected = empyrical.annual_volatility(daily, annualization=DAYS_OF_YEAR)
        assert summary.values["volatility"] == near(expected)

    def test_sharpe(self, summary: Summary, daily: Floats) -> None:
        expected = empyrical.sharpe_ratio(daily, annualization=DAYS_OF_YEAR)
        assert summary.values["sharpe"] == near(expected)

    def test_sortino(self, summary: Summary, daily: Floats) -> None:
        expected = empyrical.sortino_ratio(daily, annualization=DAYS_OF_YEAR)
        assert summary.values["sortino"] == near(expected)

    def test_max_drawdown_of_bars(self, summary: Summary, equity: Floats) -> None:
        hourly = equity / np.concatenate([[CASH], equity[:-1]]) - 1
        assert summary.values["max_drawdown"] == near(-empyrical.max_drawdown(hourly))

    def test_ulcer_index(self, summary: Summary, daily: Floats) -> None:
        growth = np.cumprod(1 + daily)
        peaks = np.maximum.accumulate(np.concatenate([[1.0], growth]))[1:]
        assert summary.values["ulcer_index"] == near(np.linalg.norm(growth / peaks - 1) / 837**0.5)

    def test_value_at_risk(self, summary: Summary, daily: Floats) -> None:
        assert summary.values["var_95"] == near(-empyrical.value_at_risk(daily))
        low = stats.mstats.mquantiles(daily, 0.05, alphap=1, betap=1)[0]
        assert summary.values["var_95"] == near(-low)

    def test_conditional_value_at_risk(self, summary: Summary, daily: Floats) -> None:
        expected = -empyrical.conditional_value_at_risk(daily)
        assert summary.values["cvar_95"] == near(expected)

    def test_tail_ratio(self, summary: Summary, daily: Floats) -> None:
        assert summary.values["tail_ratio"] == near(empyrical.tail_ratio(daily))

    def test_skew(self, summary: Summary, daily: Floats) -> None:
        assert summary.values["skew"] == near(stats.skew(daily))

    def test_kurtosis(self, summary: Summary, daily: Floats) -> None:
        assert summary.values["kurtosis"] == near(stats.kurtosis(daily, fisher=False))

    def test_beta(self, summary: Summary, daily: Floats, market: Floats) -> None:
        assert summary.values["beta"] == near(empyrical.beta(daily, market))

    def test_alpha(self, summary: Summary, daily: Floats, market: Floats) -> None:
        line = stats.linregress(market, daily)
        assert summary.values["alpha"] == near(line.intercept * DAYS_OF_YEAR)
        assert summary.values["beta"] == near(line.slope)

    def test_benchmark_return(self, summary: Summary, bars: Bars, market: Floats) -> None:
        expected = empyrical.cum_returns_final(market)
        assert summary.values["benchmark_return"] == near(expected)

    def test_calmar_of_daily_bars(self, equity: Floats, bars: Bars, daily: Floats) -> None:
        ends = slice(23, None, 24)
        columns = (
            getattr(bars, name)[ends] for name in ("open", "high", "low", "close", "volume")
        )
        days = Bars(Timeframe.D1, bars.open_ns[::24], *columns)

        summary = summarise(
            fills=no_fills(), equity=equity[ends], bars=days, initial_cash=CASH, lot=1e-8
        )

        expected = empyrical.calmar_ratio(daily, annualization=DAYS_OF_YEAR)
        assert summary.values["calmar"] == near(expected)


def near(value: float) -> object:
    return pytest.approx(float(value), rel=1e-9, abs=1e-12)
