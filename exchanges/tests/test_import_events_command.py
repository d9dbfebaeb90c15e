import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from common.data_pipeline.events.tests.feeds import KEY, book, depth, line, trade, write
from common.roles import Role
from common.tests.clients import browser
from common.tests.factories import UserFactory
from exchanges.models import Instrument, Series
from exchanges.selectors.market_data import open_store

pytestmark = pytest.mark.django_db

NAMES = ("--venue", "BINANCEUSDM", "--instrument", "BTC/USDT:USDT")
SIZES = ("--tick", "0.10", "--lot", "0.001")
HOUR_MS = 3_600_000
LINES = (
    line(0, book(0, [("99.9", "5")], [("100.1", "5")]), envelope=False),
    line(3, depth(3, 7, [("99.9", "4"), ("99.8", "1")])),
    line(5, trade(5, 1, "100.0", "1")),
    line(9, depth(9, 12, [("99.9", "3")])),
    line(HOUR_MS, trade(HOUR_MS, 2, "100.0", "2")),
)


@pytest.fixture(autouse=True)
def _store(settings: Any, tmp_path: Path) -> None:
    settings.STORE_ROOT = tmp_path / "market_data"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path, *LINES)


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[object, Any]:
    status: object = 0
    try:
        call_command(*map(str, words), "--json")
    except SystemExit as ended:
        status = ended.code
    return status, json.loads(capsys.readouterr().out)


def import_feed(
    capsys: pytest.CaptureFixture[str], path: Path, *words: object
) -> tuple[object, Any]:
    return run(capsys, "import_events", path, *NAMES, "--format", "binance_futures", *words)


