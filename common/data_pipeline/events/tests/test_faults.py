import os
import resource
import signal
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from common.data_pipeline.events.importing import import_events
from common.data_pipeline.events.reading import read_event_files, verify_events
from common.data_pipeline.events.tests.feeds import (
    KEY,
    SIZES,
    depth,
    feed,
    line,
    store_lines,
    trade,
    write,
)
from common.data_pipeline.exceptions import StoreLocked, StoreUnavailable
from common.data_pipeline.store import SeriesStore
from common.data_pipeline.tests.writers import PROCESSES, run

HOUR_MS = 3_600_000


def hour_lines(first: int, last: int) -> list[str]:
    """Return a change of the book and a trade in the middle of each of these half hours."""
    lines = []
    for number in range(first, last):
        at_ms = number * HOUR_MS // 2 + 900_000
        levels = [("100.0", f"{number + 1}")]
        lines.append(line(at_ms, depth(at_ms, number + 1, levels)))
        lines.append(line(at_ms, trade(at_ms, number + 1, "100.0", "1")))
    return lines


OLD, NEW = 3, 7  # half hours stored before, and after: the second import goes on in an hour


def import_and_die(root: Path, path: Path, point: int) -> None:
    """Import a recording, and be killed just before the `point`-th change of the disk."""
    left = point

    def guarded(original: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **kwargs: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*args, **kwargs)

        return step

    for name in ("fsync", "utime", "rename", "replace", "rmdir", "unlink", "mkdir"):
        setattr(os, name, guarded(getattr(os, name)))
    import_events(SeriesStore(root), feed(path), KEY, sizes=SIZES)


def import_limited(root: Path, path: Path, limit: int) -> None:
    """Import a recording with no file allowed to grow beyond `limit` bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    import_events(SeriesStore(root), feed(path), KEY, sizes=SIZES)


def import_waiting(root: Path, path: Path) -> None:
    """Import a recording without patience for another writer."""
    import_events(SeriesStore(root, lock_seconds=0.1), feed(path), KEY, sizes=SIZES)


def was_killed(process: BaseProcess) -> bool:
    process.join(30)
    return process.exitcode == -signal.SIGKILL


@pytest.mark.slow
class TestKilledImport:
    def test_leaves_the_old_or_the_new_state_wherever_it_dies(self, tmp_path: Path) -> None:
        path = write(tmp_path, *hour_lines(OLD, NEW), name="new.gz")
        states = []
        for point in range(1, 60):
            store = SeriesStore(tmp_path / str(point) / "store")
            store_lines(store, *hour_lines(0, OLD))
            old = read_event_files(store, KEY)
            process = PROCESSES.Process(target=import_and_die, args=(store.root, path, point))
            process.start()
            if not was_killed(process):
                assert process.exitcode == 0
                break
            states.append(verify_events(store, KEY).rows)
            assert read_event_files(store, KEY).count == states[-1]
            # Who read before goes on reading.
            assert all(each.exists() for each in old.paths)
            # The next writer finds its way, whatever the dead one left.
            import_events(store, feed(path), KEY, sizes=SIZES)
            assert verify_events(store, KEY).rows == 2 * NEW
            assert not list(store.root.rglob(".staging-*"))
            assert not list(store.root.rglob("*.new"))
        else:
            raise AssertionError("the import was killed every time")

        # Old up to the rename of the manifest, new after it, never anything else.
        assert len(states) >= 12
        assert states == sorted(states)
        assert set(states) == {2 * OLD, 2 * NEW}


class TestDiskThatIsFull:
    # With so few bytes a file, the write fails while events are staged, in an hour's file,
    # and in the manifest.
    @pytest.mark.parametrize(("limit", "last"), [(500, 60), (300, OLD + 1), (3_000, 40)])
    def test_gives_a_typed_error_and_keeps_the_old_state(
        self, tmp_path: Path, limit: int, last: int
    ) -> None:
        store = SeriesStore(tmp_path / "store")
        store_lines(store, *hour_lines(0, OLD))
        before = sorted(store.root.rglob("*"))
        path = write(tmp_path, *hour_lines(OLD, last))

        with pytest.raises(StoreUnavailable, match="File too large"):
            run(import_limited, store.root, path, limit)

        assert verify_events(store, KEY).rows == 2 * OLD
        assert set(before) <= set(store.root.rglob("*"))
        assert not list(store.root.rglob(".staging-*"))
        import_events(store, feed(path), KEY, sizes=SIZES)
        assert verify_events(store, KEY).rows == 2 * last


class TestTwoWriters:
    def test_the_second_says_who_holds_the_series(self, tmp_path: Path) -> None:
        store = SeriesStore(tmp_path / "store")
        path = write(tmp_path, *hour_lines(0, 1))

        with (
            store.writing(KEY),
            pytest.raises(StoreLocked, match=f"written by process {os.getpid()}"),
        ):
            run(import_waiting, store.root, path)
