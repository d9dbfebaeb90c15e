import pytest

from common.domain.errors import InvalidInput
from research.validation.exceptions import TooFewPeriods
from research.validation.stability import stability


class TestStability:
    def test_of_what_never_changes(self) -> None:
        (found,) = stability([{"period": 14}] * 4)

        assert (found.name, found.unchanged, found.step) == ("period", 1.0, 0.0)

    def test_of_what_jumps_about(self) -> None:
        (found,) = stability([{"period": n} for n in (10, 200, 10, 200)])

        assert found.values == (10, 200, 10, 200)
        assert found.unchanged == 0.0
        assert found.step == pytest.approx(190 / 105)

    def test_of_what_is_no_number_has_no_step(self) -> None:
        shorts, words = stability([{"s": True, "w": "a"}, {"s": False, "w": "a"}])

        assert (shorts.unchanged, shorts.step) == (0.0, None)
        assert (words.unchanged, words.step) == (1.0, None)

    def test_of_zeros_has_no_step(self) -> None:
        assert stability([{"stop": 0.0}, {"stop": 0.0}])[0].step is None

    def test_counts_sizes_of_negative_values(self) -> None:
        assert stability([{"x": -1.0}, {"x": 1.0}])[0].step == 2.0

    def test_needs_two_windows(self) -> None:
        with pytest.raises(TooFewPeriods, match="the number of windows is 1"):
            stability([{"period": 14}])

    def test_refuses_sets_of_different_parameters(self) -> None:
        with pytest.raises(InvalidInput, match=r"window 1 chose \['b'\], the first \['a'\]"):
            stability([{"a": 1}, {"b": 1}])
