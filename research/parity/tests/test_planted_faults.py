"""A fault planted in a real engine appears under its cause, with its money."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.domain.costs import AccountType, Sizing
from research.domain.backtest import BacktestRequest, BacktestResult, Market
from research.engines.exceptions import InvariantViolated
from research.engines.registry import get_engine
from research.engines.tests import real_bars
from research.engines.tests.scripted import Scripted, market
from research.parity.causes import Cause
from research.parity.money import PairReport
from research.parity.tests.engine_pairs import (
    BAR_ENGINES,
    charging,
    compare,
    dearer,
    dropped,
    exact_equity,
    late,
    planted,
)
from trading.strategies.library.sma_cross import SmaCross

pytestmark = pytest.mark.timeout(120)
COUNT = 2_000
# Sizes that do not depend on equity, and no cash that could run short: what a fault makes of
# its fills is then all that it makes.
SIZE = 0.125
FIXED = {"sizing": Sizing.parse(f"fixed_quantity={SIZE}"), "account": AccountType.MARGIN}


@pytest.fixture(scope="module")
def hours(sample_data: Path) -> Market:
    bars = real_bars.read_hourly(sample_data).rows(4_000, 4_000 + COUNT)
    return Market(instrument=market([1.0], lot="1e-5").instrument, bars=bars)


def request(hours: Market, **changes: Any) -> BacktestRequest:
    strategy = SmaCross()
    targets = strategy.targets(hours.bars, strategy.admit({}))
    # No order on the last bars: a late one must still find a bar.
    targets[-3:] = np.nan
    return BacktestRequest(strategy=Scripted(targets), params={}, **changes)


def causes(pair: PairReport) -> dict[Cause, int]:
    return {
        cause: count
        for cause, (count, _) in pair.by_cause().items()
        if cause is not Cause.WITHIN_TOLERANCE
    }


def money(pair: PairReport, cause: Cause) -> float:
    return pair.by_cause()[cause][1]


def adds_up(pair: PairReport, a: BacktestResult, b: BacktestResult, hours: Market) -> bool:
    """Whether the money of all differences is that between the accounts, in decimals."""
    close = float(hours.period.close[-1])
    one, two = (exact_equity(each.fills, close, 10_000) for each in (a, b))
    total = sum(each.money for each in pair.differences)
    return total == pytest.approx(two - one, abs=1e-6)


@pytest.mark.parametrize("name", BAR_ENGINES)
class TestInTheRecords:
    """The engine sized its orders rightly, and what it says of them is wrong."""

    def test_a_fee_a_tenth_too_high_is_refused_and_can_be_measured(
        self, name: str, hours: Market
    ) -> None:
        asked = request(hours, **FIXED)
        real = get_engine(name).run(asked, hours)

        with pytest.raises(InvariantViolated, match="fee is not rate times notional"):
            planted(name, dearer).run(asked, hours)

        fees = float(real.fills["fee"].sum())
        faulty = BacktestResult(
            engine=name, engine_version="", fills=dearer(real.fills, hours.period),
            equity=real.equity, cash=0.0, quantity=0.0,
        )  # fmt: skip
        pair = compare(real, faulty, asked, hours)
        assert causes(pair) == {Cause.FEE: len(real.fills)}
        assert money(pair, Cause.FEE) == pytest.approx(-0.1 * fees, rel=1e-9)
        assert not pair.is_equal

    def test_fills_one_bar_late_are_timing(self, name: str, hours: Market) -> None:
        asked = request(hours, **FIXED)
        real = get_engine(name).run(asked, hours)
        faulty = planted(name, late).run(asked, hours)

        pair = compare(real, faulty, asked, hours)

        assert causes(pair) == {Cause.TIMING: len(real.fills)}
        # The size at other prices, and a thousandth of it as a fee.
        dearer_by = faulty.fills["price"] - real.fills["price"]
        expected = -np.sum((real.fills["side"] + 0.001) * SIZE * dearer_by)
        assert money(pair, Cause.TIMING) == pytest.approx(expected, rel=1e-6)
        assert (pair.summary.matched, pair.is_equal) == (0, False)

    @pytest.mark.parametrize("at", [0, 21, -1])
    def test_a_fill_that_was_dropped_is_missing(self, name: str, hours: Market, at: int) -> None:
        asked = request(hours, **FIXED)
        real = get_engine(name).run(asked, hours)
        faulty = planted(name, dropped(at)).run(asked, hours)

        pair = compare(real, faulty, asked, hours)

        lost = real.fills[at]
        worth = lost["side"] * SIZE * (hours.period.close[-1] - lost["price"]) - lost["fee"]
        assert causes(pair) == {Cause.MISSING: 1}
        assert money(pair, Cause.MISSING) == pytest.approx(-worth, rel=1e-6)
        assert (pair.summary.missing, pair.summary.extra, pair.is_equal) == (1, 0, False)


@pytest.mark.parametrize("name", BAR_ENGINES)
class TestInTheSimulation:
    """The engine goes on from its own fault: all later sizes differ, for one cause."""

    def test_a_fee_a_tenth_too_high_is_the_fee_alone(self, name: str, hours: Market) -> None:
        asked = request(hours)
        real = get_engine(name).run(asked, hours)
        faulty = get_engine(name).run(request(hours, costs=charging(0.0011)), hours)

        pair = compare(real, faulty, asked, hours)

        assert causes(pair) == {Cause.FEE: len(real.fills)}
        lost = faulty.equity[-1] - real.equity[-1]
        assert lost < -0.09 * real.fills["fee"].sum()
        assert money(pair, Cause.FEE) == pytest.approx(lost, rel=1e-4)
        assert adds_up(pair, real, faulty, hours)

    def test_an_engine_one_bar_late_is_timing_alone(self, name: str, hours: Market) -> None:
        asked = request(hours)
        targets = asked.strategy.targets(hours.bars, {})  # type: ignore[union-attr]
        later = Scripted(np.concatenate([[np.nan], targets[:-1]]))
        real = get_engine(name).run(asked, hours)
        faulty = get_engine(name).run(BacktestRequest(strategy=later, params={}), hours)

        pair = compare(real, faulty, asked, hours)

        assert causes(pair) == {Cause.TIMING: len(real.fills)}
        lost = faulty.equity[-1] - real.equity[-1]
        assert money(pair, Cause.TIMING) == pytest.approx(lost, rel=1e-4)
        assert adds_up(pair, real, faulty, hours)

    def test_an_entry_that_was_never_made_is_one_missing_fill(
        self, name: str, hours: Market
    ) -> None:
        asked = request(hours)
        targets = asked.strategy.targets(hours.bars, {}).copy()  # type: ignore[union-attr]
        changes = np.flatnonzero(np.diff(np.nan_to_num(targets)) > 0) + 1
        exits = np.flatnonzero(np.diff(np.nan_to_num(targets)) < 0) + 1
        entry = int(changes[5])
        leave = int(exits[exits > entry][0])
        targets[entry:leave] = np.nan
        real = get_engine(name).run(asked, hours)
        faulty = get_engine(name).run(
            BacktestRequest(strategy=Scripted(targets), params={}), hours
        )

        pair = compare(real, faulty, asked, hours)

        # The exit is missing too, and follows from it, as all later sizes do.
        assert (pair.summary.missing, pair.summary.extra) == (2, 0)
        assert causes(pair) == {Cause.MISSING: 1}
        lost = faulty.equity[-1] - real.equity[-1]
        assert money(pair, Cause.MISSING) == pytest.approx(lost, rel=1e-4)
        (missing,) = (each for each in pair.differences if each.cause is Cause.MISSING)
        assert missing.ts_ns == hours.period.open_ns[entry + 1]
        assert adds_up(pair, real, faulty, hours)
