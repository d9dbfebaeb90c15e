import pytest

from common.domain.errors import InvalidArgument
from research.validation.exceptions import NotComputable
from research.validation.neighbourhood import neighbours, share_positive
from trading.strategies.base import Contract, Definition
from trading.strategies.library.buy_and_hold import BuyAndHold
from trading.strategies.library.sma_cross import SmaCross
from trading.strategies.parameters import (
    ChoiceParameter,
    FloatParameter,
    IntParameter,
    Parameter,
    Value,
)


def made(*parameters: Parameter) -> Definition:
    class Made(Definition):
        key = "made"
        version = "1"
        summary = "Has parameters"
        contract = Contract.TARGETS

    Made.parameters = parameters
    return Made()


def of(parameter: Parameter, value: Value) -> list[Value]:
    definition = made(parameter)
    chosen = definition.admit({parameter.name: value})
    return [found[parameter.name] for found in neighbours(definition, chosen)]


class TestNeighbours:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [(50, [40, 60]), (3, [2, 4]), (2, [3]), (100, [80]), (95, [76, 100])],
    )
    def test_of_a_whole_number(self, value: int, expected: list[int]) -> None:
        assert of(IntParameter(name="n", default=10, low=2, high=100), value) == expected

    def test_of_a_negative_whole_number(self) -> None:
        assert of(IntParameter(name="n", default=-10, low=-50, high=0), -10) == [-12, -8]

    @pytest.mark.parametrize(
        ("value", "expected"),
        [(0.5, [0.4, 0.6]), (0.9, [0.72, 1.0]), (-0.5, [-0.6, -0.4]), (-0.9, [-1.0, -0.72])],
    )
    def test_of_a_number(self, value: float, expected: list[float]) -> None:
        found = of(FloatParameter(name="x", default=0.5, low=-1.0, high=1.0), value)

        assert found == pytest.approx(expected)

    def test_move_up_to_three_numbers_together(self) -> None:
        numbers = [IntParameter(name=name, default=10, low=1, high=99) for name in "abc"]
        definition = made(*numbers, ChoiceParameter(name="w", default="x", choices=("x", "y")))

        found = neighbours(definition, definition.admit({}))

        assert len(found) == 26
        assert len({tuple(params.values()) for params in found}) == 26
        assert {params["w"] for params in found} == {"x"}
        assert {params["b"] for params in found} == {8, 10, 12}

    def test_move_more_numbers_one_by_one(self) -> None:
        definition = made(*[IntParameter(name=n, default=10, low=1, high=99) for n in "abcd"])

        found = neighbours(definition, definition.admit({}))

        assert len(found) == 8
        assert all(sum(v != 10 for v in params.values()) == 1 for params in found)

    def test_leave_out_what_the_strategy_refuses(self) -> None:
        strategy = SmaCross()

        found = neighbours(strategy, strategy.admit({"fast": 9, "slow": 10}))

        assert [(params["fast"], params["slow"]) for params in found] == [
            (7, 8), (7, 10), (7, 12), (9, 12), (11, 12),
        ]  # fmt: skip

    def test_do_not_exist_without_a_number_to_move(self) -> None:
        with pytest.raises(NotComputable, match="buy_and_hold has no parameter to move"):
            neighbours(BuyAndHold(), BuyAndHold().admit({}))
        with pytest.raises(NotComputable, match="made has no parameter to move"):
            of(FloatParameter(name="stop", default=0.0, low=0.0, high=1.0), 0.0)

    @pytest.mark.parametrize("fraction", [0.0, 1.0, -0.2, float("nan")])
    def test_refuse_a_fraction_out_of_range(self, fraction: float) -> None:
        with pytest.raises(InvalidArgument, match="the fraction is"):
            neighbours(SmaCross(), SmaCross().admit({}), fraction=fraction)


class TestSharePositive:
    def test_of_a_plateau_and_of_a_lone_peak(self) -> None:
        assert share_positive([0.2, 0.1, 0.3, -0.1]) == 0.75
        assert share_positive([-0.2, 0.1, -0.3, 0.0]) == 0.25

    def test_counts_an_infinite_result_as_none(self) -> None:
        assert share_positive([float("inf"), 0.1]) == 0.5

    def test_is_unknown_without_neighbours(self) -> None:
        with pytest.raises(NotComputable, match="no neighbours"):
            share_positive([])
