import pytest

from common.domain.errors import InvalidArgument
from research.search.space import Dimension
from research.search.tests.making import space
from trading.strategies.parameters import InvalidParameter


class TestSpace:
    def test_orders_numbers_and_leaves_choices_as_they_are(self) -> None:
        made = space("a=20,5,10", "x=0.1:0.3:0.1", "side=short,long", "trail=true,false")

        assert made.dimensions == (
            Dimension("a", ("5", "10", "20"), ordered=True),
            Dimension("x", ("0.1", "0.2", "0.3"), ordered=True),
            Dimension("side", ("short", "long"), ordered=False),
            Dimension("trail", ("true", "false"), ordered=False),
        )
        assert made.size == 36

    def test_orders_by_the_number_and_not_by_its_text(self) -> None:
        assert space("x=-2,10,9,-10").dimensions[0].values == ("-10", "-2", "9", "10")

    def test_gives_a_set_as_the_grid_writes_it(self) -> None:
        made = space("x=0.1:1.0:0.1", "a=7", "side=short,long")

        assert made.params({"x": 2, "side": 1}) == {"x": "0.3", "a": "7", "side": "long"}

    def test_searches_only_what_has_several_values(self) -> None:
        made = space("x=0.1:1.0:0.1", "a=7")

        assert [dimension.name for dimension in made.searched] == ["x"]

    @pytest.mark.parametrize(
        ("axes", "said"),
        [
            (["a=7", "x=0.5"], "1 set"),
            (["x=0.5,0.50"], "0.5, 0.50"),
        ],
    )
    def test_refuses_one_set_and_one_value_written_twice(self, axes: list[str], said: str) -> None:
        with pytest.raises(InvalidArgument, match=said):
            space(*axes)

    @pytest.mark.parametrize("axis", ["unknown=1,2", "a=1,1000", "side=long,sideways"])
    def test_refuses_what_the_strategy_does_not_admit(self, axis: str) -> None:
        with pytest.raises(InvalidParameter):
            space(axis)
