from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from common.data_pipeline.hashing import bars_hash
from common.data_pipeline.resample import resample_bars, resample_parts
from common.data_pipeline.store import SeriesStore
from common.data_pipeline.tests.series import HOUR, KEY, START, bars_at, hours, rows_at, table_of
from common.domain.timeframe import Timeframe

HOURS = st.lists(st.integers(0, 1_600), min_size=1, max_size=60)


class TestMerge:
    @settings(max_examples=40, deadline=None)
    @given(HOURS, st.data())
    def test_gives_the_same_hash_in_any_order_and_any_number_of_files(
        self, numbers: list[int], data: st.DataObject
    ) -> None:
        order = data.draw(st.permutations(numbers))
        cuts = sorted(data.draw(st.lists(st.integers(0, len(order)), max_size=3)))
        files = [order[a:b] for a, b in zip([0, *cuts], [*cuts, len(order)], strict=True)]
        expected = bars_at(hours(*sorted(set(numbers))))

        with TemporaryDirectory() as folder:
            store = SeriesStore(Path(folder))
            for file in filter(None, files):
                middle = len(file) // 2
                report = store.merge_bars(
                    KEY, [rows_at(hours(*file[:middle])), rows_at(hours(*file[middle:]))]
                )
                assert report.rows + report.duplicates == len(file)
            assert store.dataset_hash(KEY) == bars_hash(expected)
            assert table_of(store.read_bars(KEY)) == table_of(expected)

    @settings(max_examples=20, deadline=None)
    @given(HOURS, st.integers(0, 1_600), st.integers(1, 1_600))
    def test_hashes_a_range_as_its_bars_alone(
        self, numbers: list[int], first: int, length: int
    ) -> None:
        expected = [n for n in sorted(set(numbers)) if first <= n < first + length]

        with TemporaryDirectory() as folder:
            store = SeriesStore(Path(folder))
            store.merge_bars(KEY, [rows_at(hours(*numbers))])
            start_ns, end_ns = START + first * HOUR, START + (first + length) * HOUR
            stored = store.dataset_hash(KEY, start_ns, end_ns)

        assert stored == bars_hash(bars_at(hours(*expected)))


class TestResample:
    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(st.integers(0, 400), unique=True, min_size=1),
        st.sampled_from([Timeframe.H2, Timeframe.D1, Timeframe.W1]),
        st.data(),
    )
    def test_in_parts_equals_the_whole(
        self, missing: list[int], timeframe: Timeframe, data: st.DataObject
    ) -> None:
        bars = bars_at(hours(*(n for n in range(1, 600) if n not in missing)))
        cuts = sorted(data.draw(st.lists(st.integers(1, len(bars) - 1), max_size=4, unique=True)))
        parts = [bars.rows(a, b) for a, b in zip([0, *cuts], [*cuts, len(bars)], strict=True)]

        resampled = [row for part in resample_parts(parts, timeframe) for row in table_of(part)]

        assert resampled == table_of(resample_bars(bars, timeframe))
