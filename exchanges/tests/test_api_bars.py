import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from common.data_pipeline import partitions, reading
from common.data_pipeline.export import export_bars
from common.data_pipeline.store import SeriesStore
from common.data_pipeline.tests.series import KEY, bars_at, hours, rows_at
from common.domain.bars import PRICE_COLUMNS, Bars
from common.domain.enums import SeriesKind
from common.domain.time import format_utc
from common.roles import Role
from common.tests.clients import browser, count_queries, script
from exchanges.models import Series
from exchanges.selectors.bars import read_page
from exchanges.services.catalogue import register_series
from exchanges.tests.stored import HOURS, Stored, store_bars

pytestmark = pytest.mark.django_db

END_OF_JANUARY, FEBRUARY, MARCH = (
    "2024-01-31T23:00:00Z",
    "2024-02-01T00:00:00Z",
    "2024-03-01T00:00:00Z",
)


@pytest.fixture
def stored(settings: Settings, tmp_path: Path) -> Stored:
    return store_bars(settings, tmp_path)


@pytest.fixture
def viewer(db: None) -> APIClient:
    return browser(Role.VIEWER)


def described(bars: Bars) -> list[dict[str, Any]]:
    columns = (getattr(bars, name).tolist() for name in PRICE_COLUMNS)
    return [
        dict(zip(("time", *PRICE_COLUMNS), (format_utc(time), *prices), strict=True))
        for time, *prices in zip(bars.open_ns.tolist(), *columns, strict=True)
    ]


class TestPeriod:
    def test_without_bounds_it_is_the_whole_series(
        self, viewer: APIClient, stored: Stored
    ) -> None:
        answer = viewer.get(stored.address)

        assert answer.json() == {
            "series": "BTC/USDT.BINANCE bars-1h",
            "next_start": None,
            "bars": described(stored.bars),
        }
        assert answer.json()["bars"][0] == {
            "time": "2024-01-31T22:00:00Z",
            "open": float(stored.bars.open[0]),
            "high": float(stored.bars.open[0]) + 2,
            "low": float(stored.bars.open[0]) - 1,
            "close": float(stored.bars.open[0]) + 1,
            "volume": float(stored.bars.open[0]) / 8,
        }

    @pytest.mark.parametrize(
        ("start", "end", "positions"),
        [
            (END_OF_JANUARY, FEBRUARY, [1]),
            (FEBRUARY, None, range(2, 9)),
            (None, FEBRUARY, [0, 1]),
            ("2024-02-01T00:00:00.000001Z", None, range(3, 9)),
            ("2024-02-01T01:00:00+01:00", "2024-02-01T01:00:00", [2]),
            ("2024-02-01", "2024-02-01T01:00:00.000001Z", [2, 3]),
            ("2024-02-01T02:00:00Z", "2024-02-01T04:00:00Z", []),
            ("2030-01-01T00:00:00Z", None, []),
            ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", range(9)),
            ("0001-01-01T00:00:00Z", "0002-01-01T00:00:00Z", []),
            ("9998-01-01T00:00:00Z", "9999-01-01T00:00:00Z", []),
            ("2024-02-01T00:00:00Z", "2300-01-01T00:00:00Z", range(2, 9)),
        ],
    )
    def test_begins_with_start_and_ends_before_end(
        self,
        viewer: APIClient,
        stored: Stored,
        start: str | None,
        end: str | None,
        positions: list[int],
    ) -> None:
        asked = {name: time for name, time in (("start", start), ("end", end)) if time}

        answer = viewer.get(stored.address, asked)

        expected = described(stored.bars)
        assert answer.json()["bars"] == [expected[position] for position in positions]
        assert answer.json()["next_start"] is None

    @pytest.mark.parametrize("text", ["yesterday", "2024-13-01", "1706745600", "2024-02-01T25:00"])
    def test_a_bad_time_is_refused(self, viewer: APIClient, stored: Stored, text: str) -> None:
        answer = viewer.get(stored.address, {"start": text})

        assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")
        assert list(answer.json()["extra"]["fields"]) == ["start"]

    @pytest.mark.parametrize("end", [FEBRUARY, END_OF_JANUARY, "0001-01-01"])
    def test_must_end_after_its_start(self, viewer: APIClient, stored: Stored, end: str) -> None:
        answer = viewer.get(stored.address, {"start": FEBRUARY, "end": end})

        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_period")
        assert answer.json()["extra"]["start"] == FEBRUARY


