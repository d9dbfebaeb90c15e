import numpy as np
import pytest

from common.data_pipeline.rows import BarRows
from common.domain.timeframe import Timeframe
from exchanges.venues.cleaning import closed_bars
from exchanges.venues.errors import ContradictoryBars

MINUTE = Timeframe.M1.nanoseconds


def rows(*minutes: int, close: list[float] | None = None) -> BarRows:
    times = np.array(minutes, np.int64) * MINUTE
    ones = np.ones(len(minutes))
    closes = np.array(minutes, np.float64) if close is None else np.array(close)
    return BarRows(times, ones, ones, ones, closes, ones, np.arange(len(minutes)))


class TestClosedBars:
    def test_sorts_and_keeps_each_time_once(self) -> None:
        bars = closed_bars(rows(3, 1, 2, 1, 3, 1), Timeframe.M1, start_ns=0, now_ns=10 * MINUTE)

        assert bars.open_ns.tolist() == [MINUTE, 2 * MINUTE, 3 * MINUTE]
        assert bars.close.tolist() == [1.0, 2.0, 3.0]

    def test_a_bar_is_closed_when_its_last_nanosecond_is_over(self) -> None:
        given = rows(1, 2, 3)

        before = closed_bars(given, Timeframe.M1, start_ns=0, now_ns=4 * MINUTE - 1)
        after = closed_bars(given, Timeframe.M1, start_ns=0, now_ns=4 * MINUTE)

        assert (len(before), len(after)) == (2, 3)

    def test_leaves_out_what_is_before_the_start(self) -> None:
        bars = closed_bars(rows(1, 2, 3), Timeframe.M1, start_ns=2 * MINUTE, now_ns=9 * MINUTE)

        assert bars.open_ns.tolist() == [2 * MINUTE, 3 * MINUTE]

    def test_refuses_contradictions_but_not_among_what_is_left_out(self) -> None:
        given = rows(1, 5, 5, close=[1.0, 2.0, 3.0])

        assert len(closed_bars(given, Timeframe.M1, start_ns=0, now_ns=5 * MINUTE)) == 1
        with pytest.raises(ContradictoryBars, match="1970-01-01T00:05:00Z"):
            closed_bars(given, Timeframe.M1, start_ns=0, now_ns=6 * MINUTE)

    def test_nothing_gives_no_bars(self) -> None:
        assert len(closed_bars(rows(), Timeframe.M1, start_ns=0, now_ns=MINUTE)) == 0
