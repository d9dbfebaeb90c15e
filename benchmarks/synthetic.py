"""Seeded synthetic bars as files."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.feather as pa_feather

from common.data_pipeline.synthetic import SYNTH_VENUE, generate_bars
from common.domain.bars import PRICE_COLUMNS
from common.domain.instruments import InstrumentId
from common.domain.timeframe import Timeframe

_START_NS = 1_600_000_000 // 60 * 60 * 10**9


def table(count: int) -> pa.Table:
    """Return minute bars with the columns of a published file."""
    parts = [
        *generate_bars(
            InstrumentId("BTC/USDT", SYNTH_VENUE),
            Timeframe.M1,
            start_ns=_START_NS,
            n_bars=count,
            seed=7,
        )
    ]
    times = np.concatenate([part.open_ns for part in parts]).astype("datetime64[ns]")
    columns = {name: np.concatenate([getattr(p, name) for p in parts]) for name in PRICE_COLUMNS}
    return pa.table({"date": times.astype("datetime64[ms]"), **columns})


def write_csv(path: Path, count: int) -> Path:
    """Write bars as CSV and return the path."""
    pa_csv.write_csv(table(count), path)
    return path


def write_feather(path: Path, count: int) -> Path:
    """Write bars as Feather, in Freqtrade's layout, and return the path."""
    data = table(count)
    zone = pa.timestamp("ms", tz="UTC")
    pa_feather.write_feather(data.set_column(0, "date", data["date"].cast(zone)), path)
    return path
