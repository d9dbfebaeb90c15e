"""Settings of engines: their bounds, and which of them differ from the default."""

from typing import Any

import pytest

from common.domain.errors import InvalidArgument
from common.domain.timeframe import Timeframe
from research.domain.settings import EngineSettings, ExecutionStyle, QueueModel

MINUTE_NS = 60_000_000_000


class TestBounds:
    @pytest.mark.parametrize("name", ["order_latency_ns", "response_latency_ns"])
    @pytest.mark.parametrize("value", [-1, MINUTE_NS + 1])
    def test_refuse_a_latency_below_zero_or_above_a_minute(self, name: str, value: int) -> None:
        given: dict[str, Any] = {name: value}

        with pytest.raises(InvalidArgument) as error:
            EngineSettings(**given)

        assert error.value.detail == f"{name} is {value}, must be in [0, {MINUTE_NS}]"

    def test_admit_both_ends_of_a_latency(self) -> None:
        settings = EngineSettings(order_latency_ns=0, response_latency_ns=MINUTE_NS)

        assert settings.changed() == {"response_latency_ns": MINUTE_NS}

    @pytest.mark.parametrize("name", ["order_latency_ns", "response_latency_ns"])
    def test_refuse_a_constant_latency_beside_the_recorded_one(self, name: str) -> None:
        given: dict[str, Any] = {name: 1, "recorded_latency": True}

        with pytest.raises(InvalidArgument, match="exclude each other"):
            EngineSettings(**given)

    @pytest.mark.parametrize("value", [0, -1])
    def test_refuse_an_interval_that_does_not_pass(self, value: int) -> None:
        with pytest.raises(InvalidArgument, match=rf"quote_interval_ns is {value}, must be > 0"):
            EngineSettings(quote_interval_ns=value)

    @pytest.mark.parametrize("value", [0.0, -3.0, float("nan"), float("inf")])
    def test_refuse_a_power_that_is_not_positive(self, value: float) -> None:
        with pytest.raises(InvalidArgument, match=rf"queue_power is {value}, must be positive"):
            EngineSettings(queue_power=value)


class TestChanged:
    def test_is_nothing_by_default(self) -> None:
        assert EngineSettings().changed() == {}

    def test_holds_json_values_of_what_differs_alone(self) -> None:
        settings = EngineSettings(
            order_latency_ns=5,
            queue=QueueModel.POWER_PROB_2,
            queue_power=3.0,
            execution=ExecutionStyle.MAKER,
            detail=Timeframe.M1,
            protections=({"method": "CooldownPeriod", "stop_duration_candles": 4},),
        )

        assert settings.changed() == {
            "order_latency_ns": 5,
            "queue": "power_prob_2",
            "execution": "maker",
            "detail": "1m",
            "protections": [{"method": "CooldownPeriod", "stop_duration_candles": 4}],
        }
        assert type(settings.changed()["detail"]) is str
