import json
from fractions import Fraction
from math import sqrt
from statistics import fmean

import numpy as np
import pytest

from common.domain.errors import InvalidInput
from common.domain.fills import no_fills
from common.domain.timeframe import Timeframe
from portfolio.metrics.summary import KEYS, Summary, summarise
from portfolio.metrics.tests.building import bars_of, fills_of, flat_bars

# Twelve-hour bars of four days, the last of them ten weeks later: 73 days, a fifth of a year.
BARS = bars_of(
    [
        (0, 100, 112, 95, 105),
        (12, 105, 112, 104, 110.5),
        (24, 110, 132, 108, 130),
        (36, 130, 131, 125, 129.8),
        (48, 130, 133, 118, 120),
        (60, 120, 131, 116, 130.6),
        (1728, 130, 150, 100, 125),
        (1740, 125, 140, 124, 137),
    ],
    timeframe=Timeframe.H12,
)
FILLS = fills_of([
    (0, 1, 10, 100, 5),
    (24, -1, 15, 110, 6),  # a flip: ten close for a fee of 4, five open for a fee of 2
    (48, 1, 5, 130, 3),
    (60, 1, 10, 120, 3),
    (1728, -1, 10, 130, 4),
    (1740, 1, 10, 125, 1.1),
])
# 1000 - 5 + 10 * (105 - 100), and so on; the days end at 1100, 990, 1089 and 1197.9, which are
# returns of 0.1, -0.1, 0.1 and 0.1: mean 0.05, deviations 0.05, -0.15, 0.05 and 0.05.
EQUITY = np.array([1045.0, 1100.0, 989.0, 990.0, 986.0, 1089.0, 1079.0, 1197.9])
CAGR = 1.1979**5 - 1
MARKET = [110.5 / 105 - 1, 129.8 / 110.5 - 1, 130.6 / 129.8 - 1, 137 / 130.6 - 1]
BETA = (
    sum((b - fmean(MARKET)) * d for b, d in zip(MARKET, [0.05, -0.15, 0.05, 0.05], strict=True))
    / sum((b - fmean(MARKET)) ** 2 for b in MARKET)
)  # fmt: skip

EXPECTED = {
    "total_return": 0.1979,
    "cagr": CAGR,
    "volatility": 0.1 * sqrt(365),  # 0.03 / 3 is the variance
    "sharpe": 0.5 * sqrt(365),
    "sortino": sqrt(365),  # sqrt(0.01 / 4) is the downside deviation
    "max_drawdown": 114 / 1100,
    "max_drawdown_seconds": 72 * 86_400,  # from the end of day 0 to the end of day 72
    "calmar": CAGR / (114 / 1100),
    "ulcer_index": sqrt((0.1**2 + 0.01**2) / 4),
    "var_95": 0.07,  # position 0.15 between -0.1 and 0.1
    "cvar_95": 0.1,
    "skew": -2 / sqrt(3),
    "kurtosis": 7 / 3,
    "tail_ratio": 0.1 / 0.07,
    "exposure": 6 / 8,
    "turnover": 7_050 / (8_475.9 / 8) / 0.2,
    "n_fills": 6,
    "n_round_trips": 3,
    "win_rate": 2 / 3,  # 91, -105, 93
    "profit_factor": 184 / 105,
    "expectancy": 79 / 3,
    "payoff": 92 / 105,
    "sqn": 79 / sqrt(38_812),
    "fees": 22.1,
    "max_consecutive_losses": 1,
    "mae": float(Fraction(17, 180)),  # 5 of 100, 22 of 110 and 4 of 120
    "mfe": float(Fraction(1_517, 19_800)),  # 12 of 100, 2 of 110 and 11 of 120
    "alpha": (0.05 - BETA * fmean(MARKET)) * 365,
    "beta": BETA,
    "benchmark_return": 32 / 105,
}


