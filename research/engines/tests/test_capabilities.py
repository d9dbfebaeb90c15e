"""What is refused before an engine runs."""

import re
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.domain.costs import AccountType, CostModel, Rebalance
from common.domain.events import EventFiles
from common.domain.timeframe import Timeframe
from research.domain.backtest import BacktestRequest, Market, NativeRequest
from research.domain.settings import EngineSettings, ExecutionStyle, QueueModel
from research.engines.capabilities import Capabilities, check_native_supported, check_supported
from research.engines.exceptions import NeedsMargin, UnsupportedFeature
from research.engines.tests.scripted import Scripted, ask, market
from trading.strategies.base import StopSpec
from trading.strategies.library.quote_both_sides import QuoteBothSides

SPOT = market([100, 100])
REPLAYED = replace(
    SPOT,
    events=EventFiles((Path("tape.npz"),), Decimal("0.1"), Decimal("0.01"), 0, 1, "hash"),
)
MARGIN: dict[str, Any] = {"account": AccountType.MARGIN}
PERPETUAL = market([100, 100], symbol="BTC/USD:USD")
STOPPED = Scripted(np.zeros(2), stop=StopSpec(take_profit=0.1))
EVERYTHING = Capabilities(**{flag.name: True for flag in fields(Capabilities)})


def check(request: BacktestRequest, bars: Market = SPOT, can: Capabilities = EVERYTHING) -> None:
    check_supported(engine="example", can=can, request=request, market=bars)


def told(**settings: Any) -> BacktestRequest:
    return ask([0, 1], settings=EngineSettings(**settings))


class TestCheckSupported:
    @pytest.mark.parametrize(
        ("feature", "request_", "bars"),
        [
            ("events", ask([0, 1]), REPLAYED),
            ("quotes", BacktestRequest(strategy=QuoteBothSides(), params={}, **MARGIN), REPLAYED),
            ("latency", told(order_latency_ns=1), REPLAYED),
            ("latency", told(response_latency_ns=1), REPLAYED),
            ("recorded_latency", told(recorded_latency=True), REPLAYED),
            ("queue_models", told(queue=QueueModel.LOG_PROB), REPLAYED),
            ("queue_models", told(queue_power=2.0), REPLAYED),
            ("maker_orders", told(execution=ExecutionStyle.MAKER), REPLAYED),
            ("partial_fills", told(partial_fills=True), REPLAYED),
            ("detail", told(detail=Timeframe.M1), SPOT),
            ("protections", told(protections=({"method": "CooldownPeriod"},)), SPOT),
            ("bars", ask([0, 1]), SPOT),
            ("short_selling", ask([0, -1], account=AccountType.MARGIN), SPOT),
            ("stops", BacktestRequest(strategy=STOPPED, params={}), SPOT),
            ("funding", ask([0, 1]), PERPETUAL),
            ("every_bar", ask([0, 1], rebalance=Rebalance.EVERY_BAR), SPOT),
        ],
    )
    def test_refuses_exactly_the_feature_that_is_not_declared(
        self, feature: str, request_: BacktestRequest, bars: Market
    ) -> None:
        check(request_, bars)
        flags = EVERYTHING.describe() | {feature: False}

        with pytest.raises(UnsupportedFeature) as error:
            check(request_, bars, Capabilities(**flags))

        assert error.value.detail.startswith(
            f"engine example does not support {feature}, which this run needs"
        )
        assert error.value.extra == {"engine": "example", "features": [feature]}

    def test_admits_a_perpetual_whose_funding_is_left_out(self) -> None:
        request = ask([0, 1], costs=CostModel(funding=False))

        check(request, PERPETUAL, Capabilities(bars=True))

    def test_says_where_events_come_from_to_one_who_asks_for_bars(self) -> None:
        with pytest.raises(
            UnsupportedFeature, match=r"bars, which this run needs: .*import_events"
        ):
            check(ask([0, 1]), SPOT, Capabilities(events=True))

    def test_asks_for_a_margin_account_where_a_strategy_quotes(self) -> None:
        with pytest.raises(NeedsMargin, match="strategy quote_both_sides can go short"):
            check(BacktestRequest(strategy=QuoteBothSides(), params={}), REPLAYED)

    @pytest.mark.parametrize(
        ("settings", "feature"),
        [
            ({"order_latency_ns": 1}, "latency"),
            ({"recorded_latency": True}, "recorded_latency"),
            ({"queue": QueueModel.POWER_PROB}, "queue_models"),
            ({"execution": ExecutionStyle.MAKER}, "maker_orders"),
            ({"partial_fills": True}, "partial_fills"),
        ],
    )
    def test_refuses_on_bars_what_only_events_have(
        self, settings: dict[str, Any], feature: str
    ) -> None:
        with pytest.raises(UnsupportedFeature) as error:
            check(told(**settings))

        assert error.value.detail == f"{feature} needs recorded events, this run is on bars"
        assert error.value.extra == {"engine": "example", "features": [feature]}

    def test_refuses_quotes_on_bars(self) -> None:
        quoting = BacktestRequest(strategy=QuoteBothSides(), params={}, **MARGIN)

        with pytest.raises(UnsupportedFeature, match="quotes needs recorded events"):
            check(quoting)

    @pytest.mark.parametrize(
        ("request_", "feature"),
        [
            (told(detail=Timeframe.M1), "detail"),
            (ask([0, 1], costs=CostModel(slippage=0.001)), "slippage"),
            (ask([0, 1], rebalance=Rebalance.EVERY_BAR), "every_bar"),
        ],
    )
    def test_refuses_on_events_what_only_bars_have(
        self, request_: BacktestRequest, feature: str
    ) -> None:
        with pytest.raises(UnsupportedFeature) as error:
            check(request_, REPLAYED)

        assert error.value.detail == f"{feature} is for bars, this run is on recorded events"

    def test_asks_for_a_margin_account_where_a_strategy_can_go_short(self) -> None:
        with pytest.raises(NeedsMargin, match=re.escape("needs a margin account")):
            check(ask([0, -1]))


class TestCheckNativeSupported:
    def native(self, bars: Market = SPOT, can: Capabilities = EVERYTHING, **given: Any) -> None:
        request = NativeRequest(path=Path("own.py"), class_name="Own", **given)
        check_native_supported(engine="example", can=can, request=request, market=bars)

    @pytest.mark.parametrize(
        ("feature", "given", "bars"),
        [
            ("native", {}, SPOT),
            ("bars", {}, SPOT),
            ("events", {}, REPLAYED),
            ("funding", {}, PERPETUAL),
            ("short_selling", MARGIN, SPOT),
            ("protections", {"settings": EngineSettings(protections=({"method": "x"},))}, SPOT),
        ],
    )
    def test_refuses_exactly_the_feature_that_is_not_declared(
        self, feature: str, given: dict[str, Any], bars: Market
    ) -> None:
        self.native(bars, **given)

        with pytest.raises(UnsupportedFeature) as error:
            self.native(bars, Capabilities(**EVERYTHING.describe() | {feature: False}), **given)

        assert error.value.extra == {"engine": "example", "features": [feature]}

    def test_refuses_on_bars_what_only_events_have(self) -> None:
        with pytest.raises(UnsupportedFeature, match="latency needs recorded events"):
            self.native(settings=EngineSettings(order_latency_ns=1))


def test_every_flag_says_what_it_means() -> None:
    assert all(type(value) is bool for value in EVERYTHING.describe().values())
    assert not any(Capabilities().describe().values())
