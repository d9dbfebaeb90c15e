"""Hours of stored order-book events, from their manifest alone."""

from typing import Any

from common.data_pipeline.manifest import Partition
from common.domain.instruments import SeriesKey
from exchanges.selectors.market_data import open_store

_HEADERS = ("hour", "events", "trades", "changes of the book", "gaps", "hash")
_HASH_DIGITS = 16


def latest_hours(*, key: SeriesKey, count: int) -> dict[str, list[Any]]:
    """Return the last hours as a table for people, newest first; opens no event file.

    Raises
    ------
    SeriesNotFound
        If nothing is stored of the series.
    """
    partitions = open_store().manifest(key).partitions[-count:]
    return {"headers": [*_HEADERS], "rows": [_row(partition) for partition in partitions[::-1]]}


def _row(partition: Partition) -> list[Any]:
    facts = partition.events
    counts = [facts.trades, facts.depth_updates] if facts else [0, 0]
    return [
        f"{partition.period}:00Z",
        partition.rows,
        *counts,
        partition.gaps,
        partition.hash[:_HASH_DIGITS],
    ]
