from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from common.data_pipeline.tests import writers

# Eight times the bars, 50 MB more of them: what is held must not grow with the length.
SHORT, LONG = 130_000, 1_040_000
ALLOWED = 20_000_000


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


@pytest.mark.slow
class TestMemory:
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
