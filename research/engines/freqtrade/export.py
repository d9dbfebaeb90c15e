"""Freqtrade's export: its trades and orders, read back from the file it wrote."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from research.engines.exceptions import EngineFailed

_LATEST = ".last_result.json"


@dataclass(frozen=True, slots=True)
class Export:
    """The result of one strategy.

    Parameters
    ----------
    trades
        Freqtrade's trades by its own keys, each with its orders; oldest first.
    starting_balance, final_balance
        Its wallet before and after, in the quote currency; everything is closed at the end.
    """

    trades: list[dict[str, Any]]
    starting_balance: float
    final_balance: float


def read_export(folder: Path, strategy: str) -> Export:
    """Return what Freqtrade exported into a folder.

    Raises
    ------
    EngineFailed
        If it exported nothing about this strategy.
    """
    latest = folder / _LATEST
    if not latest.is_file():
        raise EngineFailed("freqtrade exported no result", engine="freqtrade")
    archive = folder / json.loads(latest.read_text())["latest_backtest"]
    with ZipFile(archive) as zipped:
        document = json.loads(zipped.read(f"{archive.stem}.json"))
    try:
        result = document["strategy"][strategy]
    except KeyError as e:
        known = [*document["strategy"]]
        raise EngineFailed(
            f"freqtrade exported {known}, not {strategy}", engine="freqtrade"
        ) from e
    return Export(
        trades=sorted(result["trades"], key=lambda trade: int(trade["open_timestamp"])),
        starting_balance=float(result["starting_balance"]),
        final_balance=float(result["final_balance"]),
    )
