"""Housekeeping of the store."""

from typing import Any

from celery import shared_task

from exchanges.selectors.market_data import open_store


@shared_task(name="exchanges.remove_unreferenced_files")
def remove_unreferenced_files(**_ignored: Any) -> int:
    """Remove the data files that no manifest has named for a while; return how many."""
    return len(open_store().remove_unreferenced())