class TestImportEvents:
    def test_says_what_became_of_the_recording(
        self, capsys: pytest.CaptureFixture[str], path: Path
    ) -> None:
        status, document = import_feed(capsys, path, *SIZES)

        assert status == 0
        digest = document.pop("hash")
        (gap,) = document.pop("findings")
        assert document == {
            "series": "BTC/USDT:USDT.BINANCEUSDM events",
            "rows": 9,
            "start": "2024-08-08T23:00:00Z",
            "end": "2024-08-09T00:00:00.000000001Z",
            "gaps": 1,
            "duplicates": 0,
            "trades": 2,
            "depth_updates": 3,
            "added": 9,
            "clock_offset_ns": 0,
            "ignored": {},
        }
        assert (gap["code"], gap["severity"], gap["count"]) == ("depth_gap", "WARNING", 1)
        assert gap["examples"] == [{"time": "2024-08-08T23:00:00.009000Z"}]
        assert digest == Series.objects.get().dataset_hash

    def test_again_adds_nothing(self, capsys: pytest.CaptureFixture[str], path: Path) -> None:
        _, first = import_feed(capsys, path, *SIZES)

        _, again = import_feed(capsys, path)

        assert again == {**first, "added": 0}

    def test_writes_the_sizes_that_are_stated(
        self, capsys: pytest.CaptureFixture[str], path: Path
    ) -> None:
        import_feed(capsys, path, *SIZES)

        spec = Instrument.objects.get().spec
        assert (spec.tick, spec.lot) == (Decimal("0.1"), Decimal("0.001"))
        facts = open_store().manifest(KEY).events
        assert facts is not None
        assert (str(facts.tick), str(facts.lot)) == ("0.1", "0.001")

    @pytest.mark.parametrize(
        ("stated", "missing"), [((), "tick"), (("--tick", "0.1"), "lot"), (("--lot", "1"), "tick")]
    )
    def test_guesses_no_size(
        self,
        capsys: pytest.CaptureFixture[str],
        path: Path,
        stated: tuple[str, ...],
        missing: str,
    ) -> None:
        status, error = import_feed(capsys, path, *stated)

        assert (status, error["code"], error["extra"]["size"]) == (1, "unknown_sizes", missing)
        assert f"the {missing} of BTC/USDT:USDT.BINANCEUSDM is not known" in error["detail"]
        assert open_store().list_manifests() == []

    def test_takes_the_sizes_of_the_instrument(
        self, capsys: pytest.CaptureFixture[str], path: Path
    ) -> None:
        import_feed(capsys, path, *SIZES)
        Series.objects.all().delete()
        manifest = next(open_store().root.rglob("manifest.json"))
        manifest.unlink()

        status, document = import_feed(capsys, path)

        assert (status, document["rows"]) == (0, 9)

    def test_of_trades_and_depth(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        trades, book_changes = tmp_path / "trades.csv", tmp_path / "depth.csv"
        trades.write_text("time,side,price,quantity\n2024-08-09T00:00:01Z,buy,100.1,1\n")
        book_changes.write_text("time,side,price,quantity\n2024-08-09T00:00:00Z,bid,100.0,1\n")
        words = (trades, *NAMES, *SIZES, "--format", "trades_depth", "--depth", book_changes)

        refused, error = run(capsys, "import_events", *words)
        status, document = run(capsys, "import_events", *words, "--feed-latency-ms", "2.5")

        assert (refused, error["code"]) == (1, "unknown_layout")
        assert (status, document["trades"], document["depth_updates"]) == (0, 1, 1)
        assert document["start"] == "2024-08-09T00:00:00Z"

    @pytest.mark.parametrize(
        ("words", "problem"),
        [
            (("--format", "binance_futures", "--depth", "x"), "depth is x, but binance_futures"),
            (
                ("--format", "trades_depth"),
                "trades_depth needs a table of trades and one of depth",
            ),
            (
                ("--format", "trades_depth", "--depth", "x", "--allow-cut-end"),
                "allow_cut_end is True, but trades_depth has no use for it",
            ),
        ],
    )
    def test_refuses_options_that_a_format_has_no_use_for(
        self,
        capsys: pytest.CaptureFixture[str],
        path: Path,
        words: tuple[str, ...],
        problem: str,
    ) -> None:
        status, error = run(capsys, "import_events", path, *NAMES, *SIZES, *words)

        assert (status, error["code"]) == (2, "invalid_argument")
        assert problem in error["detail"]

    def test_refuses_a_format_that_is_not_known(self, path: Path) -> None:
        with pytest.raises(CommandError, match="invalid choice: 'other'"):
            call_command("import_events", str(path), *NAMES, "--format", "other")

    def test_refuses_the_synthetic_venue(
        self, capsys: pytest.CaptureFixture[str], path: Path
    ) -> None:
        words = (path, "--instrument", "BTC/USDT:USDT.SYNTH", "--format", "binance_futures")

        status, error = run(capsys, "import_events", *words, *SIZES)

        assert (status, error["code"]) == (1, "synthetic_venue")

    def test_leaves_a_cut_end_out_if_it_is_allowed(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        path = write(tmp_path, *LINES, LINES[0][:50], end="")

        refused, error = import_feed(capsys, path, *SIZES)
        status, document = import_feed(capsys, path, *SIZES, "--allow-cut-end")

        assert (refused, error["code"], error["extra"]["line"]) == (1, "cut_end", 6)
        assert (status, document["rows"]) == (0, 9)
        assert [finding["code"] for finding in document["findings"]] == ["cut_end", "depth_gap"]


class TestListing:
    def test_shows_rows_period_gaps_and_hash(
        self, capsys: pytest.CaptureFixture[str], path: Path
    ) -> None:
        _, imported = import_feed(capsys, path, *SIZES)

        _, document = run(capsys, "list_series")
        (row,) = browser(Role.VIEWER).get("/api/v1/series/").json()["results"]

        (listed,) = document["series"]
        for name in ("series", "rows", "start", "end", "gaps", "hash"):
            assert listed[name] == imported[name]
        assert (listed["kind"], listed["timeframe"]) == ("events", None)
        assert (row["kind"], row["timeframe"], row["rows"]) == ("events", "", 9)
        assert (row["gaps"], row["dataset_hash"]) == (1, imported["hash"])
        assert row["start_at"] == "2024-08-08T23:00:00Z"

    def test_bars_of_events_are_refused(
        self, capsys: pytest.CaptureFixture[str], path: Path
    ) -> None:
        import_feed(capsys, path, *SIZES)

        answer = browser(Role.VIEWER).get(f"/api/v1/series/{Series.objects.get().pk}/bars/")

        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_series")

    def test_the_back_office_shows_the_hours(
        self, capsys: pytest.CaptureFixture[str], path: Path
    ) -> None:
        import_feed(capsys, path, *SIZES)
        client: Client = browser(user=UserFactory.create(is_staff=True, is_superuser=True))

        page = client.get(f"/admin/exchanges/series/{Series.objects.get().pk}/change/")

        assert page.context["hours"]["rows"] == [
            ["2024-08-09T00:00Z", 1, 1, 0, 0, _hash_of("2024-08-09T00")],
            ["2024-08-08T23:00Z", 8, 1, 3, 1, _hash_of("2024-08-08T23")],
        ]
        assert "Latest hours" in page.content.decode()


class TestCheckSeries:
    def test_reports_what_the_recordings_lack(
        self, capsys: pytest.CaptureFixture[str], path: Path
    ) -> None:
        import_feed(capsys, path, *SIZES)

        status, document = run(capsys, "check_series", *NAMES, "--kind", "events")

        assert status == 0
        assert (document["rows"], document["trades"], document["depth_updates"]) == (9, 2, 3)
        assert (document["recordings"], document["has_errors"]) == (1, False)
        assert [finding["code"] for finding in document["findings"]] == ["depth_gap"]

    def test_finds_a_damaged_file(self, capsys: pytest.CaptureFixture[str], path: Path) -> None:
        import_feed(capsys, path, *SIZES)
        next(open_store().root.rglob("2024-08-09T00.[!b]*.npz")).write_bytes(b"PK\x03\x04")

        status, error = run(capsys, "check_series", *NAMES, "--kind", "events")

        assert (status, error["code"]) == (1, "store_corrupted")

    @pytest.mark.parametrize(
        ("words", "problem"),
        [
            (
                ("--kind", "events", "--timeframe", "1h"),
                "--timeframe is 1h, but order-book events",
            ),
            (("--kind", "events", "--against", "KRAKEN"), "--against is KRAKEN, but order-book"),
            ((), "the following arguments are required: --timeframe"),
        ],
    )
    def test_refuses_what_makes_no_sense(
        self, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], problem: str
    ) -> None:
        status, error = run(capsys, "check_series", *NAMES, *words)

        assert (status, error["code"]) == (2, "invalid_argument")
        assert problem in error["detail"]


def _hash_of(hour: str) -> str:
    parts = open_store().manifest(KEY).partitions
    return next(part.hash[:16] for part in parts if part.period == hour)
