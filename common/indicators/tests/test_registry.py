"""The registry, the declarations, and what they refuse."""

import json
import subprocess
import sys
from typing import Any

import pytest

from common.domain.bars import Bars
from common.domain.errors import InvalidArgument
from common.domain.timeframe import Timeframe
from common.indicators.indicator import InvalidIndicatorParameter
from common.indicators.registry import list_indicators
from common.indicators.technical import INDICATORS, UnknownIndicator, compute, get_indicator


class TestRegistry:
    def test_names_are_sorted_and_each_indicator_has_its_own(self) -> None:
        assert list(INDICATORS) == sorted(INDICATORS)
        assert [each.key for each in list_indicators()] == list(INDICATORS)

    def test_cannot_be_changed(self) -> None:
        with pytest.raises(TypeError):
            INDICATORS["mine"] = INDICATORS["sma"]  # type: ignore[index]  # what is tested

    def test_an_unknown_name_is_refused_with_the_names_there_are(self) -> None:
        with pytest.raises(
            UnknownIndicator, match=r"unknown indicator 'smaa'; known: ad, adx, .*wma"
        ):
            get_indicator("smaa")
        assert issubclass(UnknownIndicator, InvalidArgument)

    def test_computes_by_name(self, hourly: Bars) -> None:
        values = compute("sma", hourly.rows(0, 30), period=3)["sma"]
        assert values[2] == pytest.approx(hourly.close[:3].mean(), rel=1e-12)

    def test_listing_loads_neither_talib_nor_pandas(self) -> None:
        program = (
            "import sys, common.indicators.technical as t;"
            "[each.describe() for each in t.INDICATORS.values()];"
            "print([name for name in ('talib', 'pandas', 'polars', 'numba') if name in sys.modules])"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "[]"


class TestDescribe:
    def test_describes_itself_in_json(self) -> None:
        assert json.loads(json.dumps(get_indicator("bollinger").describe())) == {
            "key": "bollinger",
            "summary": "Bollinger bands: SMA and width population deviations around it, in price",
            "source": "Bollinger 2001; TA-Lib BBANDS",
            "inputs": ["close"],
            "parameters": [
                {"name": "period", "type": "int", "default": 20, "low": 2, "high": 10_000},
                {"name": "width", "type": "float", "default": 2.0, "low": 0.01, "high": 100.0},
            ],
            "outputs": ["lower", "middle", "upper"],
            "warm_up": 19,
            "memory": "window",
            "anchored": False,
        }

    def test_every_description_is_json(self) -> None:
        for indicator in list_indicators():
            described = indicator.describe()
            assert json.loads(json.dumps(described)) == described

    def test_the_cumulative_ones_are_declared_anchored(self) -> None:
        assert [each.key for each in list_indicators() if each.anchored] == [
            "ad",
            "obv",
            "parabolic_sar",
            "supertrend",
        ]


class TestWarmUp:
    @pytest.mark.parametrize(
        ("key", "params", "bars"),
        [
            ("sma", {"period": 50}, 49),
            ("ema", {"period": 50}, 500),
            ("rsi", {}, 280),
            ("adx", {"period": 10}, 200),
            ("atr", {"period": 10}, 200),
            ("hma", {"period": 15}, 16),
            ("ichimoku", {}, 77),
            ("stochastic", {}, 17),
            ("keltner", {"period": 30}, 300),
            ("keltner", {"atr_period": 30}, 600),
            ("obv", {}, 0),
            ("pivots", {}, 2_880),
        ],
    )
    def test_warm_up_follows_the_parameters(
        self, key: str, params: dict[str, Any], bars: int
    ) -> None:
        assert get_indicator(key).warm_up(params) == bars

    @pytest.mark.parametrize(
        ("timeframe", "bars"), [(Timeframe.M5, 288), (Timeframe.H1, 24), (Timeframe.W1, 1)]
    )
    def test_warm_up_in_days_follows_the_timeframe(self, timeframe: Timeframe, bars: int) -> None:
        assert get_indicator("vwap").warm_up(timeframe=timeframe) == bars


class TestAdmit:
    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"periods": 3}, "unknown parameter 'periods'; bollinger has: period, width"),
            ({"period": 1}, r"parameter period is 1, must be a whole number in \[2, 10000\]"),
            ({"period": 10_001}, "parameter period is 10001"),
            ({"period": 20.0}, "parameter period is 20.0, must be a whole number"),
            ({"period": True}, "parameter period is True"),
            ({"period": "20"}, "parameter period is '20'"),
            (
                {"width": float("nan")},
                r"parameter width is nan, must be a number in \[0.01, 100.0\]",
            ),
            ({"width": 0.0}, "parameter width is 0.0"),
        ],
    )
    def test_refuses_parameters_it_does_not_admit(
        self, hourly: Bars, params: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(InvalidIndicatorParameter, match=message):
            compute("bollinger", hourly.rows(0, 30), **params)

    def test_says_so_when_there_are_no_parameters(self, hourly: Bars) -> None:
        with pytest.raises(InvalidIndicatorParameter, match="obv has: none"):
            compute("obv", hourly.rows(0, 30), period=3)

    def test_admits_a_whole_number_where_a_fraction_may_stand(self) -> None:
        admitted = get_indicator("bollinger").admit({"width": 3})
        assert admitted == {"period": 20, "width": 3.0}
        assert isinstance(admitted["width"], float)
