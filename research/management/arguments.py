"""The options of a run, shared by every command that asks for one."""

import argparse
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.conf import settings
from django.core.management.base import CommandParser

from common.commands import (
    add_period_arguments,
    add_series_arguments,
    period_ns,
    positive_decimal,
    series_key,
)
from common.domain.costs import AccountType, CostModel, Rebalance, Sizing
from common.domain.errors import InvalidArgument
from common.domain.timeframe import Timeframe
from research.domain.question import NativeSource, RunQuestion
from research.management.engine_options import add_engine_options, read_settings

# Far beyond every bound of a rate, and near enough to reckon with.
_MOST: Final = Decimal("1e12")


def add_run_arguments(parser: CommandParser) -> None:
    """Add everything that describes a run but its engine."""
    defaults = settings.PLATFORM.backtest
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--strategy", default="", help="key; list_strategies shows them")
    what.add_argument(
        "--native", metavar="FILE.py:CLASS", help="your own strategy file of that engine"
    )
    parser.add_argument(
        "--param", action="append", default=[], metavar="NAME=VALUE", help="may be repeated"
    )
    add_series_arguments(parser)
    add_period_arguments(parser)
    parser.add_argument("--cash", type=positive_decimal, default=defaults.cash)
    parser.add_argument("--fee-rate", type=_number, default=defaults.fee_rate)
    parser.add_argument("--maker-fee-rate", type=_number, help="like --fee-rate unless given")
    parser.add_argument("--slippage-bps", type=_number, default=defaults.slippage_bps)
    parser.add_argument(
        "--sizing", default="equity_fraction", help="or fixed_notional=N, fixed_quantity=Q"
    )
    parser.add_argument("--account", choices=list(AccountType), default=AccountType.CASH)
    parser.add_argument("--rebalance", choices=list(Rebalance), default=Rebalance.ON_CHANGE)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-funding", action="store_true", help="leave funding out")
    parser.add_argument(
        "--allow-dirty", action="store_true", help="run although the bars have errors"
    )
    parser.add_argument("--experiment", default="", help="the question this run belongs to")
    add_engine_options(parser)


def add_top_argument(parser: CommandParser) -> None:
    """Add how many of the best sets of a sweep are shown."""
    parser.add_argument(
        "--top", type=_count, default=10, metavar="N", help="how many of the best to show"
    )


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number >= 0")
    return int(text)


def _number(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation as e:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from e
    if not (value.is_finite() and -_MOST < value < _MOST):
        raise argparse.ArgumentTypeError(f"{text} is not a finite number below {_MOST:g}")
    return value


def read_question(options: dict[str, Any], *, engine: str) -> RunQuestion:
    """Return the run that the options describe.

    Raises
    ------
    InvalidArgument
        If one of them is malformed or out of range.
    """
    key = series_key(options)
    start_ns, end_ns = period_ns(options)
    fee_rate = options["fee_rate"]
    maker = options["maker_fee_rate"]
    return RunQuestion(
        strategy_key=options["strategy"],
        engine=engine,
        instrument=key.instrument,
        timeframe=Timeframe.parse(options["timeframe"]),
        params=read_values(options["param"]),
        start_ns=start_ns,
        end_ns=end_ns,
        cash=float(options["cash"]),
        costs=CostModel(
            fee_rate=float(fee_rate),
            maker_fee_rate=float(fee_rate if maker is None else maker),
            slippage=float(options["slippage_bps"] / 10_000),
            funding=not options["no_funding"],
        ),
        sizing=Sizing.parse(options["sizing"]),
        account=AccountType(options["account"]),
        rebalance=Rebalance(options["rebalance"]),
        settings=read_settings(options),
        seed=options["seed"],
        allow_dirty=options["allow_dirty"],
        native=None if options["native"] is None else NativeSource.parse(options["native"]),
        experiment=options["experiment"],
    )


def read_values(pairs: list[str], option: str = "--param") -> dict[str, str]:
    """Return what was given as NAME=VALUE, each name once.

    Raises
    ------
    InvalidArgument
        If one is none, or a name is given twice.
    """
    values: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals and value):
            raise InvalidArgument(f"{option} {pair!r} is not NAME=VALUE")
        if name in values:
            raise InvalidArgument(f"{option} {name} is given twice")
        values[name] = value
    return values
