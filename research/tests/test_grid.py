from typing import Any

import pytest

from common.domain.errors import InvalidArgument
from research.domain.grid import Axis, Grid, admit_each
from trading.strategies.library.sma_cross import SmaCross
from trading.strategies.parameters import InvalidParameter


class TestAxis:
    @pytest.mark.parametrize(
        ("text", "values"),
        [
            ("a=1:3:1", ("1", "2", "3")),
            ("a=0.1:0.3:0.1", ("0.1", "0.2", "0.3")),
            ("a=1:4:2", ("1", "3")),
            ("a=5,20,10", ("5", "20", "10")),
            ("a=true,false", ("true", "false")),
            ("a=7:7:1", ("7",)),
        ],
    )
    def test_reads_ranges_with_both_ends_and_lists(
        self, text: str, values: tuple[str, ...]
    ) -> None:
        assert Axis.parse(text) == Axis("a", values)

    @pytest.mark.parametrize(
        "text",
        ["a", "a=", "=1,2", "a=1:2", "a=1:2:0", "a=3:1:1", "a=1:2:x", "a=1,1", "a=1,,2",
         "a=0:1:0.0000001", "a=0:1e9999:1", "a=0:1:1e-400000"],
    )  # fmt: skip
    def test_refuses_what_is_neither(self, text: str) -> None:
        with pytest.raises(InvalidArgument, match=r"^grid '"):
            Axis.parse(text)

    @pytest.mark.parametrize(
        ("values", "text"),
        [
            (("1", "2", "3"), "a=1:3:1"),
            (("0.1", "0.2", "0.3"), "a=0.1:0.3:0.1"),
            (("1", "3"), "a=1,3"),
            (("3", "2", "1"), "a=3,2,1"),
            (("1", "2", "4"), "a=1,2,4"),
            (("1", "2", "3.0"), "a=1,2,3.0"),
            (("nan", "1", "2"), "a=nan,1,2"),
            (("low", "high", "both"), "a=low,high,both"),
            (("0", "1e-9", "1"), "a=0,1e-9,1"),
        ],
    )
    def test_is_written_as_it_is_read(self, values: tuple[str, ...], text: str) -> None:
        axis = Axis("a", values)

        assert axis.written == text
        assert Axis.parse(axis.written) == axis


class TestGrid:
    def test_makes_every_set_once_and_passes_over_contradictions(self) -> None:
        grid = Grid.parse(["fast=5:15:5", "slow=10,20"])

        made = list(admit_each(SmaCross(), {}, grid.written(0, 6)))

        assert grid.size == 6
        # A fast average that is not faster is no cross.
        found = [None if each is None else (each["fast"], each["slow"]) for each in made]
        assert found == [(5, 10), (5, 20), None, (10, 20), None, (15, 20)]
        assert made[0] is not None
        assert made[0]["allow_short"] is False

    def test_refuses_a_value_that_no_set_admits(self) -> None:
        with pytest.raises(InvalidParameter, match=r"parameter fast is '0'"):
            Grid.parse(["fast=0:5:1", "slow=50,60"]).check(SmaCross(), {})

    def test_refuses_a_parameter_the_strategy_does_not_have(self) -> None:
        with pytest.raises(InvalidParameter, match="unknown parameter 'quick'"):
            Grid.parse(["quick=1,2"]).check(SmaCross(), {})

    def test_keeps_what_is_fixed(self) -> None:
        grid = Grid.parse(["fast=5,6"])

        fixed: dict[str, Any] = {"slow": "30", "allow_short": True}
        made = list(admit_each(SmaCross(), fixed, grid.written(0, 2)))

        assert made[1] == {"fast": 6, "slow": 30, "allow_short": True}
        with pytest.raises(InvalidArgument, match="fast is both fixed and on the grid"):
            grid.check(SmaCross(), {"fast": 7})

    @pytest.mark.parametrize("texts", [[], ["a=1,2", "a=3,4"]])
    def test_refuses_none_and_twice(self, texts: list[str]) -> None:
        with pytest.raises(InvalidArgument, match="grid"):
            Grid.parse(texts)

    def test_names_its_sets_by_their_places(self) -> None:
        grid = Grid.parse(["a=1,2,3", "b=7,8", "c=x,y"])

        assert grid.written(0, 0) == []
        assert grid.written(6, 2) == [
            {"a": "2", "b": "8", "c": "x"},
            {"a": "2", "b": "8", "c": "y"},
        ]
        assert len({tuple(each.items()) for each in grid.written(0, 100)}) == 12
