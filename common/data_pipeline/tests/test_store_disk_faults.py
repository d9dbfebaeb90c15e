import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.data_pipeline.exceptions import StoreUnavailable
from common.data_pipeline.store import SeriesStore
from common.data_pipeline.tests import writers
from common.data_pipeline.tests.series import KEY, bars_at, hours, rows_at, table_of


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that every user can reach and read, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


class TestDiskThatIsFull:
    # With so few bytes a file, the write fails while rows are staged, and in a data file.
    @pytest.mark.parametrize(("limit", "last"), [(4_000, 500), (900, 4)])
    def test_gives_a_typed_error_and_keeps_the_old_state(
        self, tmp_path: Path, limit: int, last: int
    ) -> None:
        store = SeriesStore(tmp_path)
        store.merge_bars(KEY, [rows_at(hours(0, 2))])
        before = sorted(path.name for path in tmp_path.rglob("*"))

        with pytest.raises(StoreUnavailable, match="File too large"):
            writers.run(writers.merge_limited, tmp_path, limit, 2, last)

        assert table_of(store.read_bars(KEY)) == table_of(bars_at(hours(0, 2)))
        assert sorted(path.name for path in tmp_path.rglob("*")) == before

    def test_keeps_the_old_manifest_when_the_new_one_does_not_fit(self, tmp_path: Path) -> None:
        store = SeriesStore(tmp_path)
        store.merge_bars(KEY, [rows_at(hours(0))])

        with pytest.raises(StoreUnavailable, match="File too large"):
            writers.run(writers.merge_months_limited, tmp_path, 6_000, 40)

        assert table_of(store.read_bars(KEY)) == table_of(bars_at(hours(0)))
        store.merge_bars(KEY, [rows_at(hours(0, 1))])
        assert store.manifest(KEY).rows == 2

    @pytest.mark.parametrize("format_name", ["csv", "parquet", "freqtrade"])
    def test_leaves_no_part_of_an_export(self, tmp_path: Path, format_name: str) -> None:
        SeriesStore(tmp_path / "store").merge_bars(KEY, [rows_at(hours(*range(900)))])
        output = tmp_path / "bars"

        with pytest.raises(StoreUnavailable, match=str(output)):
            writers.run(writers.export_limited, tmp_path / "store", 2_000, format_name, output)

        assert [path.name for path in tmp_path.iterdir()] == ["store"]


class TestDiskThatIsReadOnly:
    def test_is_read_but_not_written(self, public_folder: Path) -> None:
        store = SeriesStore(public_folder)
        store.merge_bars(KEY, [rows_at(hours(0))])
        for path in [public_folder, *public_folder.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)

        assert writers.run(writers.as_nobody, writers.read_rows, public_folder) == 1
        with pytest.raises(StoreUnavailable, match=r"bars-1h: Permission denied"):
            writers.run(writers.as_nobody, writers.append, public_folder, 1, 2)

        assert store.manifest(KEY).rows == 1
        for path in [public_folder, *public_folder.rglob("*")]:
            path.chmod(0o755)

    def test_where_a_file_stands_in_place_of_the_store(self, tmp_path: Path) -> None:
        (tmp_path / "store").write_text("not a folder")
        store = SeriesStore(tmp_path / "store")

        with pytest.raises(StoreUnavailable, match=str(tmp_path / "store")):
            store.merge_bars(KEY, [rows_at(hours(0))])

        assert store.list_manifests() == []
