"""Every column of a broadcast run is the run of its parameters alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.domain.costs import AccountType, CostModel, Rebalance, Sizing
from portfolio.metrics.columns import KEYS, ColumnFills, summarise_columns
from portfolio.metrics.summary import summarise
from research.domain.backtest import BacktestRequest, Market
from research.engines.base import Task
from research.engines.decisions import read_targets
from research.engines.exceptions import UnsupportedFeature
from research.engines.registry import get_engine
from research.engines.tests import real_bars
from research.engines.tests.scripted import market
from research.engines.vectorbt.columns import chunk_size, run_columns
from trading.strategies.library.rsi_reversion import RsiReversion
from trading.strategies.library.sma_cross import SmaCross

pytestmark = pytest.mark.engine("vectorbt")

SETS = [{"fast": fast, "slow": slow} for fast in (3, 10, 40) for slow in (50, 111)]
SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "slipping": {"costs": CostModel(slippage=0.001)},
    "short": {"account": AccountType.MARGIN},
    "notional": {"sizing": Sizing.parse("fixed_notional=1000")},
    "quantity": {"sizing": Sizing.parse("fixed_quantity=0.5")},
}


def ask(params: dict[str, Any], settings: dict[str, Any]) -> BacktestRequest:
    strategy = SmaCross()
    shorts = "account" in settings
    return BacktestRequest(
        strategy=strategy, params=strategy.admit({**params, "allow_short": shorts}), **settings
    )


def task(request: BacktestRequest, data: Market) -> Task:
    return Task(request=request, market=data, targets=read_targets(request, data))


@pytest.fixture
def hours(sample_data: Path) -> Market:
    bars = real_bars.with_gaps(real_bars.read_hourly(sample_data), np.random.default_rng(5))
    return Market(instrument=market([1.0], lot="1e-5").instrument, bars=bars.rows(0, 6_000))


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=list(SETTINGS))
def test_a_column_is_the_run_of_its_parameters(hours: Market, settings: dict[str, Any]) -> None:
    requests = [ask(params, settings) for params in SETS]
    engine = get_engine("vectorbt")

    found = run_columns([task(request, hours) for request in requests])

    figures = summarise_columns(
        fills=ColumnFills(
            column=found.column, signed=found.signed, price=found.price, fee=found.fee
        ),
        equity=found.equity,
        quantity=found.quantity,
        bars=hours.period,
        initial_cash=10_000.0,
    )
    for number, request in enumerate(requests):
        alone = engine.run(request, hours)
        mine = found.column == number
        fills = alone.fills
        assert hours.period.open_ns[found.row[mine]].tolist() == fills["ts_ns"].tolist()
        assert found.signed[mine].tolist() == (fills["side"] * fills["quantity"]).tolist()
        np.testing.assert_allclose(found.price[mine], fills["price"], rtol=1e-15)
        np.testing.assert_allclose(found.equity[:, number], alone.equity, rtol=1e-11)
        expected = summarise(
            fills=fills, equity=alone.equity, bars=hours.period, initial_cash=10_000.0, lot=1e-5
        )
        for key in KEYS:
            value = expected.values[key]
            wanted = np.nan if value is None else float(value)
            assert figures[key][number] == pytest.approx(wanted, rel=1e-8, nan_ok=True), key


def test_counts_round_trips_of_millions_of_coins() -> None:
    # Sums of so large quantities in floats are off by more than a lot of 1e-8, the more so
    # behind columns that end with an open position, as all do here: the last closes fall.
    closes = 0.0028 * np.exp(np.cumsum(np.random.default_rng(4).normal(0.0, 0.004, 3_000)))
    closes[-5:] *= 0.97
    data = market(closes.tolist(), lot="1e-8")
    reversion = RsiReversion()
    requests = [
        BacktestRequest(
            strategy=reversion,
            params=reversion.admit({"period": period, "low": 40.0, "exit": 45.0}),
        )
        for period in range(4, 16)
    ]

    found = run_columns([task(request, data) for request in requests])

    figures = summarise_columns(
        fills=ColumnFills(
            column=found.column, signed=found.signed, price=found.price, fee=found.fee
        ),
        equity=found.equity,
        quantity=found.quantity,
        bars=data.period,
        initial_cash=10_000.0,
    )
    for number in range(len(requests)):
        mine = found.column == number
        # Every quantity is a whole number of lots, and whole numbers add up exactly.
        lots = np.rint(found.signed[mine] * 1e8).astype(np.int64)
        after = np.cumsum(lots)
        assert after[-1] > 0
        assert figures["n_round_trips"][number] == np.count_nonzero(after == 0)
        held = np.zeros(len(closes), np.int64)
        held[found.row[mine]] = lots
        assert found.quantity[:, number].tolist() == pytest.approx(np.cumsum(held) / 1e8)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"rebalance": Rebalance.EVERY_BAR}, "every_bar"),
        ({"min_notional": "10"}, "a minimum notional"),
    ],
)
def test_refuses_what_depends_on_the_run_itself(
    hours: Market, change: dict[str, Any], reason: str
) -> None:
    minimum = change.pop("min_notional", None)
    spec = market([1.0], min_notional=minimum).instrument
    request = ask(SETS[0], change)

    with pytest.raises(UnsupportedFeature, match=f"{reason} cannot be broadcast"):
        run_columns([task(request, replace(hours, instrument=spec))])


def test_a_ruined_column_has_no_figures() -> None:
    # One sold at 100 twice over is worth less than nothing at 250.
    bars = market([100.0, 100.0, 250.0])
    figures = summarise_columns(
        fills=ColumnFills(
            column=np.array([0]),
            signed=np.array([-1.0]),
            price=np.array([100.0]),
            fee=np.array([0.0]),
        ),
        equity=np.array([[100.0, 1.0], [100.0, 1.0], [-50.0, 1.0]]),
        quantity=np.array([[0.0, 0.0], [-1.0, 0.0], [-1.0, 0.0]]),
        bars=bars.bars,
        initial_cash=100.0,
    )

    assert np.isnan(figures["total_return"]).tolist() == [True, False]


def test_a_chunk_fits_the_budget_and_has_a_column_at_least() -> None:
    # 150 bytes a cell: 8,760 bars of 100 columns take 131 MB.
    assert chunk_size(8_760, 131_400_000) == 100
    assert chunk_size(10_000_000, 1_000) == 1
