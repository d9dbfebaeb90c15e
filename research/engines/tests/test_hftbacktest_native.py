"""A person's own hftbacktest function: its fills, its period, and what it is refused for."""

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from common.domain.costs import AccountType, CostModel
from common.domain.enums import Liquidity
from research.domain.backtest import Market, NativeRequest
from research.domain.settings import EngineSettings
from research.engines.exceptions import (
    EngineFailed,
    InvalidNativeStrategy,
    InvariantViolated,
    UnsupportedFeature,
)
from research.engines.hftbacktest.engine import HftbacktestEngine
from research.engines.tests.tape import MS, facts, spread

pytestmark = [pytest.mark.engine("hftbacktest"), pytest.mark.timeout(120)]

ENGINE = HftbacktestEngine()
COSTS = CostModel(fee_rate=0.01, maker_fee_rate=0.001)

ROUND_TRIP = """
    from numba import njit
    from hftbacktest import BUY, GTC, GTX, LIMIT, NONE

    SECOND = 1_000_000_000

    @njit(cache=True)
    def round_trip(hbt, stat, quantity, seconds=10):
        hbt.elapse(seconds * SECOND)
        hbt.submit_buy_order(0, 1, 100.5, quantity, GTC, LIMIT, True)
        hbt.submit_sell_order(0, 2, 100.5, quantity, GTX, LIMIT, False)
        hbt.submit_sell_order(0, 3, 101.0, quantity, GTX, LIMIT, False)
        while hbt.elapse(SECOND) == 0:
            hbt.clear_inactive_orders(0)
            stat.record(hbt)
        return True
"""


@pytest.fixture
def bars(tmp_path: Path) -> Market:
    """Return a book whose asks are lifted at 70 s and 75 s, in one second, and after the end."""
    tape = spread().bought(70_100, 100.5, 5.1).bought(70_200, 101, 1).bought(130_000, 102, 9)
    return tape.market(tmp_path, [100, 110])


def ask_for(tmp_path: Path, source: str, name: str, **settings: Any) -> NativeRequest:
    path = tmp_path / "mine.py"
    path.write_text(dedent(source))
    return NativeRequest(
        path=path,
        class_name=name,
        params=settings.pop("params", {}),
        account=AccountType.MARGIN,
        **settings,
    )


class TestRunNative:
    def test_finds_every_fill_of_a_function_that_clears_its_orders(
        self, bars: Market, tmp_path: Path
    ) -> None:
        # 2 bought at 100.5 as taker for 2.01; 2 sold behind 5 at 100.5 and 2 at 101 as maker,
        # for 0.201 and 0.202, both told of in one look. Cash: -201 - 2.01 + 201 - 0.201
        # + 202 - 0.202; -2 held.
        request = ask_for(
            tmp_path, ROUND_TRIP, "round_trip", costs=COSTS, params={"quantity": 2.0}
        )

        result = ENGINE.run_native(request, bars)

        assert facts(result) == [
            (10_000, 1, 100.5, 2, 2.01),
            (70_100, -1, 100.5, 2, 0.201),
            (70_200, -1, 101, 2, 0.202),
        ]
        maker, taker = Liquidity.MAKER, Liquidity.TAKER
        assert result.fills["liquidity"].tolist() == [taker, maker, maker]
        assert (round(result.cash, 6), result.quantity) == (10_199.587, -2)
        # At the first close: 10,000 - 203.01 + 2 * 100.
        assert [round(float(value), 6) for value in result.equity] == [9_996.99, 9_979.587]

    def test_takes_parameters_by_name(self, bars: Market, tmp_path: Path) -> None:
        request = ask_for(
            tmp_path, ROUND_TRIP, "round_trip", params={"seconds": "20", "quantity": "1.0"}
        )

        assert facts(ENGINE.run_native(request, bars))[0][0] == 20_000

    def test_lets_orders_take_their_time(self, bars: Market, tmp_path: Path) -> None:
        settings = EngineSettings(order_latency_ns=30 * MS, response_latency_ns=40 * MS)
        request = ask_for(
            tmp_path, ROUND_TRIP, "round_trip", settings=settings, params={"quantity": 2.0}
        )

        assert [fill[0] for fill in facts(ENGINE.run_native(request, bars))] == [
            10_030,
            70_100,
            70_200,
        ]

    def test_runs_a_function_that_is_not_compiled_yet(self, bars: Market, tmp_path: Path) -> None:
        source = """
            def buy_late(hbt):
                hbt.elapse(119_999_000_000)
                hbt.submit_buy_order(0, 7, 200.0, 1.0, 0, 0, False)
                return True
        """

        result = ENGINE.run_native(ask_for(tmp_path, source, "buy_late"), bars)

        assert [fill[:4] for fill in facts(result)] == [(119_999, 1, 100.5, 1)]

    def test_ends_the_data_with_the_period(self, bars: Market, tmp_path: Path) -> None:
        # The trade at 130 s would fill it; the period ends at 120 s.
        source = """
            def sell_high(hbt):
                hbt.elapse(1_000_000_000)
                hbt.submit_sell_order(0, 7, 101.5, 1.0, 1, 0, True)
                if hbt.elapse(900_000_000_000) != 1:
                    return False
                return hbt.current_timestamp == 1_700_000_040_000_000_000 + 120_000_000_000
        """

        result = ENGINE.run_native(ask_for(tmp_path, source, "sell_high"), bars)

        assert facts(result) == []

    def test_lets_what_rests_fill_after_the_function_returned(
        self, bars: Market, tmp_path: Path
    ) -> None:
        source = """
            def leave(hbt):
                hbt.submit_sell_order(0, 7, 101.0, 1.0, 1, 0, False)
                return True
        """

        result = ENGINE.run_native(ask_for(tmp_path, source, "leave"), bars)

        assert [fill[:4] for fill in facts(result)] == [(70_200, -1, 101, 1)]

    def test_gives_the_same_bits_when_asked_twice(self, bars: Market, tmp_path: Path) -> None:
        request = ask_for(tmp_path, ROUND_TRIP, "round_trip", params={"quantity": 2.0})

        one, two = ENGINE.run_native(request, bars), ENGINE.run_native(request, bars)

        assert one.fills.tobytes() == two.fills.tobytes()
        assert one.equity.tobytes() == two.equity.tobytes()


