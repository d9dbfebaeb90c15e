"""Questions as the commands that ask them."""

import json
import shlex
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from common.domain.time import format_utc
from research.domain.question import RunQuestion
from research.domain.question_document import question_from_json
from research.domain.settings import EngineSettings
from trading.strategies.parameters import Value

_BPS: Final = 10_000
_NS_PER_MS: Final = 1_000_000

type Option = tuple[str, str]


def run_command(question: Mapping[str, Any], params: Mapping[str, Value]) -> str:
    """Return the command that runs one set of parameters, to be pasted into a shell.

    Parameters
    ----------
    question
        A document that `question_to_json` wrote; what else it has is not looked at.
    params
        The set; those of the document are not looked at.

    Notes
    -----
    What a configuration could change is named in any case; options of engines, the seed and the
    like only where they are not what the command takes without them.
    """
    asked = question_from_json({**question, "params": dict(params)})
    options = [*_what(asked), *_costs(asked), *_account(asked), *_engine(asked.settings)]
    flags = [
        name
        for name, is_set in (
            ("--no-funding", not asked.costs.funding),
            ("--allow-dirty", asked.allow_dirty),
            ("--on-events", asked.settings.on_events),
            ("--recorded-latency", asked.settings.recorded_latency),
            ("--partial-fills", asked.settings.partial_fills),
        )
        if is_set
    ]
    # With the sign between, a value may begin with a dash.
    words = [f"--{name}={value}" for name, value in options]
    return shlex.join(["manage.py", "run_backtest", *words, *flags])


def _what(asked: RunQuestion) -> list[Option]:
    options = [
        ("strategy", asked.strategy_key),
        ("engine", asked.engine),
        ("instrument", str(asked.instrument)),
        ("timeframe", asked.timeframe.value),
    ]
    bounds = (("start", asked.start_ns), ("end", asked.end_ns))
    options += [(name, format_utc(at)) for name, at in bounds if at is not None]
    options += [("param", f"{name}={_written(value)}") for name, value in asked.params.items()]
    return options


def _costs(asked: RunQuestion) -> list[Option]:
    costs = asked.costs
    return [
        ("cash", _plain(_exact(asked.cash))),
        ("fee-rate", _plain(_exact(costs.fee_rate))),
        ("maker-fee-rate", _plain(_exact(costs.maker_fee_rate))),
        ("slippage-bps", _plain(_exact(costs.slippage) * _BPS)),
    ]


def _account(asked: RunQuestion) -> list[Option]:
    options = [
        ("sizing", str(asked.sizing)),
        ("account", asked.account.value),
        ("rebalance", asked.rebalance.value),
    ]
    if asked.seed:
        options.append(("seed", str(asked.seed)))
    if asked.experiment:
        options.append(("experiment", asked.experiment))
    return options


def _engine(settings: EngineSettings) -> list[Option]:
    default = EngineSettings()
    options = [
        (option, text)
        for option, name, text in (
            ("order-latency-ms", "order_latency_ns", _milliseconds(settings.order_latency_ns)),
            (
                "response-latency-ms",
                "response_latency_ns",
                _milliseconds(settings.response_latency_ns),
            ),
            ("queue-model", "queue", settings.queue.value),
            ("queue-power", "queue_power", repr(settings.queue_power)),
            ("execution", "execution", settings.execution.value),
            ("quote-interval-ms", "quote_interval_ns", _milliseconds(settings.quote_interval_ns)),
        )
        if getattr(settings, name) != getattr(default, name)
    ]
    if settings.detail is not None:
        options.append(("timeframe-detail", settings.detail.value))
    options += [("protection", json.dumps(dict(each))) for each in settings.protections]
    return options


def _milliseconds(nanoseconds: int) -> str:
    return _plain(Decimal(nanoseconds) / _NS_PER_MS)


def _exact(number: float) -> Decimal:
    # As it is written: products of floats are not always what they are read as again.
    return Decimal(repr(number))


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _written(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
