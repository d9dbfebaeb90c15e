import hashlib
import struct

import numpy as np
import pyarrow as pa

from common.data_pipeline.hashing import bars_hash, content_hash, dataset_hash
from common.domain.bars import Bars
from common.domain.enums import SeriesKind
from common.domain.instruments import InstrumentId, SeriesKey
from common.domain.timeframe import Timeframe

TIMES = [1_571_302_800_000_000_000, 1_571_306_400_000_000_000]
PRICES = [[8000.5, 8010.0], [8020.25, 8011.0], [7990.0, -0.0], [8010.0, 8005.125], [1.5, 0.0]]


def golden_bars() -> Bars:
    return Bars(Timeframe.H1, np.array(TIMES, np.int64), *(np.array(column) for column in PRICES))


def golden_content() -> bytes:
    content = struct.pack("<2q", *TIMES)
    for column in PRICES:
        content += struct.pack("<2d", *(0.0 if value == 0 else value for value in column))
    return content


class TestBarsHash:
    def test_is_the_digest_of_kind_timeframe_and_columns(self) -> None:
        expected = hashlib.sha256(b"bars\n1h\n" + golden_content()).hexdigest()

        assert bars_hash(golden_bars()) == expected

    def test_never_changes_between_releases(self) -> None:
        assert bars_hash(golden_bars()) == (
            "be9b60a7f8f76ac56b25c4e0653d131dbb73e91443cec2cf03c1a6d8fa81d175"
        )

    def test_takes_minus_zero_for_zero(self) -> None:
        plus = [column if index != 2 else [7990.0, 0.0] for index, column in enumerate(PRICES)]
        bars = Bars(Timeframe.H1, np.array(TIMES, np.int64), *(np.array(c) for c in plus))

        assert bars_hash(bars) == bars_hash(golden_bars())

    def test_tells_timeframes_apart(self) -> None:
        bars = golden_bars()
        prices = (bars.open, bars.high, bars.low, bars.close, bars.volume)

        assert bars_hash(Bars(Timeframe.M30, bars.open_ns, *prices)) != bars_hash(bars)


class TestContentHash:
    def test_is_the_digest_of_the_columns(self) -> None:
        names = ["open_ns", "open", "high", "low", "close", "volume"]
        table = pa.table(dict(zip(names, [TIMES, *PRICES], strict=True)))

        expected = hashlib.sha256(golden_content()).hexdigest()

        assert content_hash(SeriesKind.BARS, table) == expected

    def test_writes_ids_as_their_lengths_and_their_bytes(self) -> None:
        table = pa.table({
            "ts_ns": TIMES,
            "id": ["7", "é9"],
            "price": [1.0, 2.0],
            "quantity": [3.0, 4.0],
            "side": pa.array([1, -1], pa.int8()),
        })

        content = struct.pack("<2q", *TIMES) + struct.pack("<2q", 1, 3) + "7é9".encode()
        content += struct.pack("<4d2b", 1.0, 2.0, 3.0, 4.0, 1, -1)

        assert content_hash(SeriesKind.TRADES, table) == hashlib.sha256(content).hexdigest()


class TestDatasetHash:
    def test_does_not_see_where_the_pieces_are_cut(self) -> None:
        key = SeriesKey(InstrumentId("BTC/USDT", "BINANCE"), SeriesKind.TRADES)
        columns = {
            "ts_ns": pa.array([1, 2, 3]),
            "id": pa.array(["a", "bb", "ccc"]),
            "price": pa.array([1.0, 2.0, 3.0]),
            "quantity": pa.array([1.0, 1.0, 1.0]),
            "side": pa.array([1, 1, -1], pa.int8()),
        }

        whole = dataset_hash(key, lambda name: [columns[name]])
        cut = dataset_hash(key, lambda name: [columns[name][:1], columns[name][1:]])

        assert whole == cut
