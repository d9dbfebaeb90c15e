from itertools import pairwise
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from common.data_pipeline.events.messages import MESSAGE_DTYPE, Batch
from common.data_pipeline.events.snapshots import SnapshotClearer
from common.domain.events import BUY, DEPTH, DEPTH_CLEAR, DEPTH_SNAPSHOT, SELL

# Kind, side, time and price of a row; three snapshots, two of which follow each other.
ROWS = (
    *((DEPTH_SNAPSHOT, BUY, 1, 100), (DEPTH_SNAPSHOT, BUY, 1, 98), (DEPTH_SNAPSHOT, SELL, 1, 101)),
    *((DEPTH, BUY, 2, 99), (DEPTH, SELL, 2, 103)),
    *(
        (DEPTH_SNAPSHOT, SELL, 3, 102),
        (DEPTH_SNAPSHOT, SELL, 3, 104),
        (DEPTH_SNAPSHOT, BUY, 4, 97),
    ),
)
CLEARED = [
    *((DEPTH_CLEAR | BUY, 98), (DEPTH_CLEAR | SELL, 101)),
    *((DEPTH_SNAPSHOT | BUY, 100), (DEPTH_SNAPSHOT | BUY, 98), (DEPTH_SNAPSHOT | SELL, 101)),
    *((DEPTH | BUY, 99), (DEPTH | SELL, 103), (DEPTH_CLEAR | SELL, 104)),
    *((DEPTH_SNAPSHOT | SELL, 102), (DEPTH_SNAPSHOT | SELL, 104)),
    *((DEPTH_CLEAR | BUY, 97), (DEPTH_SNAPSHOT | BUY, 97)),
]
LINES = [1, 1, 1, 2, 3, 4, 5, 6, 6, 7, 8, 8]


def batch(start: int, stop: int) -> Batch:
    rows = np.zeros(stop - start, MESSAGE_DTYPE)
    for place, (kind, side, time, price) in enumerate(ROWS[start:stop]):
        rows[place] = (kind | side, time, time, price, 5)
    return Batch(Path("depth.csv"), rows, np.arange(start + 1, stop + 1))


class TestSnapshotClearer:
    @settings(deadline=None)
    @given(st.sets(st.integers(1, len(ROWS) - 1)))
    def test_clears_before_each_snapshot_however_the_rows_come(self, cuts: set[int]) -> None:
        edges = [0, *sorted(cuts), len(ROWS)]
        clearer = SnapshotClearer()
        given_out = []
        for start, stop in pairwise(edges):
            given_out += list(clearer.add(batch(start, stop)))
        given_out += list(clearer.finish())

        rows = np.concatenate([each.rows for each in given_out])
        assert list(zip(rows["ev"].tolist(), rows["px"].tolist(), strict=True)) == CLEARED
        assert np.concatenate([each.lines for each in given_out]).tolist() == LINES
        assert [qty for ev, qty in zip(rows["ev"], rows["qty"], strict=True) if not qty] == [0] * 4
        assert clearer.count == 3