@pytest.fixture(scope="module")
def summary() -> Summary:
    return summarise(fills=FILLS, equity=EQUITY, bars=BARS, initial_cash=1000.0, lot=1.0)


class TestSummarise:
    @pytest.mark.parametrize("key", KEYS)
    def test_gives_the_value_worked_by_hand(self, summary: Summary, key: str) -> None:
        assert summary.values[key] == pytest.approx(EXPECTED[key], rel=1e-12)

    def test_gives_every_key_in_order_and_no_other(self, summary: Summary) -> None:
        assert tuple(summary.values) == KEYS
        assert set(EXPECTED) == set(KEYS)
        assert summary.undefined == {}

    def test_counts_are_whole_numbers(self, summary: Summary) -> None:
        counts = {key for key, value in summary.values.items() if isinstance(value, int)}

        assert counts == {
            "max_drawdown_seconds", "n_fills", "n_round_trips", "max_consecutive_losses",
        }  # fmt: skip

    def test_reports_the_open_round_trip_apart(self, summary: Summary) -> None:
        assert summary.open_round_trip == pytest.approx({
            "entry_at": "1970-03-14T12:00:00Z",
            "side": "BUY",
            "quantity": 10.0,
            "entry_price": 125.0,
            "fees": 1.1,
            "net_pnl": 118.9,
            "mae": 1 / 125,
            "mfe": 15 / 125,
        })

    def test_closed_and_open_pnl_are_the_change_of_equity(self, summary: Summary) -> None:
        assert summary.open_round_trip is not None
        open_pnl = summary.open_round_trip["net_pnl"]
        expectancy = summary.values["expectancy"]
        assert isinstance(open_pnl, float)
        assert expectancy is not None

        assert 3 * expectancy + open_pnl == pytest.approx(197.9, rel=1e-12)

    def test_can_be_written_as_json(self, summary: Summary) -> None:
        written = json.dumps([summary.values, summary.open_round_trip], allow_nan=False)

        assert json.loads(written) == [summary.values, summary.open_round_trip]

    def test_has_no_open_round_trip_when_flat(self) -> None:
        summary = summarise(
            fills=FILLS[:5], equity=EQUITY, bars=BARS, initial_cash=1000.0, lot=1.0
        )

        assert summary.open_round_trip is None

    def test_carries_the_funding_outside_fees_and_round_trips(self, summary: Summary) -> None:
        funded = summarise(
            fills=FILLS, equity=EQUITY, bars=BARS, initial_cash=1000.0, lot=1.0, funding_paid=7.0
        )

        assert funded.funding_paid == 7.0
        assert funded.values == summary.values

    def test_changes_nothing_when_repeated(self, summary: Summary) -> None:
        again = summarise(fills=FILLS, equity=EQUITY, bars=BARS, initial_cash=1000.0, lot=1.0)

        assert again == summary

    @pytest.mark.parametrize(
        ("equity", "message"),
        [
            (np.ones(3), r"equity has type float64 and shape \(3,\), bars \(2,\)"),
            (np.ones(2, np.float32), "equity has type float32"),
            (np.array([1.0, np.nan]), "equity at bar 1 is nan"),
            (np.array([np.inf, 1.0]), "equity at bar 0 is inf"),
        ],
    )
    def test_refuses_equity_that_does_not_fit(
        self, equity: np.ndarray[tuple[int], np.dtype[np.float64]], message: str
    ) -> None:
        with pytest.raises(InvalidInput, match=message):
            summarise(
                fills=no_fills(), equity=equity, bars=flat_bars(2), initial_cash=1.0, lot=1.0
            )

    @pytest.mark.parametrize("cash", [0.0, -1.0, np.nan, np.inf])
    def test_refuses_cash_that_is_not_positive(self, cash: float) -> None:
        with pytest.raises(InvalidInput, match="starting cash"):
            summarise(
                fills=no_fills(), equity=np.ones(2), bars=flat_bars(2), initial_cash=cash, lot=1.0
            )
