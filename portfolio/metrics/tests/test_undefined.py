from collections.abc import Sequence

import numpy as np
import pytest

from common.domain.bars import Bars
from common.domain.fills import Fills, no_fills
from common.domain.timeframe import Timeframe
from portfolio.metrics import benchmark, trip_statistics
from portfolio.metrics.summary import KEYS, Summary, summarise
from portfolio.metrics.tests.building import FillRow, daily_bars, fills_of, flat_bars

OF_TRIPS = {"win_rate", "profit_factor", "expectancy", "payoff", "sqn", "mae", "mfe"}
OF_SPREAD = {"sharpe", "skew", "kurtosis"}
OF_BENCHMARK = {"alpha", "beta"}
COUNTS = {"n_fills", "n_round_trips", "fees", "max_consecutive_losses"}


def summary_of(
    equity: Sequence[float], *, fills: Fills | None = None, bars: Bars | None = None
) -> Summary:
    closes = np.linspace(100, 110, len(equity)) + np.arange(len(equity)) % 2
    return summarise(
        fills=no_fills() if fills is None else fills,
        equity=np.array(equity, np.float64),
        bars=daily_bars(closes) if bars is None else bars,
        initial_cash=100.0,
        lot=1.0,
    )


def trips_of(exit_prices: Sequence[float]) -> Summary:
    rows: list[FillRow] = []
    for hour, price in enumerate(exit_prices):
        rows += [(2 * hour, 1, 1, 100, 0), (2 * hour + 1, -1, 1, price, 0)]
    return summary_of([100] * len(rows), fills=fills_of(rows), bars=flat_bars(len(rows)))


class TestNoBars:
    def test_leaves_only_counts_and_gives_the_reason(self) -> None:
        summary = summary_of([], bars=Bars.empty(Timeframe.H1))

        assert set(summary.undefined) == set(KEYS) - COUNTS
        assert set(summary.undefined.values()) == {"there are no bars"}
        assert {summary.values[key] for key in COUNTS} == {0}
        assert summary.open_round_trip is None


class TestOneBar:
    def test_defines_what_one_observation_defines(self) -> None:
        summary = summary_of([90])

        defined = {key: summary.values[key] for key in KEYS if key not in summary.undefined}
        assert defined == pytest.approx({
            "total_return": -0.1,
            "sortino": -np.sqrt(365),
            "max_drawdown": 0.1,
            "max_drawdown_seconds": 86_400,
            "ulcer_index": 0.1,
            "var_95": 0.1,
            "cvar_95": 0.1,
            "tail_ratio": -1.0,
            "exposure": 0.0,
            "turnover": 0.0,
            "benchmark_return": 0.0,
            **dict.fromkeys(COUNTS, 0),
        })
        assert summary.undefined["sharpe"] == (
            "the number of daily returns is 1, at least 2 needed"
        )
        assert summary.undefined["cagr"] == "the period has 1 days, at least 30 needed"


class TestNoFills:
    def test_defines_no_statistic_of_round_trips(self) -> None:
        summary = summary_of([100] * 40)

        assert summary.undefined.keys() >= OF_TRIPS
        assert summary.undefined["expectancy"] == (
            "the number of closed round trips is 0, at least 1 needed"
        )
        assert summary.values["turnover"] == summary.values["exposure"] == 0.0

    def test_of_a_flat_run_is_no_ratio_but_no_risk_either(self) -> None:
        summary = summary_of([100] * 40)

        assert set(summary.undefined) == OF_TRIPS | OF_SPREAD | {
            "sortino", "tail_ratio", "calmar",
        }  # fmt: skip
        assert summary.undefined["sharpe"] == "the daily returns do not vary"
        assert summary.undefined["sortino"] == "no daily return is negative"
        assert summary.undefined["calmar"] == "there was no drawdown"
        assert summary.undefined["tail_ratio"] == "the 5 % quantile of daily returns is zero"
        zero = ("cagr", "volatility", "max_drawdown", "max_drawdown_seconds", "var_95", "beta")
        assert [summary.values[key] for key in zero] == [0] * 6
        assert str(summary.values["var_95"]) == "0.0"


class TestZeroVariance:
    def test_sees_through_the_rounding_of_constant_growth(self) -> None:
        equity = (100 * 1.01 ** np.arange(1, 41)).tolist()

        summary = summary_of(equity)

        assert {summary.undefined[key] for key in OF_SPREAD} == {"the daily returns do not vary"}
        assert summary.values["volatility"] == pytest.approx(0.0, abs=1e-12)

    def test_keeps_a_spread_far_below_a_lot(self) -> None:
        equity = [100.0, 100.0 + 1e-9, 100.0]

        assert summary_of(equity).values["sharpe"] == pytest.approx(0.0, abs=1e-3)

    def test_of_the_benchmark_leaves_no_beta(self) -> None:
        summary = summary_of([100, 101, 102], bars=flat_bars(3, timeframe=Timeframe.D1))

        assert summary.undefined["beta"] == "the market did not move"
        assert summary.undefined["alpha"] == "beta is undefined"
        assert summary.values["benchmark_return"] == 0.0

    def test_of_a_benchmark_that_grows_evenly_leaves_no_beta(self) -> None:
        closes = (100 * 1.01 ** np.arange(40)).tolist()
        bars = daily_bars(closes).rows(1, 40)

        # The first return is that of the first close on itself, which is zero.
        assert summary_of([100.0] * 20 + [101.0] * 19, bars=bars).values["beta"] is not None
        market = np.diff(np.array(closes)) / np.array(closes)[:-1]
        assert market.std() > 0
        assert np.isnan(benchmark.beta(np.arange(39, dtype=np.float64), market))


