import json
import signal
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from common.data_pipeline.hashing import bars_hash
from common.domain.timeframe import Timeframe
from exchanges.management.commands import fetch_bars
from exchanges.models import Series
from exchanges.venues.tests.binance_server import BinanceServer, make_bars
from exchanges.venues.tests.setting import START_NS, divert

pytestmark = pytest.mark.django_db

SERIES = ("--venue", "binance", "--instrument", "BTC/USDT", "--timeframe", "1h")


@pytest.fixture
def server(
    monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Any
) -> Iterator[BinanceServer]:
    settings.STORE_ROOT = tmp_path / "market_data"
    with BinanceServer(make_bars(Timeframe.H1, START_NS, 100)) as server:
        divert(monkeypatch, server)
        yield server


def run(*arguments: str) -> tuple[int, str, str]:
    out, err, status = StringIO(), StringIO(), 0
    try:
        call_command("fetch_bars", *arguments, stdout=out, stderr=err)
    except SystemExit as e:
        status = int(e.code or 0)
    return status, out.getvalue(), err.getvalue()


class TestFetchBarsCommand:
    def test_prints_one_json_document(self, server: BinanceServer) -> None:
        status, out, _ = run(
            *SERIES, "--start", "2023-12-31T00:00Z", "--end", "2024-01-03", "--json"
        )

        document = json.loads(out)
        assert status == 0
        assert document == {
            "series": "BTC/USDT.BINANCE bars-1h",
            "rows": 48,
            "added": 48,
            "start": "2024-01-01T00:00:00Z",
            "end": "2024-01-03T00:00:00Z",
            "gaps": 0,
            "requests": 1,
            "coverage": {
                "asked_start": "2023-12-31T00:00:00Z",
                "first_available": "2024-01-01T00:00:00Z",
                "capped": True,
            },
            "hash": bars_hash(server.bars.rows(0, 48)),
        }
        assert Series.objects.get().rows == 48

    def test_tells_a_person_the_same(self, server: BinanceServer) -> None:
        status, out, _ = run(*SERIES, "--start", "2023-12-31", "--end", "2024-01-03")

        assert status == 0
        assert out.splitlines()[0] == (
            "BTC/USDT.BINANCE bars-1h: 48 bars from 2024-01-01T00:00:00Z to"
            " 2024-01-03T00:00:00Z, 0 missing; 48 of them new, 1 requests"
        )
        assert "nothing before 2024-01-01T00:00:00Z" in out

    def test_without_an_end_fetches_up_to_now(self, server: BinanceServer) -> None:
        status, out, _ = run(*SERIES, "--start", "2024-01-01", "--json")

        assert (status, json.loads(out)["rows"]) == (0, 100)

    @pytest.mark.parametrize(
        ("changed", "code"),
        [
            ({"--venue": "BINANSE"}, "unknown_venue"),
            ({"--timeframe": "7m"}, "invalid_argument"),
            ({"--instrument": "BTCUSDT"}, "invalid_instrument"),
            ({"--start": "yesterday"}, "invalid_argument"),
            ({"--start": "2024-01-03"}, "invalid_period"),
        ],
    )
    def test_wrong_arguments_exit_with_2(
        self, server: BinanceServer, changed: dict[str, str], code: str
    ) -> None:
        options = dict(zip(SERIES[::2], SERIES[1::2], strict=True))
        options |= {"--start": "2024-01-01", "--end": "2024-01-02", **changed}

        status, out, _ = run(*(text for pair in options.items() for text in pair), "--json")

        assert (status, json.loads(out)["code"]) == (2, code)
        assert server.asked == []

    def test_an_interrupt_keeps_what_was_fetched_and_says_so(self, server: BinanceServer) -> None:
        server.change = lambda rows: rows[:10]

        def interrupt(count: int) -> None:
            if count == 4:
                signal.raise_signal(signal.SIGINT)

        server.before_answer = interrupt

        status, _, err = run(*SERIES, "--start", "2024-01-01")

        assert status == fetch_bars.FetchInterrupted.exit_status == 130
        assert "goes on from there" in err
        assert Series.objects.get().rows == 30
