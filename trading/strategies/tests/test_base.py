from typing import override

import numpy as np
import pytest

from common.domain.bars import Bars, Floats
from common.domain.errors import InvalidArgument
from trading.strategies.base import Contract, StopSpec, Strategy
from trading.strategies.parameters import IntParameter, InvalidParameter, Params


class _Flat(Strategy):
    key = "flat"
    version = "1"
    summary = "Never holds anything"
    parameters = (IntParameter(name="period", default=3, low=1, high=9),)

    @override
    def targets(self, bars: Bars, params: Params) -> Floats:
        return np.zeros(len(bars))

    @override
    def warm_up(self, params: Params) -> int:
        return int(params["period"])

    @override
    def check(self, params: Params) -> None:
        if params["period"] == 7:
            raise InvalidParameter("period is 7, must not be", parameter="period")


class TestStrategy:
    def test_answers_with_targets(self) -> None:
        assert Strategy.contract is Contract.TARGETS

    def test_is_long_only_stateless_and_without_stops_unless_it_says_otherwise(self) -> None:
        strategy = _Flat()
        params = strategy.admit({})

        assert not strategy.can_short(params)
        assert not strategy.stateful
        assert strategy.stops(params) is None

    def test_admits_text_and_fills_in_defaults(self) -> None:
        assert _Flat().admit({}) == {"period": 3}
        assert _Flat().admit({"period": "9"}) == {"period": 9}

    def test_refuses_a_set_that_its_own_check_refuses(self) -> None:
        with pytest.raises(InvalidParameter, match="period is 7, must not be"):
            _Flat().admit({"period": 7})


class TestStopSpec:
    @pytest.mark.parametrize("name", ["stop_loss", "trailing"])
    @pytest.mark.parametrize("value", [0.0, -0.1, 1.0, float("nan")])
    def test_refuses_a_loss_outside_zero_to_one(self, name: str, value: float) -> None:
        with pytest.raises(InvalidArgument, match=rf"{name} is .*, must be in \(0, 1\)"):
            StopSpec(**{name: value})

    @pytest.mark.parametrize("value", [0.0, -0.1, float("inf"), float("nan")])
    def test_refuses_a_profit_that_is_not_above_zero_and_finite(self, value: float) -> None:
        with pytest.raises(InvalidArgument, match=r"take_profit is .*, must be in \(0, inf\)"):
            StopSpec(take_profit=value)

    def test_admits_a_profit_of_more_than_the_entry_price(self) -> None:
        assert StopSpec(take_profit=1.5, stop_loss=0.1).take_profit == 1.5

    def test_is_off_where_nothing_is_given(self) -> None:
        assert StopSpec() == StopSpec(stop_loss=None, take_profit=None, trailing=None)
