"""The options that only some engines know: latency, queues, finer bars, protections."""

import argparse
import json
from decimal import Decimal
from typing import Any, Final

from django.core.management.base import CommandParser

from common.domain.timeframe import Timeframe
from research.domain.settings import EngineSettings, ExecutionStyle, QueueModel

_MS: Final = 1_000_000
_DEFAULT: Final = EngineSettings()


def add_engine_options(parser: CommandParser) -> None:
    """Add them; an engine that lacks what one asks for refuses the run."""
    group = parser.add_argument_group("engine settings", "refused by engines that lack them")
    group.add_argument(
        "--on-events", action="store_true", help="replay recorded events where bars could be used"
    )
    group.add_argument("--order-latency-ms", type=_milliseconds, default=0, metavar="MS")
    group.add_argument("--response-latency-ms", type=_milliseconds, default=0, metavar="MS")
    group.add_argument(
        "--recorded-latency", action="store_true", help="latencies as the events recorded them"
    )
    group.add_argument("--queue-model", choices=list(QueueModel), default=_DEFAULT.queue)
    group.add_argument("--queue-power", type=float, default=_DEFAULT.queue_power)
    group.add_argument("--execution", choices=list(ExecutionStyle), default=_DEFAULT.execution)
    group.add_argument("--partial-fills", action="store_true")
    group.add_argument(
        "--quote-interval-ms", type=_milliseconds, default=_DEFAULT.quote_interval_ns
    )
    group.add_argument(
        "--timeframe-detail", metavar="TIMEFRAME", help="finer bars that decide inside a bar"
    )
    group.add_argument(
        "--protection",
        action="append",
        default=[],
        type=_protection,
        metavar="JSON",
        help="one of Freqtrade's protections, as its documentation writes it; may be repeated",
    )


def read_settings(options: dict[str, Any]) -> EngineSettings:
    """Return the settings that the options describe.

    Raises
    ------
    InvalidArgument
        If one is out of range or two exclude each other.
    """
    detail = options["timeframe_detail"]
    return EngineSettings(
        order_latency_ns=options["order_latency_ms"],
        response_latency_ns=options["response_latency_ms"],
        recorded_latency=options["recorded_latency"],
        queue=QueueModel(options["queue_model"]),
        queue_power=options["queue_power"],
        execution=ExecutionStyle(options["execution"]),
        partial_fills=options["partial_fills"],
        quote_interval_ns=options["quote_interval_ms"],
        on_events=options["on_events"],
        detail=None if detail is None else Timeframe.parse(detail),
        protections=tuple(options["protection"]),
    )


def _milliseconds(text: str) -> int:
    try:
        value = Decimal(text)
        nanoseconds = int(value * _MS)
    except (ArithmeticError, ValueError) as e:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of milliseconds") from e
    if value < 0 or nanoseconds != value * _MS:
        raise argparse.ArgumentTypeError(
            f"{text} is not a whole number of nanoseconds, or below 0"
        )
    return nanoseconds


def _protection(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as e:
        raise argparse.ArgumentTypeError(f"{text!r} is not JSON: {e}") from e
    if not (isinstance(value, dict) and isinstance(value.get("method"), str)):
        raise argparse.ArgumentTypeError(f'{text!r} is not an object with a "method"')
    return value
