import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from common.data_pipeline.exceptions import NoRows
from common.data_pipeline.pipeline import import_bars
from common.data_pipeline.resample import resample_bars, resample_series
from common.data_pipeline.store import SeriesStore
from common.data_pipeline.tests.series import KEY, bars_at, hours, rows_at, table_of
from common.domain.bars import Bars
from common.domain.errors import InvalidArgument, InvalidInput
from common.domain.instruments import InstrumentId, SeriesKey
from common.domain.time import to_ns
from common.domain.timeframe import Timeframe

MINUTE = 60_000_000_000


def minutes(*numbers: int) -> Bars:
    """Eight minutes by hand: the extremes are never at the first or last minute of a bar."""
    at = np.array(numbers)
    opens = np.array([10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0])[at]
    highs = np.array([20.0, 99.0, 22.0, 23.0, 24.0, 88.0, 26.0, 27.0])[at]
    lows = np.array([9.0, 8.0, 3.0, 7.0, 6.0, 2.0, 5.0, 4.0])[at]
    volumes = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0])[at]
    return Bars(Timeframe.M1, at * MINUTE, opens, highs, lows, opens + 0.5, volumes)


class TestResampleBars:
    def test_takes_first_highest_lowest_last_and_sum(self) -> None:
        bars = resample_bars(minutes(0, 1, 2, 3, 4, 5), Timeframe.M3)

        assert bars.timeframe is Timeframe.M3
        assert table_of(bars) == [
            (0, 10.0, 99.0, 3.0, 12.5, 7.0),
            (3 * MINUTE, 13.0, 88.0, 2.0, 15.5, 56.0),
        ]

    @pytest.mark.parametrize(
        ("numbers", "opens"),
        [
            pytest.param((1, 2, 3, 4, 5), [3], id="first part missing"),
            pytest.param((0, 2, 3, 4, 5), [3], id="inner part missing"),
            pytest.param((0, 1, 2, 3, 4), [0], id="last part missing"),
            pytest.param((0, 1, 4, 5), [], id="both incomplete"),
        ],
    )
    def test_drops_incomplete_bars(self, numbers: tuple[int, ...], opens: list[int]) -> None:
        bars = resample_bars(minutes(*numbers), Timeframe.M3)

        assert (bars.open_ns // MINUTE).tolist() == opens

    def test_begins_weeks_on_monday(self) -> None:
        bars = resample_bars(bars_at(hours(*range(24 * 14))), Timeframe.W1)

        monday = to_ns(datetime(2024, 2, 5, tzinfo=UTC))
        assert bars.open_ns.tolist() == [monday]

    def test_rounds_the_sum_of_volumes_once(self) -> None:
        rows = rows_at(hours(*range(2, 14)))
        prices = (rows.open, rows.high, rows.low, rows.close)
        volumes = np.array([2e16, *[1.0] * 4, *[0.0] * 7])

        # Floats near 2e16 lie 4 apart: added one after the other, each 1 is lost.
        bars = resample_bars(Bars(Timeframe.H1, rows.open_ns, *prices, volumes), Timeframe.H12)

        assert bars.volume.tolist() == [2e16 + 4]

    def test_of_the_same_timeframe_is_the_same(self) -> None:
        bars = bars_at(hours(0, 5))

        assert table_of(resample_bars(bars, Timeframe.H1)) == table_of(bars)

    def test_of_nothing_is_nothing(self) -> None:
        assert len(resample_bars(Bars.empty(Timeframe.M1), Timeframe.H1)) == 0

    @pytest.mark.parametrize("timeframe", [Timeframe.M1, Timeframe.M5])
    def test_refuses_what_is_not_a_multiple(self, timeframe: Timeframe) -> None:
        bars = Bars.empty(Timeframe.M3)

        with pytest.raises(InvalidArgument, match=f"bars of {timeframe} .* bars of 3m"):
            resample_bars(bars, timeframe)

    def test_refuses_bars_off_the_grid(self) -> None:
        with pytest.raises(InvalidInput, match=r"2024-01-31T22:00:00\.000000001Z does not open"):
            resample_bars(bars_at(hours(0) + 1), Timeframe.D1)


class TestResampleSeries:
    def test_makes_bars_that_lie_across_months(self, tmp_path: Path) -> None:
        store = SeriesStore(tmp_path)
        store.merge_bars(KEY, [rows_at(hours(*range(-22, 1_500)))])

        report = resample_series(store, KEY, Timeframe.W1)

        weekly = SeriesKey.bars(KEY.instrument, Timeframe.W1)
        assert table_of(store.read_bars(weekly)) == table_of(
            resample_bars(bars_at(hours(*range(-22, 1_500))), Timeframe.W1)
        )
        assert (report.rows, report.gaps) == (8, 0)

    def test_of_too_few_bars_stores_nothing(self, tmp_path: Path) -> None:
        store = SeriesStore(tmp_path)
        store.merge_bars(KEY, [rows_at(hours(0, 1))])

        with pytest.raises(NoRows):
            resample_series(store, KEY, Timeframe.D1)

        assert [manifest.key for manifest in store.list_manifests()] == [KEY]

    def test_agrees_with_pandas_on_real_minutes(self, tmp_path: Path, sample_data: Path) -> None:
        pandas = pytest.importorskip("pandas")
        store = SeriesStore(tmp_path)
        perpetual = SeriesKey.bars(InstrumentId("BTC/USD:USD", "FTX"), Timeframe.M1)
        import_bars(store, sample_data / "ftx_btcperp_1m.csv", perpetual)

        resample_series(store, perpetual, Timeframe.H4)

        frame = pandas.read_csv(
            sample_data / "ftx_btcperp_1m.csv", index_col="timestamp", parse_dates=True
        )
        rules = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
        hours4 = frame.resample("4h").agg({**rules})
        hours4 = hours4[frame["open"].resample("4h").count() == 240]
        bars = store.read_bars(SeriesKey.bars(perpetual.instrument, Timeframe.H4))
        assert bars.open_ns.tolist() == hours4.index.astype("int64").tolist()
        for name in ("open", "high", "low", "close"):
            assert getattr(bars, name).tolist() == hours4[name].tolist()
        by_bar = [group for _, group in frame["volume"].resample("4h") if len(group) == 240]
        assert bars.volume.tolist() == [math.fsum(group) for group in by_bar]
