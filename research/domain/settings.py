"""What an engine is told beside the question: latency, queues, finer bars, protections."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from math import isfinite
from typing import Any, Final

from common.domain.errors import InvalidArgument
from common.domain.timeframe import Timeframe

_LONGEST_LATENCY_NS: Final = 60_000_000_000


class QueueModel(StrEnum):
    """How the place of a resting order in its queue is estimated, as hftbacktest names them."""

    RISK_ADVERSE = "risk_adverse"
    LOG_PROB = "log_prob"
    LOG_PROB_2 = "log_prob_2"
    POWER_PROB = "power_prob"
    POWER_PROB_2 = "power_prob_2"
    POWER_PROB_3 = "power_prob_3"


class ExecutionStyle(StrEnum):
    """How a directional strategy executes on events."""

    TAKER = "taker"
    MAKER = "maker"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """Settings that only some engines know; one that is not the default needs a capability.

    Parameters
    ----------
    order_latency_ns, response_latency_ns
        From us to the venue and back, in [0, 60 s].
    recorded_latency
        Interpolate both from the latencies of the recorded events.
    queue, queue_power
        Model of the queue at a price, and its exponent where it has one.
    execution
        How targets execute on events.
    partial_fills
        Let resting orders fill in part.
    quote_interval_ns
        How often a quoting strategy is asked, > 0.
    on_events
        Replay stored events where the engine could also use bars.
    detail
        Finer bars that decide what happened inside a bar.
    protections
        Freqtrade's protections, each as its documentation writes it.
    """

    order_latency_ns: int = 0
    response_latency_ns: int = 0
    recorded_latency: bool = False
    queue: QueueModel = QueueModel.RISK_ADVERSE
    queue_power: float = 3.0
    execution: ExecutionStyle = ExecutionStyle.TAKER
    partial_fills: bool = False
    quote_interval_ns: int = 100_000_000
    on_events: bool = False
    detail: Timeframe | None = None
    protections: tuple[Mapping[str, Any], ...] = field(default=())

    def __post_init__(self) -> None:
        for name in ("order_latency_ns", "response_latency_ns"):
            value: int = getattr(self, name)
            if not 0 <= value <= _LONGEST_LATENCY_NS:
                raise InvalidArgument(f"{name} is {value}, must be in [0, {_LONGEST_LATENCY_NS}]")
        if self.recorded_latency and (self.order_latency_ns or self.response_latency_ns):
            raise InvalidArgument("a constant latency and the recorded one exclude each other")
        if self.quote_interval_ns <= 0:
            raise InvalidArgument(f"quote_interval_ns is {self.quote_interval_ns}, must be > 0")
        if not (isfinite(self.queue_power) and self.queue_power > 0):
            raise InvalidArgument(f"queue_power is {self.queue_power}, must be positive")

    def changed(self) -> dict[str, Any]:
        """Return the settings that are not the default, as JSON values by name."""
        default = EngineSettings()
        return {
            each.name: _as_json(getattr(self, each.name))
            for each in fields(self)
            if getattr(self, each.name) != getattr(default, each.name)
        }


def _as_json(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    return [dict(entry) for entry in value] if isinstance(value, tuple) else value
