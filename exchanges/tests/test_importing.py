from decimal import Decimal
from pathlib import Path

import pytest

from common.data_pipeline.store import SeriesStore
from common.data_pipeline.tests.importing import ROWS, write_csv
from common.data_pipeline.tests.series import KEY
from common.domain.errors import InvalidArgument
from exchanges.models import Instrument
from exchanges.services.importing import import_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(tmp_path: Path) -> SeriesStore:
    return SeriesStore(tmp_path / "store")


class TestSizes:
    @pytest.mark.parametrize(
        ("size", "problem"),
        [("1e-19", "too many digits"), ("1e20", "too many digits"), ("-1", "must be positive")],
    )
    def test_that_cannot_be_kept_are_refused_before_the_file_is_read(
        self, store: SeriesStore, tmp_path: Path, size: str, problem: str
    ) -> None:
        path = write_csv(tmp_path, *ROWS)

        with pytest.raises(InvalidArgument, match=f"lot.*{problem}"):
            import_file(store=store, path=path, key=KEY, sizes={"lot": Decimal(size)})

        assert store.list_manifests() == []
        assert not Instrument.objects.exists()

    def test_that_are_not_stated_stay_as_they_are(
        self, store: SeriesStore, tmp_path: Path
    ) -> None:
        path = write_csv(tmp_path, *ROWS)
        import_file(store=store, path=path, key=KEY, sizes={"lot": Decimal("0.001")})

        import_file(store=store, path=path, key=KEY, sizes={"lot": None, "tick": Decimal("0.10")})

        spec = Instrument.objects.get().spec
        assert (str(spec.lot), str(spec.tick)) == ("0.001", "0.1")