class TestThirtyDays:
    def test_are_enough_for_a_growth_rate(self) -> None:
        summary = summary_of([100] * 29 + [110])

        assert summary.values["cagr"] == pytest.approx(1.1 ** (365 / 30) - 1)

    def test_less_one_are_not(self) -> None:
        summary = summary_of([100] * 28 + [110])

        assert summary.values["cagr"] is summary.values["calmar"] is None
        assert summary.undefined["cagr"] == "the period has 29 days, at least 30 needed"
        assert summary.undefined["calmar"] == f"cagr: {summary.undefined['cagr']}"


class TestRoundTrips:
    def test_without_a_loss_have_no_profit_factor(self) -> None:
        summary = trips_of([110, 120])

        assert summary.undefined["profit_factor"] == "no round trip lost"
        assert summary.undefined["payoff"] == "no round trip won, or none lost"
        assert summary.values["win_rate"] == 1.0
        assert summary.values["max_consecutive_losses"] == 0

    def test_without_a_win_have_a_profit_factor_of_zero(self) -> None:
        summary = trips_of([90, 80])

        assert summary.values["profit_factor"] == 0.0
        assert summary.values["payoff"] is None
        assert summary.values["max_consecutive_losses"] == 2

    def test_that_break_even_neither_win_nor_lose(self) -> None:
        summary = trips_of([90, 100, 90, 110])

        assert summary.values["win_rate"] == 0.25
        assert summary.values["max_consecutive_losses"] == 1
        assert summary.values["profit_factor"] == 0.5

    def test_that_are_equal_have_no_sqn(self) -> None:
        summary = trips_of([110, 110, 110])

        assert summary.undefined["sqn"] == "the net PnL of round trips does not vary"

    def test_that_are_equal_have_no_sqn_though_their_mean_is_rounded(self) -> None:
        net_pnl = np.full(6, 0.1)
        assert net_pnl.std(ddof=1) > 0

        assert np.isnan(trip_statistics.sqn(net_pnl))

    def test_need_to_be_two_for_an_sqn(self) -> None:
        summary = trips_of([110])

        assert summary.undefined["sqn"] == (
            "the number of closed round trips is 1, at least 2 needed"
        )

    def test_still_open_count_for_nothing(self) -> None:
        fills = fills_of([(0, 1, 1, 100, 0.5)])

        summary = summary_of([99.5, 99.5], fills=fills, bars=flat_bars(2))

        assert summary.undefined.keys() >= OF_TRIPS
        assert summary.values["n_round_trips"] == 0
        assert summary.values["fees"] == 0.5
        assert summary.open_round_trip is not None


class TestRuin:
    def test_at_the_last_mark_is_a_return_like_any_other(self) -> None:
        summary = summary_of([100] * 39 + [-20])

        assert summary.values["total_return"] == pytest.approx(-1.2)
        assert summary.values["max_drawdown"] == pytest.approx(1.2)
        assert summary.values["cvar_95"] is not None
        assert summary.undefined["cagr"] == "equity ended below zero"
        assert summary.undefined["calmar"] == "cagr: equity ended below zero"

    def test_to_exactly_nothing_is_a_growth_rate_of_minus_one(self) -> None:
        summary = summary_of([100] * 39 + [0])

        assert summary.values["cagr"] == summary.values["calmar"] == -1.0

    def test_of_an_earlier_day_ends_everything_from_daily_returns(self) -> None:
        summary = summary_of([100, 50, -10, 40, 30])

        affected = OF_SPREAD | OF_BENCHMARK | {
            "volatility", "sortino", "var_95", "cvar_95", "tail_ratio",
        }  # fmt: skip
        reason = "equity was zero or less at the end of a day before the last"
        assert {key for key, why in summary.undefined.items() if why == reason} == affected
        assert summary.values["max_drawdown"] == pytest.approx(1.1)
        assert summary.values["ulcer_index"] is not None

    def test_of_the_mean_leaves_no_turnover(self) -> None:
        summary = summary_of([50, -80])

        assert summary.undefined["turnover"] == "mean equity is not positive"


class TestExtremes:
    def test_beyond_float64_is_undefined_not_infinite(self) -> None:
        summary = summary_of([1e-300, 1e300, 1e308, 1e-300])

        assert summary.undefined["volatility"] == "it is beyond the largest float64"
        assert all(value is None or np.isfinite(value) for value in summary.values.values())
