"""Small files for the tests of the importers, and what is read from them."""

from pathlib import Path

import numpy as np

from common.data_pipeline import importers
from common.data_pipeline.rows import BarRows
from common.domain.timeframe import Timeframe

HEADER = "time,open,high,low,close,volume"
ROWS = (
    "2019-10-17T09:00:00Z,100,110,90,105,1.5",
    "2019-10-17T10:00:00Z,105,115,95,110,2.5",
    "2019-10-17T11:00:00Z,110,120,100,115,3.5",
)
NINE_NS = 1_571_302_800_000_000_000
HOUR_NS = 3_600_000_000_000


def write_csv(folder: Path, *lines: str, header: str | None = HEADER, end: str = "\n") -> Path:
    """Write a text file with a header and these lines."""
    path = folder / "bars.csv"
    rows = lines if header is None else (header, *lines)
    path.write_bytes((end.join(rows) + end).encode())
    return path


def read_all(path: Path, timeframe: Timeframe = Timeframe.H1) -> BarRows:
    """Read a file whole."""
    batches = list(importers.read_bars(path, timeframe))
    return BarRows(
        *(
            np.concatenate([getattr(batch, name) for batch in batches])
            for name in BarRows.__dataclass_fields__
        )
    )
