import random
import signal
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from common.data_pipeline.hashing import content_hash
from common.data_pipeline.store import SeriesStore
from common.data_pipeline.tests.series import KEY, bars_at, hours, rows_at, table_of
from common.data_pipeline.tests.writers import PROCESSES, append_forever, merge_and_die
from common.domain.enums import SeriesKind

OLD, NEW = 3, 6  # hours stored before, and after; the second month begins with hour 2


def was_killed(process: BaseProcess) -> bool:
    process.join(30)
    return process.exitcode == -signal.SIGKILL


def assert_whole(store: SeriesStore) -> int:
    """Check that every partition is what the manifest says; return the number of bars."""
    manifest = store.manifest(KEY)
    for partition in manifest.partitions:
        table = store.read_table(KEY, partition.first_ns, partition.last_ns + 1)
        assert content_hash(SeriesKind.BARS, table) == partition.hash
    assert table_of(store.read_bars(KEY)) == table_of(bars_at(hours(*range(manifest.rows))))
    return manifest.rows


def wait_for_more(store: SeriesStore, rows: int) -> None:
    """Read while another process writes, until it has committed something."""
    deadline = time.monotonic() + 20
    while len(store.read_bars(KEY)) <= rows:
        assert time.monotonic() < deadline


@pytest.mark.slow
class TestKilledWriter:
    def test_leaves_the_old_or_the_new_state_wherever_it_dies(self, tmp_path: Path) -> None:
        states = []
        for point in range(1, 60):
            store = SeriesStore(tmp_path / str(point))
            store.merge_bars(KEY, [rows_at(hours(*range(OLD)))])
            args = (store.root, point, 0, NEW)
            process = PROCESSES.Process(target=merge_and_die, args=args)
            process.start()
            if not was_killed(process):
                assert process.exitcode == 0
                break
            states.append(assert_whole(store))
            # The next writer finds its way, whatever the dead one left.
            store.merge_bars(KEY, [rows_at(hours(*range(NEW)))])
            assert assert_whole(store) == NEW
            folder = store.root / "BINANCE" / "BTC%2FUSDT" / "bars-1h"
            assert not list(folder.glob(".staging-*"))
            assert not list(folder.glob("*.new"))
        else:
            raise AssertionError("the writer was killed every time")

        # Old up to the rename of the manifest, new after it, never anything else.
        assert len(states) >= 8
        assert states == sorted(states)
        assert set(states) == {OLD, NEW}

    def test_leaves_a_new_series_absent_or_whole(self, tmp_path: Path) -> None:
        stored = []
        for point in range(1, 60):
            store = SeriesStore(tmp_path / str(point))
            process = PROCESSES.Process(target=merge_and_die, args=(store.root, point, 0, NEW))
            process.start()
            if not was_killed(process):
                break
            stored.append(len(store.list_manifests()))
            store.merge_bars(KEY, [rows_at(hours(*range(NEW)))])
            assert assert_whole(store) == NEW

        assert set(stored) == {0, 1}

    def test_survives_kills_at_random_times(self, tmp_path: Path) -> None:
        batch, rounds, generator = 40, 12, random.Random(7)
        store = SeriesStore(tmp_path)
        store.merge_bars(KEY, [rows_at(hours(*range(batch)))])
        counts = [batch]
        for _ in range(rounds):
            process = PROCESSES.Process(target=append_forever, args=(tmp_path, batch))
            process.start()
            wait_for_more(store, counts[-1])
            time.sleep(generator.random() * 0.05)
            process.kill()
            assert was_killed(process)
            counts.append(assert_whole(store))

        assert counts == sorted(set(counts))
        assert all(count % batch == 0 for count in counts)