class TestRefuses:
    @pytest.mark.parametrize(
        ("name", "params", "reason"),
        [
            ("square", {}, "no function named square"),
            ("SECOND", {}, "no function named SECOND"),
            ("round_trip", {}, "missing: quantity"),
            ("round_trip", {"quantity": 1.0, "size": 1.0}, "unknown: size"),
        ],
    )
    def test_what_the_file_does_not_hold(
        self, name: str, params: dict[str, float], reason: str, bars: Market, tmp_path: Path
    ) -> None:
        with pytest.raises(InvalidNativeStrategy, match=reason):
            ENGINE.run_native(ask_for(tmp_path, ROUND_TRIP, name, params=params), bars)

    @pytest.mark.parametrize(
        ("body", "error", "reason"),
        [
            ("return False", EngineFailed, "returned False"),
            ("pass", EngineFailed, "returned None"),
            ("raise ValueError('mine')", EngineFailed, "ValueError: mine"),
            ("return hbt.fly()", InvalidNativeStrategy, "cannot be compiled"),
        ],
    )
    def test_what_did_not_go_well(
        self, body: str, error: type[Exception], reason: str, bars: Market, tmp_path: Path
    ) -> None:
        source = f"def mine(hbt):\n    {body}\n"

        with pytest.raises(error, match=reason):
            ENGINE.run_native(ask_for(tmp_path, source, "mine"), bars)

    def test_a_file_that_raises(self, bars: Market, tmp_path: Path) -> None:
        with pytest.raises(EngineFailed, match="ZeroDivisionError"):
            ENGINE.run_native(ask_for(tmp_path, "1 / 0", "mine"), bars)

    def test_pieces_of_orders(self, bars: Market, tmp_path: Path) -> None:
        settings = EngineSettings(partial_fills=True)

        with pytest.raises(UnsupportedFeature, match="partial fills"):
            ENGINE.run_native(ask_for(tmp_path, ROUND_TRIP, "m", settings=settings), bars)

    def test_buys_that_cash_does_not_pay(self, bars: Market, tmp_path: Path) -> None:
        request = ask_for(tmp_path, ROUND_TRIP, "round_trip", params={"quantity": 1_000.0})

        with pytest.raises(InvariantViolated, match="it spends more than the cash"):
            ENGINE.run_native(request, bars)
