"""What is refused before an engine runs."""

import re
from dataclasses import fields

import numpy as np
import pytest

from common.domain.costs import AccountType, CostModel, Rebalance
from research.domain.backtest import BacktestRequest, Market
from research.engines.capabilities import Capabilities, check_supported
from research.engines.exceptions import NeedsMargin, UnsupportedFeature
from research.engines.tests.scripted import Scripted, ask, market
from trading.strategies.base import StopSpec

SPOT = market([100, 100])
PERPETUAL = market([100, 100], symbol="BTC/USD:USD")
STOPPED = Scripted(np.zeros(2), stop=StopSpec(take_profit=0.1))
EVERYTHING = Capabilities(**{flag.name: True for flag in fields(Capabilities)})


def check(request: BacktestRequest, bars: Market = SPOT, can: Capabilities = EVERYTHING) -> None:
    check_supported(engine="example", can=can, request=request, market=bars)


class TestCheckSupported:
    @pytest.mark.parametrize(
        ("feature", "request_", "bars"),
        [
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

    def test_asks_for_a_margin_account_where_a_strategy_can_go_short(self) -> None:
        with pytest.raises(NeedsMargin, match=re.escape("needs a margin account")):
            check(ask([0, -1]))


def test_every_flag_says_what_it_means() -> None:
    assert all(type(value) is bool for value in EVERYTHING.describe().values())
    assert not any(Capabilities().describe().values())
