from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv, feather, parquet

from common.data_pipeline.tests import writers
from common.data_pipeline.tests.series import HOUR, START
from common.domain.bars import PRICE_COLUMNS

# Eight times the bars, 50 MB more of them: what is held must not grow with the length.
SHORT, LONG = 130_000, 1_040_000
ALLOWED = 25_000_000


@dataclass(frozen=True)
class Merged:
    """A short and a long series, and by how much merging each raised a process's peak."""

    roots: list[Path]
    peaks: list[int]


@pytest.fixture(scope="module")
def merged(tmp_path_factory: pytest.TempPathFactory) -> Merged:
    roots = [tmp_path_factory.mktemp("minutes") for _ in (SHORT, LONG)]
    peaks = [
        writers.run(writers.peak_of, partial(writers.merge_minutes, count=count), root)
        for root, count in zip(roots, (SHORT, LONG), strict=True)
    ]
    return Merged(roots, peaks)


def random_minutes(count: int) -> pa.Table:
    """Return minute bars that no encoding makes smaller."""
    random = np.random.default_rng(1)
    prices = {name: 1 + random.random(count) for name in PRICE_COLUMNS}
    return pa.table({"time": START + np.arange(count) * (HOUR // 60), **prices})


@pytest.mark.slow
class TestMemory:
    @pytest.mark.parametrize(
        "write",
        [
            pytest.param(csv.write_csv, id="csv"),
            pytest.param(feather.write_feather, id="feather"),
            # All rows in one group, as some programs write whole tables.
            pytest.param(partial(parquet.write_table, row_group_size=LONG), id="parquet"),
        ],
    )
    def test_does_not_grow_with_the_length_of_a_file(
        self, tmp_path: Path, write: Callable[[pa.Table, str], None]
    ) -> None:
        peaks = []
        for count in (SHORT, LONG):
            path = tmp_path / str(count)
            write(random_minutes(count), str(path))
            action = partial(writers.import_minutes, path=path)
            peaks.append(writers.run(writers.peak_of, action, tmp_path / f"store-{count}"))

        assert peaks[1] - peaks[0] < ALLOWED

    def test_does_not_grow_with_the_length_of_a_file_that_is_newest_first(
        self, merged: Merged
    ) -> None:
        assert merged.peaks[1] - merged.peaks[0] < ALLOWED

    @pytest.mark.parametrize(
        "action",
        [
            pytest.param(writers.resample_minutes, id="resample"),
            pytest.param(partial(writers.export_minutes, format_name="csv"), id="csv"),
            pytest.param(partial(writers.export_minutes, format_name="parquet"), id="parquet"),
            pytest.param(partial(writers.export_minutes, format_name="freqtrade"), id="freqtrade"),
        ],
    )
    def test_does_not_grow_with_the_length_of_what_is_stored(
        self, merged: Merged, action: partial[None]
    ) -> None:
        peaks = [writers.run(writers.peak_of, action, root) for root in merged.roots]

        assert peaks[1] - peaks[0] < ALLOWED
