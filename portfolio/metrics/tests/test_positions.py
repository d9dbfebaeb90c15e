import numpy as np
import pytest

from common.domain.bars import Bars
from common.domain.errors import InvalidInput
from common.domain.fills import FILL_DTYPE, no_fills
from common.domain.timeframe import Timeframe
from portfolio.metrics.positions import bar_positions, held_after
from portfolio.metrics.tests.building import HOUR_NS, bars_of, fills_of, flat_bars

FILLS = [(0, 1, 1.0, 100.0, 0.1), (1, -1, 3.0, 100.0, 0.1), (2, 1, 2.0, 100.0, 0.1)]


class TestHeldAfter:
    def test_adds_what_was_bought_and_sold(self) -> None:
        assert held_after(fills_of(FILLS), lot=0.1).tolist() == [1.0, -2.0, 0.0]

    def test_of_no_fills_is_empty(self) -> None:
        assert held_after(no_fills(), lot=1.0).shape == (0,)

    @pytest.mark.parametrize("lot", [0.0, -1.0, np.nan])
    def test_refuses_a_lot_that_is_not_positive(self, lot: float) -> None:
        with pytest.raises(InvalidInput, match="lot is"):
            held_after(fills_of(FILLS), lot=lot)

    @pytest.mark.parametrize(
        ("field", "value", "message"),
        [
            ("ts_ns", -1, "fill 1 is earlier than the one before"),
            ("side", 0, "fill 1 has a side other than 1 and -1"),
            ("price", 0.0, "fill 1 has a price that is not positive"),
            ("price", np.inf, "fill 1 has a price that is not positive"),
            ("quantity", -3.0, "fill 1 has a quantity that is not positive"),
            ("quantity", np.nan, "fill 1 has a quantity that is not positive"),
            ("fee", np.nan, "fill 1 has a fee that is not finite"),
        ],
    )
    def test_refuses_what_is_no_execution(self, field: str, value: float, message: str) -> None:
        fills = fills_of(FILLS)
        fills[field][1] = value

        with pytest.raises(InvalidInput, match=message) as caught:
            held_after(fills, lot=0.1)

        assert caught.value.extra == {"row": 1}

    def test_accepts_a_rebate_and_fills_of_one_time(self) -> None:
        fills = fills_of(FILLS)
        fills["fee"], fills["ts_ns"] = -0.1, 0

        assert held_after(fills, lot=0.1)[-1] == 0.0

    def test_refuses_another_layout(self) -> None:
        with pytest.raises(InvalidInput, match="fills have type float64"):
            held_after(np.ones(3), lot=0.1)  # type: ignore[arg-type] # that is the point
        with pytest.raises(InvalidInput, match=r"shape \(1, 2\)"):
            held_after(np.zeros((1, 2), FILL_DTYPE), lot=0.1)


class TestBarPositions:
    def test_finds_the_bar_a_time_falls_in(self) -> None:
        times = np.array([0, HOUR_NS - 1, HOUR_NS, 2 * HOUR_NS + 1])

        assert bar_positions(times, bars=flat_bars(3)).tolist() == [0, 0, 1, 2]

    def test_takes_the_bar_after_a_hole(self) -> None:
        bars = bars_of([(0, 1, 1, 1, 1), (5, 1, 1, 1, 1)])

        found = bar_positions(np.array([1, 3, 5]) * HOUR_NS, bars=bars)

        assert found.tolist() == [1, 1, 1]

    def test_refuses_a_time_before_the_first_open(self) -> None:
        bars = bars_of([(5, 1, 1, 1, 1)])

        with pytest.raises(InvalidInput, match="1970-01-01T04:00:00Z lies outside the 1 bars"):
            bar_positions(np.array([4 * HOUR_NS]), bars=bars)

    def test_refuses_the_last_close(self) -> None:
        with pytest.raises(InvalidInput, match="1970-01-01T03:00:00Z lies outside"):
            bar_positions(np.array([0, 3 * HOUR_NS]), bars=flat_bars(3))

    def test_refuses_any_time_without_bars(self) -> None:
        with pytest.raises(InvalidInput, match="outside the 0 bars"):
            bar_positions(np.array([0]), bars=Bars.empty(Timeframe.H1))
