import numpy as np
import pytest

from common.domain.errors import InvalidArgument
from trading.strategies.parameters import (
    ChoiceParameter,
    FloatParameter,
    IntParameter,
    InvalidParameter,
    Value,
    admit_all,
)

PERIOD = IntParameter(name="period", default=14, low=2, high=100)
WIDTH = FloatParameter(name="width", default=2.0, low=0.5, high=10.0)
SHORT = ChoiceParameter(name="allow_short", default=False, choices=(False, True))
MODE = ChoiceParameter(name="mode", default="mean", choices=("mean", "median"))


class TestIntParameter:
    @pytest.mark.parametrize(("given", "read"), [(2, 2), (100, 100), ("37", 37)])
    def test_admits_both_bounds_and_text(self, given: Value, read: int) -> None:
        assert PERIOD.admit(given) == read

    @pytest.mark.parametrize("given", [1, 101, "1", "2.0", "ten", "", 14.0, True])
    def test_refuses_other_values_and_other_types(self, given: Value) -> None:
        with pytest.raises(InvalidParameter, match=r"period is .*whole number in \[2, 100\]"):
            PERIOD.admit(given)

    def test_refuses_a_default_out_of_range_when_declared(self) -> None:
        with pytest.raises(InvalidParameter, match="period is 1,"):
            IntParameter(name="period", default=1, low=2, high=100)


class TestFloatParameter:
    @pytest.mark.parametrize(("given", "read"), [(0.5, 0.5), (10, 10.0), ("2.5", 2.5)])
    def test_admits_both_bounds_whole_numbers_and_text(self, given: Value, read: float) -> None:
        admitted = WIDTH.admit(given)

        assert admitted == read
        assert isinstance(admitted, float)

    @pytest.mark.parametrize("given", [0.49, 10.01, "nan", float("inf"), "", "x", True, 10**400])
    def test_refuses_other_values_and_other_types(self, given: Value) -> None:
        with pytest.raises(InvalidParameter, match=r"number in \[0.5, 10.0\]"):
            WIDTH.admit(given)

    def test_writes_what_json_cannot_as_text(self) -> None:
        with pytest.raises(InvalidParameter) as refusal:
            WIDTH.admit(float("nan"))

        assert refusal.value.extra == {"parameter": "width", "value": "nan"}

    def test_knows_one_zero(self) -> None:
        parameter = FloatParameter(name="drift", default=0.0, low=-1.0, high=1.0)

        assert str(parameter.admit("-0.0")) == "0.0"

    def test_refuses_a_default_out_of_range_when_declared(self) -> None:
        with pytest.raises(InvalidParameter, match="width is 11"):
            FloatParameter(name="width", default=11.0, low=0.5, high=10.0)


class TestChoiceParameter:
    @pytest.mark.parametrize(("given", "read"), [(True, True), ("true", True), ("false", False)])
    def test_reads_what_json_writes(self, given: Value, read: bool) -> None:
        assert SHORT.admit(given) is read

    @pytest.mark.parametrize("given", [1, 0, 1.0, "yes", "True", ""])
    def test_refuses_what_only_resembles_a_choice(self, given: Value) -> None:
        with pytest.raises(InvalidParameter, match="must be one of false, true"):
            SHORT.admit(given)

    def test_admits_bare_words(self) -> None:
        assert MODE.admit("median") == "median"

    def test_refuses_a_default_that_is_no_choice(self) -> None:
        with pytest.raises(InvalidParameter, match="mode is 'sum'"):
            ChoiceParameter(name="mode", default="sum", choices=("mean", "median"))


class TestDescribe:
    def test_says_type_default_and_bounds(self) -> None:
        assert PERIOD.describe() == {"type": "int", "default": 14, "low": 2, "high": 100}
        assert WIDTH.describe() == {"type": "float", "default": 2.0, "low": 0.5, "high": 10.0}
        assert SHORT.describe() == {"type": "choice", "default": False, "choices": [False, True]}


class TestDraw:
    @pytest.mark.parametrize("parameter", [PERIOD, WIDTH, SHORT, MODE])
    def test_gives_admitted_values_alone(
        self, parameter: IntParameter | FloatParameter | ChoiceParameter
    ) -> None:
        rng = np.random.default_rng(1)

        for _ in range(200):
            value = parameter.draw(rng)
            assert parameter.admit(value) == value

    def test_tries_short_periods_as_often_as_long_ones(self) -> None:
        rng = np.random.default_rng(1)

        below = sum(PERIOD.draw(rng) < 14 for _ in range(1_000))

        # 14 is the geometric middle of 2 and 100.
        assert 400 < below < 600

    def test_covers_a_range_that_holds_zero(self) -> None:
        parameter = IntParameter(name="offset", default=0, low=-1, high=1)
        rng = np.random.default_rng(1)

        assert {parameter.draw(rng) for _ in range(100)} == {-1, 0, 1}


class TestAdmitAll:
    def test_fills_in_defaults_in_the_declared_order(self) -> None:
        admitted = admit_all((PERIOD, WIDTH, SHORT), {"allow_short": "true", "period": "20"})

        assert list(admitted.items()) == [("period", 20), ("width", 2.0), ("allow_short", True)]

    def test_gives_a_default_in_the_type_that_a_given_value_would_have(self) -> None:
        whole = FloatParameter(name="low", default=30, low=0, high=100)

        assert str(admit_all((whole,), {})) == str(admit_all((whole,), {"low": "30"}))

    def test_refuses_an_unknown_name_and_lists_the_known(self) -> None:
        with pytest.raises(InvalidParameter, match="'perod'; the strategy has: period, width"):
            admit_all((PERIOD, WIDTH), {"perod": 3})

    def test_refuses_any_name_where_there_is_no_parameter(self) -> None:
        with pytest.raises(InvalidParameter, match="the strategy has: none"):
            admit_all((), {"period": 3})

    def test_is_a_wrong_argument_to_a_command(self) -> None:
        assert issubclass(InvalidParameter, InvalidArgument)
        assert InvalidParameter.exit_status == 2
