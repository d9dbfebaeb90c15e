import os
import threading
from pathlib import Path

import pytest

from common.data_pipeline.exceptions import StoreLocked
from common.data_pipeline.folder import SeriesFolder
from common.data_pipeline.store import SeriesStore
from common.data_pipeline.tests.series import KEY, bars_at, hours, rows_at, table_of
from common.data_pipeline.tests.writers import PROCESSES, append
from common.domain.instruments import InstrumentId, SeriesKey
from common.domain.timeframe import Timeframe


class TestTwoWriters:
    @pytest.mark.parametrize(
        "shares",
        [
            pytest.param(((2, 22, 1), (800, 820, 1)), id="different months"),
            pytest.param(((2, 42, 2), (3, 43, 2)), id="the same month"),
            pytest.param(((2, 32, 1), (2, 32, 1)), id="the same bars"),
        ],
    )
    def test_lose_nothing(self, tmp_path: Path, shares: tuple[tuple[int, int, int], ...]) -> None:
        processes = [PROCESSES.Process(target=append, args=(tmp_path, *share)) for share in shares]
        for process in processes:
            process.start()
        for process in processes:
            process.join(30)

        assert [process.exitcode for process in processes] == [0, 0]
        expected = sorted({number for share in shares for number in range(*share)})
        stored = SeriesStore(tmp_path)
        assert table_of(stored.read_bars(KEY)) == table_of(bars_at(hours(*expected)))
        assert stored.manifest(KEY).version == len(expected)

    def test_that_are_threads_lose_nothing(self, tmp_path: Path) -> None:
        threads = [threading.Thread(target=append, args=(tmp_path, n, n + 20)) for n in (0, 20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

        assert SeriesStore(tmp_path).manifest(KEY).rows == 40


class TestLock:
    def test_names_the_process_that_does_not_finish(self, tmp_path: Path) -> None:
        store = SeriesStore(tmp_path, lock_seconds=0.05)

        with (
            SeriesFolder(tmp_path, KEY).writing(1.0),
            pytest.raises(StoreLocked, match=f"by process {os.getpid()}; waited 0.05 s") as e,
        ):
            store.merge_bars(KEY, [rows_at(hours(0))])

        assert e.value.extra["pid"] == os.getpid()

    def test_of_one_series_does_not_hold_up_another(self, tmp_path: Path) -> None:
        other = SeriesKey.bars(InstrumentId("ETH/USDT", "BINANCE"), Timeframe.H1)

        with SeriesFolder(tmp_path, KEY).writing(1.0):
            report = SeriesStore(tmp_path, lock_seconds=0).merge_bars(other, [rows_at(hours(0))])

        assert report.rows == 1

    def test_does_not_hold_up_readers(self, tmp_path: Path) -> None:
        store = SeriesStore(tmp_path)
        store.merge_bars(KEY, [rows_at(hours(0))])

        with SeriesFolder(tmp_path, KEY).writing(1.0):
            assert len(store.read_bars(KEY)) == 1
