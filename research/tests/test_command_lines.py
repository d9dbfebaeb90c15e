"""Questions written as commands are the same questions when they are read."""

import shlex
from typing import Any

import pytest

from common.domain.costs import AccountType, CostModel, Rebalance, Sizing
from common.domain.instruments import InstrumentId
from common.domain.timeframe import Timeframe
from research.domain.question import RunQuestion
from research.domain.question_document import question_to_json
from research.domain.settings import EngineSettings, ExecutionStyle, QueueModel
from research.management.arguments import read_question
from research.management.commands.run_backtest import Command
from research.selectors.command_lines import run_command
from trading.strategies.library.sma_cross import SmaCross

PLAIN: dict[str, Any] = {
    "strategy_key": "sma_cross",
    "engine": "vectorbt",
    "instrument": InstrumentId("BTC/USD", "TEST"),
    "timeframe": Timeframe.H1,
}


def read(command: str) -> RunQuestion:
    """Return what the command's own parser makes of it, the parameters in their types."""
    program, name, *words = shlex.split(command)
    options = vars(Command().create_parser(program, name).parse_args(words))
    asked = read_question(options, engine=options["engine"])
    return RunQuestion(**{
        **{field: getattr(asked, field) for field in asked.__slots__},
        "params": SmaCross().admit(asked.params),
    })


class TestRunCommand:
    def test_names_what_a_configuration_could_change(self) -> None:
        asked = RunQuestion(**PLAIN, costs=CostModel(slippage=0.0005))

        command = run_command(question_to_json(asked), {"fast": 5, "allow_short": True})

        assert command == (
            "manage.py run_backtest --strategy=sma_cross --engine=vectorbt"
            " --instrument=BTC/USD.TEST --timeframe=1h --param=fast=5 --param=allow_short=true"
            " --cash=10000 --fee-rate=0.001 --maker-fee-rate=0.001 --slippage-bps=5"
            " --sizing=equity_fraction --account=cash --rebalance=on_change"
        )

    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"start_ns": 1_500_000_000_123_456_000, "end_ns": 1_600_000_000 * 10**9},
            {
                "costs": CostModel(
                    fee_rate=0.1 + 0.2, maker_fee_rate=-1e-5, slippage=0.00035, funding=False
                ),
                "cash": 1e15,
            },
            {
                "sizing": Sizing.parse("fixed_quantity=0.1"),
                "account": AccountType.MARGIN,
                "rebalance": Rebalance.EVERY_BAR,
            },
            {"seed": 2**62, "allow_dirty": True, "experiment": '-what\'s $HOME; "why"?'},
            {
                "instrument": InstrumentId("BTC/USDT:USDT", "BINANCE"),
                "settings": EngineSettings(
                    order_latency_ns=1,
                    response_latency_ns=2_500_000,
                    queue=QueueModel.POWER_PROB_2,
                    queue_power=1.5,
                    execution=ExecutionStyle.MAKER,
                    partial_fills=True,
                    quote_interval_ns=50_000_000,
                    on_events=True,
                    detail=Timeframe.M1,
                    protections=({"method": "CooldownPeriod", "stop_duration": 5},),
                ),
            },
            {"settings": EngineSettings(recorded_latency=True)},
        ],
    )
    def test_is_read_as_the_same_question(self, changes: dict[str, Any]) -> None:
        params = SmaCross().admit({"fast": 7, "slow": 31})
        asked = RunQuestion(**{**PLAIN, **changes, "params": params})

        assert read(run_command(question_to_json(asked), params)) == asked

    def test_takes_the_set_and_leaves_what_a_validation_has_beside(self) -> None:
        asked = RunQuestion(**PLAIN, params={"fast": 3})
        document = {**question_to_json(asked), "prior_trials": 40, "n_windows": 6}

        found = read(run_command(document, SmaCross().admit({"fast": 9})))

        assert found.params["fast"] == 9
