"""A perpetual runs with all its funding rates, or without any because somebody said so."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from common.data_pipeline.rows import BarRows
from common.data_pipeline.store import SeriesStore
from common.domain.costs import CostModel
from common.domain.enums import RunStatus, SeriesKind
from common.domain.instruments import InstrumentId, SeriesKey
from common.domain.time import parse_utc, to_ns
from common.domain.timeframe import Timeframe
from exchanges.services.catalogue import register_series
from exchanges.services.importing import import_file
from research.models import Artefact
from research.selectors.runs import list_fills
from research.tests.conftest import HOUR_NS, START_NS, Ask, bars

pytestmark = [pytest.mark.django_db, pytest.mark.engine("vectorbt")]

XRP = InstrumentId("XRP/USDT:USDT", "BINANCEUSDM")
BARS = "binanceusdm_XRP_USDT_1h.feather"
RATES = "binanceusdm_XRP_USDT_8h_funding_rate.feather"


@pytest.fixture
def perpetual(ask: Ask, store: SeriesStore, sample_data: Path) -> Ask:
    """Return a function that runs on the perpetual, from any hour of its hundred."""
    import_file(store=store, path=sample_data / BARS, key=SeriesKey.bars(XRP, Timeframe.H1))
    # 2021-11-17T01:00Z
    first_ns = 1_637_110_800 * 10**9

    def run(first: int = 0, last: int = 100, **changes: Any) -> Any:
        period = {"start_ns": first_ns + first * HOUR_NS, "end_ns": first_ns + last * HOUR_NS}
        return ask(strategy_key="buy_and_hold", instrument=XRP, **period, **changes)

    return run


@pytest.fixture
def funded(perpetual: Ask, store: SeriesStore, sample_data: Path) -> Ask:
    key = SeriesKey(XRP, SeriesKind.FUNDING)
    import_file(store=store, path=sample_data / RATES, key=key)
    return perpetual


class TestFunding:
    def test_is_missing_where_no_rate_is_stored(self, perpetual: Ask) -> None:
        run = perpetual()

        assert (run.status, run.error_code) == (RunStatus.REFUSED, "funding_missing")
        assert "from 2021-11-17T01:00:00Z to 2021-11-21T05:00:00Z" in run.error_detail
        assert "--no-funding" in run.error_detail

    def test_is_missing_where_the_rates_begin_too_late(self, funded: Ask) -> None:
        run = funded()

        assert run.error_code == "funding_missing"
        assert "from 2021-11-17T01:00:00Z to 2021-11-18T00:00:00.017000Z" in run.error_detail

    @pytest.mark.parametrize("period", [(12, 100), (23, 100), (24, 26), (30, 47)])
    def test_is_there_where_a_rate_is_stored_for_each_interval(
        self, funded: Ask, period: tuple[int, int]
    ) -> None:
        run = funded(*period)

        assert (run.status, run.error_code) == (RunStatus.REFUSED, "unsupported_feature")
        assert "vectorbt cannot book the funding of XRP/USDT:USDT.BINANCEUSDM" in run.error_detail
        assert "--no-funding" in run.error_detail

    @pytest.mark.engine("nautilus")
    @pytest.mark.parametrize("engine", ["nautilus", "freqtrade"])
    @pytest.mark.timeout(120)
    def test_is_booked_at_each_stored_time(
        self, funded: Ask, store: SeriesStore, engine: str
    ) -> None:
        run = funded(23, 100, engine=engine)

        assert (run.status, run.error_detail) == (RunStatus.SUCCEEDED, "")
        bought = list_fills(run)[0]
        prices = store.read_bars(SeriesKey.bars(XRP, Timeframe.H1))
        table = store.read_table(SeriesKey(XRP, SeriesKind.FUNDING))
        bought_ns = to_ns(parse_utc(bought["ts"]))
        owed = sum(
            bought["quantity"] * prices.open[prices.open_ns <= ts_ns][-1] * rate
            for ts_ns, rate in zip(
                table["ts_ns"].to_pylist(), table["rate"].to_pylist(), strict=True
            )
            if bought_ns < ts_ns < prices.open_ns[-1] + HOUR_NS
        )
        assert len(prices) == 100
        assert run.metrics["funding_paid"] == pytest.approx(owed, rel=1e-9)
        # Bought at 01:00 on the 18th: three a day from 08:00 to 00:00 on the 21st.
        assert Artefact.objects.get(run=run, kind="funding").rows == 9

    def test_is_left_out_when_asked_and_the_ledger_says_so(self, funded: Ask) -> None:
        run = funded(costs=CostModel(funding=False))

        assert (run.status, run.funding) == (RunStatus.SUCCEEDED, False)

    def test_is_missing_where_a_rate_is_left_out(self, ask: Ask, store: SeriesStore) -> None:
        instrument = InstrumentId("BTC/USD:USD", "TEST")
        key = SeriesKey.bars(instrument, Timeframe.H1)
        store.merge_bars(key, [BarRows.of(bars(100 + np.arange(60.0)))])
        register_series(store=store, key=key)
        times = START_NS + np.array([0, 8, 16, 32, 40, 48, 56]) * HOUR_NS
        rates = pa.table({"ts_ns": times, "rate": np.full(7, 1e-4)})
        store.merge_table(SeriesKey(instrument, SeriesKind.FUNDING), [rates])

        run = ask(strategy_key="buy_and_hold", instrument=instrument)

        assert run.error_code == "funding_missing"
        assert "2023-11-15T14:00:00Z to 2023-11-16T06:00:00Z" in run.error_detail