class TestPages:
    @pytest.mark.parametrize("limit", range(1, 11))
    def test_together_hold_every_bar_once(
        self, viewer: APIClient, stored: Stored, limit: int
    ) -> None:
        bars: list[Any] = []
        start: str | None = "2024-01-31T22:00:00Z"
        pages = 0
        while start:
            page = viewer.get(stored.address, {"start": start, "limit": str(limit)}).json()
            bars += page["bars"]
            start = page["next_start"]
            pages += 1

        assert bars == described(stored.bars)
        assert pages == -(-len(bars) // limit)

    def test_the_next_one_is_where_the_link_leads(self, viewer: APIClient, stored: Stored) -> None:
        answer = viewer.get(stored.address, {"end": MARCH, "limit": "5", "format": "csv"})
        link = answer.headers["Link"]
        following = viewer.get(link.removeprefix("<").removesuffix('>; rel="next"'))

        assert answer.content.count(b"\n") == 1 + 5
        assert following.content.decode().splitlines()[1].startswith("2024-02-01T05:00:00Z,")
        assert "Link" not in following.headers

    def test_ends_inside_the_period(self, viewer: APIClient, stored: Stored) -> None:
        page = viewer.get(stored.address, {"end": MARCH, "limit": "8"}).json()

        assert (len(page["bars"]), page["next_start"]) == (8, None)

    @pytest.mark.parametrize("limit", ["0", "-1", "10001", "1.5", "many"])
    def test_a_limit_out_of_bounds_is_refused(
        self, viewer: APIClient, stored: Stored, limit: str
    ) -> None:
        answer = viewer.get(stored.address, {"limit": limit})

        assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")
        assert list(answer.json()["extra"]["fields"]) == ["limit"]

    def test_the_configured_most_is_the_default(
        self, viewer: APIClient, stored: Stored, settings: Settings
    ) -> None:
        api = settings.PLATFORM.api.model_copy(update={"max_bars_per_request": 3})
        settings.PLATFORM = settings.PLATFORM.model_copy(update={"api": api})

        page = viewer.get(stored.address).json()
        refused = viewer.get(stored.address, {"limit": "4"})

        assert (len(page["bars"]), page["next_start"]) == (3, "2024-02-01T01:00:00Z")
        assert refused.json()["detail"] == "limit: Ensure this value is less than or equal to 3."

    def test_only_the_files_of_its_months_are_opened(
        self, stored: Stored, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        opened = []

        def read(path: Path, *rest: Any) -> Any:
            opened.append(path.name[:7])
            return partitions.read_partition(path, *rest)

        monkeypatch.setattr(reading, "read_partition", read)
        bars = stored.bars

        page = read_page(key=KEY, start_ns=int(bars.open_ns[1]), end_ns=None, limit=7)

        assert page.bars.open_ns.tolist() == bars.open_ns[1:8].tolist()
        assert page.next_ns == bars.open_ns[8]
        assert set(opened) == {"2024-01", "2024-02"}


class TestCsv:
    def test_is_what_export_bars_writes(
        self, viewer: APIClient, stored: Stored, tmp_path: Path
    ) -> None:
        output = tmp_path / "bars.csv"
        export_bars(stored.store, KEY, format="csv", output=output)

        by_parameter = viewer.get(stored.address, {"format": "csv"})
        by_header = viewer.get(stored.address, headers={"Accept": "text/csv"})

        assert by_parameter.content == by_header.content == output.read_bytes()
        assert by_parameter.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert (
            by_parameter.headers["Content-Disposition"]
            == 'attachment; filename="BTC-USDT.BINANCE-bars-1h.csv"'
        )

    def test_of_no_bars_is_the_line_of_names(self, viewer: APIClient, stored: Stored) -> None:
        answer = viewer.get(stored.address, {"format": "csv", "start": "2030-01-01"})

        assert answer.content == b"time,open,high,low,close,volume\n"

    def test_an_error_has_the_one_shape_all_the_same(
        self, viewer: APIClient, stored: Stored
    ) -> None:
        answer = viewer.get(stored.address, {"format": "csv", "limit": "0"})

        assert answer.headers["Content-Type"] == "application/json"
        assert answer.status_code == 400
        assert set(answer.json()) == {"code", "detail", "extra"}


class TestRefusals:
    @pytest.mark.parametrize("kind", [SeriesKind.FUNDING, SeriesKind.TRADES, SeriesKind.EVENTS])
    def test_a_series_of_something_else_has_no_bars(
        self, viewer: APIClient, stored: Stored, kind: SeriesKind
    ) -> None:
        other = Series.objects.create(
            instrument=stored.series.instrument, kind=kind, rows=1, manifest_version=1
        )

        answer = viewer.get(f"/api/v1/series/{other.pk}/bars/")

        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_series")
        assert f"{kind} holds no bars" in answer.json()["detail"]

    def test_a_row_without_its_files_is_an_error_and_no_empty_list(
        self, viewer: APIClient, stored: Stored, settings: Settings, tmp_path: Path
    ) -> None:
        settings.STORE_ROOT = tmp_path / "elsewhere"

        answer = viewer.get(stored.address)

        assert (answer.status_code, answer.json()["code"]) == (404, "series_not_found")

    def test_a_damaged_file_is_an_error(self, viewer: APIClient, stored: Stored) -> None:
        (file,) = stored.store.root.rglob("2024-02.*.parquet")
        file.write_bytes(file.read_bytes()[:-1])

        answer = viewer.get(stored.address)

        assert (answer.status_code, answer.json()["code"]) == (502, "store_corrupted")

    def test_an_unknown_parameter_is_refused(self, viewer: APIClient, stored: Stored) -> None:
        answer = viewer.get(stored.address, {"begin": "2024-02-01"})

        assert answer.json()["detail"] == (
            "begin: Unknown parameter; known are: end, format, limit, start."
        )

    def test_there_are_none_of_a_series_that_is_not(self, viewer: APIClient) -> None:
        assert viewer.get("/api/v1/series/999/bars/").status_code == 404

    @pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
    def test_it_is_for_reading_only(self, stored: Stored, method: str) -> None:
        assert getattr(script(Role.ADMIN), method)(stored.address).status_code in {403, 405}

    @pytest.mark.parametrize("role", Role)
    def test_every_role_reads_them(self, stored: Stored, role: Role) -> None:
        assert script(role).get(stored.address).status_code == 200


class TestEtag:
    def test_changes_when_bars_are_added(self, viewer: APIClient, stored: Stored) -> None:
        before = viewer.get(stored.address)
        unchanged = viewer.get(stored.address, headers={"If-None-Match": before.headers["ETag"]})
        stored.store.merge_bars(KEY, [rows_at(hours(29 * 24 + 3))])
        register_series(store=stored.store, key=KEY)
        after = viewer.get(stored.address, headers={"If-None-Match": before.headers["ETag"]})

        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert len(after.json()["bars"]) == len(HOURS) + 1


class TestCosts:
    def test_the_queries_are_those_of_one_row(self, viewer: APIClient, stored: Stored) -> None:
        assert count_queries(viewer, stored.address) == 5

    def test_a_page_for_people_is_short(
        self, viewer: APIClient, settings: Settings, tmp_path: Path
    ) -> None:
        stored = store_bars(settings, tmp_path)
        stored.store.merge_bars(KEY, [rows_at(hours(*range(1_000, 1_200)))])

        answer = viewer.get(stored.address, headers={"Accept": "text/html"})

        assert answer.status_code == 200
        assert answer.content.decode().count("&quot;volume&quot;") == 100

    def test_a_month_of_minutes_is_written_a_stretch_at_a_time(
        self, viewer: APIClient, settings: Settings, tmp_path: Path
    ) -> None:
        stored = store_bars(settings, tmp_path)
        many = hours(*range(2_000, 8_000))
        stored.store.merge_bars(KEY, [rows_at(many)])

        answer = viewer.get(stored.address)

        bars: SeriesStore = stored.store
        document = json.loads(answer.content)
        assert len(document["bars"]) == len(HOURS) + 6_000
        assert document["bars"] == described(bars.read_bars(KEY))
        assert np.array_equal(bars_at(many).open_ns, many)
