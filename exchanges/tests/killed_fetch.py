"""A fetch in a process of its own, for a test to kill: STORE ADDRESS-SETTINGS END-HOUR."""

import json
import sys
from pathlib import Path

import django

django.setup()

from common.data_pipeline.store import SeriesStore  # noqa: E402 - Django comes first
from common.domain.instruments import SeriesKey  # noqa: E402
from common.domain.timeframe import Timeframe  # noqa: E402
from exchanges.services.fetching import fetch_bars  # noqa: E402
from exchanges.venues.ccxt_client import CcxtClient  # noqa: E402
from exchanges.venues.tests.setting import (  # noqa: E402
    BTC,
    HOUR_NS,
    QUICK,
    START_NS,
    after_hours,
)


def main(root: str, settings: str, hours: str) -> None:
    """Fetch all bars up to that hour."""
    clock = after_hours(int(hours))
    client = CcxtClient(
        "BINANCE",
        clock=clock,
        retries=QUICK,
        timeout_seconds=30,
        overrides=json.loads(settings),
    )
    fetch_bars(
        store=SeriesStore(Path(root)),
        client=client,
        key=SeriesKey.bars(BTC, Timeframe.H1),
        start_ns=START_NS,
        end_ns=START_NS + int(hours) * HOUR_NS,
        clock=clock,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
