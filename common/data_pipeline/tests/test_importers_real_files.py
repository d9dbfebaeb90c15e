from pathlib import Path

import numpy as np
import pytest

from common.data_pipeline import importers
from common.data_pipeline.tests.importing import read_all
from common.domain.time import format_utc
from common.domain.timeframe import Timeframe

# Row counts as the publisher of the samples states them; bars as they stand in the files.
FILES = [
    ("coinbase_btcusd_1h.csv", "1h", 20_111, "2017-07-01T11:00:00Z", "2019-10-17T09:00:00Z"),
    ("bitfinex_btcusd_1h.csv", "1h", 17_583, "2017-07-01T11:00:00Z", "2019-07-04T01:00:00Z"),
    ("ftx_btcperp_1m.csv", "1m", 45_031, "2021-12-31T23:01:00Z", "2022-02-01T05:31:00Z"),
    ("binanceusdm_XRP_USDT_1h.feather", "1h", 100, "2021-11-17T01:00:00Z", "2021-11-21T04:00:00Z"),
    ("freqtrade_DASH_BTC_5m.feather", "5m", 5_758, "2018-01-10T04:55:00Z", None),
    ("freqtrade_ETC_BTC_5m.feather", "5m", 5_759, "2018-01-10T04:55:00Z", None),
    ("freqtrade_ETH_BTC_5m.feather", "5m", 5_760, "2018-01-10T04:55:00Z", None),
    ("freqtrade_XLM_BTC_5m.feather", "5m", 5_760, "2018-01-10T04:55:00Z", None),
    ("freqtrade_XMR_BTC_5m.feather", "5m", 5_758, "2018-01-10T04:55:00Z", None),
    ("freqtrade_ZEC_BTC_5m.feather", "5m", 5_757, "2018-01-10T04:55:00Z", None),
]


class TestReadBars:
    @pytest.mark.parametrize(("name", "timeframe", "rows", "first", "last"), FILES)
    def test_reads_every_file_as_its_publisher_wrote_it(
        self, sample_data: Path, name: str, timeframe: str, rows: int, first: str, last: str | None
    ) -> None:
        bars = read_all(sample_data / name, Timeframe(timeframe))

        assert len(bars) == rows
        assert len(np.unique(bars.open_ns)) == rows
        assert format_utc(bars.open_ns.min()) == first
        assert last is None or format_utc(bars.open_ns.max()) == last

    def test_takes_the_volume_in_the_base_asset_and_the_line_below_the_banner(
        self, sample_data: Path
    ) -> None:
        bars = read_all(sample_data / "coinbase_btcusd_1h.csv")

        newest = [getattr(bars, name)[0] for name in ("open", "high", "low", "close", "volume")]
        assert newest == [8051.0, 8056.83, 8021.23, 8035.88, 61.25]
        assert bars.lines[[0, -1]].tolist() == [3, 20_113]

    def test_keeps_the_order_of_the_file(self, sample_data: Path) -> None:
        bars = read_all(sample_data / "bitfinex_btcusd_1h.csv")

        assert bars.open_ns.argmax() == 0
        assert bars.open_ns.argmin() == len(bars) - 1
        assert bars.volume[[0, -1]].tolist() == [303.61, 114.6]

    def test_reads_a_half_day_clock_like_the_full_clock_of_the_other_file(
        self, sample_data: Path
    ) -> None:
        twelve = read_all(sample_data / "coinbase_btcusd_1h.csv")
        twenty_four = read_all(sample_data / "bitfinex_btcusd_1h.csv")

        shared = np.isin(twelve.open_ns, twenty_four.open_ns)
        same = twelve.close[shared] == twenty_four.close
        assert shared.sum() == 17_583
        assert same.sum() == 17_582

    def test_refuses_funding_rates_as_bars(self, sample_data: Path) -> None:
        path = sample_data / "binanceusdm_XRP_USDT_8h_funding_rate.feather"

        with pytest.raises(importers.UnusableFile, match=r"row 1: high is 0\.0"):
            read_all(path, Timeframe.H8)


class TestReadTrades:
    def test_reads_every_trade(self, sample_data: Path) -> None:
        batches = list(importers.read_trades(sample_data / "binance_XRP_ETH_trades.feather"))

        assert sum(batch.num_rows for batch in batches) == 12_477
        assert batches[0].slice(0, 1).to_pylist() == [
            {
                "ts_ns": 1_570_752_011_620_000_000,
                "id": "13519807",
                "price": 0.00141342,
                "quantity": 23.0,
                "side": -1,
                "line": 1,
            }
        ]


class TestReadFunding:
    def test_reads_every_rate(self, sample_data: Path) -> None:
        path = sample_data / "binanceusdm_XRP_USDT_8h_funding_rate.feather"

        batches = list(importers.read_funding(path))

        assert sum(batch.num_rows for batch in batches) == 91
        first = {"ts_ns": 1_637_193_600_017_000_000, "rate": 0.0001, "line": 1}
        assert batches[0].slice(0, 1).to_pylist() == [first]

    def test_refuses_bars_as_funding_rates(self, sample_data: Path) -> None:
        path = sample_data / "freqtrade_ETH_BTC_5m.feather"

        with pytest.raises(importers.UnusableFile, match="row 1: high is not 0"):
            list(importers.read_funding(path))
