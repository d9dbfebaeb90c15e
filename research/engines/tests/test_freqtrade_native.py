"""A person's own Freqtrade strategy, order by order as Freqtrade runs it alone."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.domain.costs import AccountType, CostModel
from common.domain.enums import FillReason
from common.domain.funding import FundingRates
from common.domain.timeframe import Timeframe
from research.domain.backtest import BacktestResult, Market, NativeRequest
from research.domain.settings import EngineSettings
from research.engines.exceptions import EngineFailed, InvalidNativeStrategy, UnsupportedFeature
from research.engines.freqtrade.engine import FreqtradeEngine
from research.engines.tests import freqtrade_files as files
from research.engines.tests.conformance import facts
from research.engines.tests.freqtrade_plain import plain_orders, same_orders
from research.engines.tests.real_bars import read_hourly
from research.engines.tests.scripted import HOUR_NS, market, quoted

pytestmark = [pytest.mark.engine("freqtrade"), pytest.mark.timeout(120)]
ENGINE = FreqtradeEngine()
FREE = CostModel(fee_rate=0.0)


@pytest.fixture
def hours(sample_data: Path) -> Market:
    bars = read_hourly(sample_data).rows(0, 1_500)
    return Market(instrument=market([1.0]).instrument, bars=bars)


START = 420_000  # Freqtrade takes the hour 0, 1970, for no time at all.


def since_2017(bars: Market) -> Market:
    """Return a small market, which begins with 1970, some years later."""
    later = replace(bars.bars, open_ns=bars.bars.open_ns + START * HOUR_NS)
    return replace(bars, bars=later)


def hourly_facts(result: BacktestResult) -> list[tuple[int, int, float, float, float]]:
    return [(hour - START, *rest) for hour, *rest in facts(result)]  # type: ignore[misc]


def written(folder: Path, source: str, name: str, **settings: Any) -> NativeRequest:
    path = folder / "mine.py"
    path.write_text(source)
    return NativeRequest(path=path, class_name=name, **settings)


class TestOrders:
    @pytest.mark.parametrize(
        ("source", "name", "account"),
        [
            (files.SMA, "Sma", AccountType.CASH),
            (files.SHORTING, "Shorting", AccountType.MARGIN),
            (files.STACKING, "Stacking", AccountType.CASH),
        ],
    )
    def test_are_those_of_freqtrade_alone(
        self, hours: Market, tmp_path: Path, source: str, name: str, account: AccountType
    ) -> None:
        request = written(tmp_path, source, name, account=account)
        pair = "BTC/USD:USD" if account is AccountType.MARGIN else "BTC/USD"

        result = ENGINE.run_native(request, hours)

        orders = plain_orders(hours.bars, request.path, name, tmp_path / "plain", pair=pair)
        assert len(orders) > 50
        assert same_orders(result.fills, orders)

    def test_have_the_reasons_that_freqtrade_gives(self, hours: Market, tmp_path: Path) -> None:
        request = written(tmp_path, files.SMA, "Sma")

        result = ENGINE.run_native(request, hours)

        orders = plain_orders(hours.bars, request.path, "Sma", tmp_path / "plain")
        tags = Counter(order[4] for order in orders)
        reasons = Counter(FillReason(int(reason)) for reason in result.fills["reason"])
        assert reasons[FillReason.STOP_LOSS] == tags["stop_loss"] > 0
        assert reasons[FillReason.TRAILING] == tags["trailing_stop_loss"] > 0
        assert reasons[FillReason.TAKE_PROFIT] == tags["roi"] > 0

    def test_that_only_end_the_data_are_left_out(self, tmp_path: Path) -> None:
        # 9,900 of 10,000 buy 99 at 100 in the second bar, and are marked at the last close.
        request = written(tmp_path, files.ALWAYS, "Always", costs=FREE)

        result = ENGINE.run_native(
            request, since_2017(market([100, 100, 100, 100], [100, 100, 100, 105]))
        )

        assert hourly_facts(result) == [(1, 1, 100, 99, 0)]
        assert result.equity[-1] == pytest.approx(10_495)

    def test_fill_at_a_stop_that_the_bar_opened_beyond_where_it_comes_back(
        self, tmp_path: Path
    ) -> None:
        # Freqtrade's own rule: out at 90 though it opened at 85, but at 85 where the whole
        # bar lies below. Then it buys again.
        flat, back, below = (100, 100, 100, 100), (85, 95, 80, 90), (85, 88, 80, 86)
        request = written(tmp_path, files.ALWAYS, "Always", costs=FREE)

        one = ENGINE.run_native(request, since_2017(quoted(flat, flat, back, flat)))
        two = ENGINE.run_native(request, since_2017(quoted(flat, flat, below, flat)))

        assert hourly_facts(one)[1] == (2, -1, 90, 99, 0)
        assert hourly_facts(two)[1] == (2, -1, 85, 99, 0)

    def test_pay_funding_as_the_rule_has_it(self, tmp_path: Path) -> None:
        # 99 held from 1:00: nothing there, 99 * 110 * 1 % at 2:00.
        rates = FundingRates(
            (START + np.array([1, 2])) * HOUR_NS,
            np.array([0.01, 0.01]),
            np.array([np.nan, np.nan]),
        )
        bars = since_2017(market([100, 100, 110, 110], symbol="BTC/USD:USD"))
        request = written(tmp_path, files.ALWAYS, "Always", costs=FREE)

        result = ENGINE.run_native(request, replace(bars, funding=rates))

        assert result.funding["amount"].tolist() == pytest.approx([-108.9])
        assert result.cash == pytest.approx(100 - 108.9)

    def test_obey_the_protections_of_the_strategy(self, hours: Market, tmp_path: Path) -> None:
        free = ENGINE.run_native(written(tmp_path, files.SMA, "Sma"), hours)
        locked = ENGINE.run_native(written(tmp_path, files.GUARDED, "Guarded"), hours)

        assert len(locked.fills) < len(free.fills) / 2
        exits, entries = locked.fills[1::2]["ts_ns"], locked.fills[2::2]["ts_ns"]
        assert min(entries - exits[: len(entries)]) >= 48 * HOUR_NS


class TestParameters:
    def test_are_set_by_name(self, hours: Market, tmp_path: Path) -> None:
        default = ENGINE.run_native(written(tmp_path, files.SMA, "Sma"), hours)
        same = ENGINE.run_native(written(tmp_path, files.SMA, "Sma", params={"fast": "10"}), hours)
        slower = ENGINE.run_native(written(tmp_path, files.SMA, "Sma", params={"fast": 20}), hours)

        assert same.fills.tobytes() == default.fills.tobytes()
        assert slower.fills.tobytes() != default.fills.tobytes()

    def test_of_the_wallet_are_freqtrades(self, tmp_path: Path) -> None:
        request = written(
            tmp_path, files.ALWAYS, "Always", costs=FREE, params={"stake_amount": 500}
        )

        result = ENGINE.run_native(request, since_2017(market([100, 100, 100])))

        assert hourly_facts(result) == [(1, 1, 100, 5, 0)]

    def test_that_do_not_exist_are_refused(self, hours: Market, tmp_path: Path) -> None:
        request = written(tmp_path, files.SMA, "Sma", params={"quick": 3})

        with pytest.raises(InvalidNativeStrategy, match="no parameter quick; it has fast"):
            ENGINE.run_native(request, hours)


class TestRefusals:
    @pytest.mark.parametrize(
        ("source", "name", "said"),
        [
            (files.SMA, "Nope", "has no class Nope; it has Sma"),
            ("class Mine(:\n", "Mine", "cannot be read as Python"),
            ("class Mine(object):\n    pass\n", "Mine", "does not load Mine"),
            ("import nowhere_at_all\n" + files.SMA, "Sma", "No module named 'nowhere_at_all'"),
            (files.SHORTING, "Shorting", "Short strategies cannot run in spot markets"),
        ],
    )
    def test_say_what_is_wrong_with_a_file(
        self, hours: Market, tmp_path: Path, source: str, name: str, said: str
    ) -> None:
        with pytest.raises(InvalidNativeStrategy, match=said):
            ENGINE.run_native(written(tmp_path, source, name), hours)

    def test_of_bars_of_another_timeframe(self, hours: Market, tmp_path: Path) -> None:
        source = files.SMA.replace('"1h"', '"4h"')

        with pytest.raises(UnsupportedFeature, match="bars of 4h, this run is on bars of 1h"):
            ENGINE.run_native(written(tmp_path, source, "Sma"), hours)

    def test_of_leverage(self, tmp_path: Path, hours: Market) -> None:
        source = files.SHORTING + "\n    def leverage(self, **kwargs):\n        return 3.0\n"
        request = written(tmp_path, source, "Shorting", account=AccountType.MARGIN)

        with pytest.raises(UnsupportedFeature, match="leverage 3, 1 is supported"):
            ENGINE.run_native(request, hours)

    @pytest.mark.parametrize(
        "settings",
        [
            {"costs": CostModel(slippage=0.001)},
            {"settings": EngineSettings(protections=({"method": "CooldownPeriod"},))},
            {"settings": EngineSettings(detail=Timeframe.M15)},
        ],
    )
    def test_of_what_its_rules_do_not_know(
        self, hours: Market, tmp_path: Path, settings: dict[str, Any]
    ) -> None:
        with pytest.raises(UnsupportedFeature):
            ENGINE.run_native(written(tmp_path, files.SMA, "Sma", **settings), hours)

    def test_of_a_result_that_went_on_after_an_error(self, hours: Market, tmp_path: Path) -> None:
        with pytest.raises(EngineFailed, match=r"went on after.*no stake today"):
            ENGINE.run_native(written(tmp_path, files.RAISING, "Raising"), hours)
