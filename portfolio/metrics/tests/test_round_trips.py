from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from common.domain.bars import Bars
from common.domain.fills import Fills, no_fills
from portfolio.metrics.round_trips import ROUND_TRIP_DTYPE, RoundTrips, round_trips
from portfolio.metrics.summary import summarise
from portfolio.metrics.tests.building import HOUR_NS, bars_of, fills_of, flat_bars
from portfolio.metrics.tests.reference import Candidate, Execution, Trip, average, replay

# Not a binary fraction, so that sums of lots leave dust.
LOT = 0.1
N_BARS = 12
CASH = 1_000_000

prices = st.integers(1, 400).map(lambda quarters: Fraction(quarters, 4))
executions = st.lists(
    st.builds(
        Execution,
        bar=st.integers(0, N_BARS - 1),
        lots=st.integers(-6, 6).filter(bool),
        price=prices,
        fee=st.integers(-8, 40).map(lambda eighths: Fraction(eighths, 8)),
    ),
    max_size=25,
).map(lambda fills: sorted(fills, key=lambda fill: fill.bar))
markets = st.lists(
    st.tuples(prices, prices, prices).map(sorted).map(lambda p: Candidate(p[0], p[2], p[1])),
    min_size=N_BARS,
    max_size=N_BARS,
)


def as_fills(rows: list[Execution]) -> Fills:
    return fills_of([
        (r.bar, 1 if r.lots > 0 else -1, abs(r.lots) * LOT, float(r.price), float(r.fee))
        for r in rows
    ])


def as_bars(market: list[Candidate]) -> Bars:
    return bars_of([
        (hour, float(bar.close), float(bar.high), float(bar.low), float(bar.close))
        for hour, bar in enumerate(market)
    ])


def as_rows(trips: list[Trip]) -> NDArray[np.void]:
    """Write reference trips, which count in lots, as the production code writes them."""
    rows = np.zeros(len(trips), ROUND_TRIP_DTYPE)
    lot = Fraction(1, 10)
    for row, trip in zip(rows, trips, strict=True):
        row["entry_ns"] = trip.entry_bar * HOUR_NS
        row["exit_ns"] = (N_BARS if trip.exit_bar is None else trip.exit_bar) * HOUR_NS
        row["side"] = trip.side
        exact = {
            "entry_price": average(trip.entries),
            "exit_price": average(trip.exits),
            "quantity": lot * sum(lots for lots, _ in trip.entries),
            "max_quantity": lot * trip.max_held,
            "fees": trip.fees,
            "net_pnl": lot * trip.flow - trip.fees,
            "mae": trip.mae,
            "mfe": trip.mfe,
        }
        for name, value in exact.items():
            row[name] = float(value)
    return rows


def assert_equal(actual: NDArray[np.void], expected: NDArray[np.void]) -> None:
    assert len(actual) == len(expected)
    for name in ROUND_TRIP_DTYPE.names or ():
        np.testing.assert_allclose(
            actual[name], expected[name], rtol=1e-9, atol=1e-9, err_msg=name
        )


class TestRoundTripsAgainstTheReference:
    @settings(max_examples=150, deadline=None)
    @given(rows=executions, market=markets)
    def test_agree_field_by_field(self, rows: list[Execution], market: list[Candidate]) -> None:
        closed, last, _ = replay(rows, market)

        trips = round_trips(as_fills(rows), lot=LOT, bars=as_bars(market))

        assert_equal(trips.closed, as_rows(closed))
        assert_equal(trips.open, as_rows([last] if last else []))

    @settings(max_examples=80, deadline=None)
    @given(rows=executions, market=markets)
    def test_net_pnl_of_all_is_the_change_of_equity(
        self, rows: list[Execution], market: list[Candidate]
    ) -> None:
        lot = Fraction(1, 10)
        final = CASH - sum(lot * r.lots * r.price + r.fee for r in rows)
        final += lot * sum(r.lots for r in rows) * market[-1].close

        trips = round_trips(as_fills(rows), lot=LOT, bars=as_bars(market))

        total = trips.closed["net_pnl"].sum() + trips.open["net_pnl"].sum()
        assert total == pytest.approx(float(final - CASH), abs=1e-7)

    @settings(max_examples=80, deadline=None)
    @given(rows=executions, market=markets)
    def test_exposure_and_fees_agree(self, rows: list[Execution], market: list[Candidate]) -> None:
        closed, last, exposed = replay(rows, market)

        values = summarise(
            fills=as_fills(rows),
            equity=np.full(N_BARS, float(CASH)),
            bars=as_bars(market),
            initial_cash=CASH,
            lot=LOT,
        ).values

        assert values["exposure"] == pytest.approx(exposed / N_BARS)
        trips = [*closed, last] if last else closed
        assert values["fees"] == pytest.approx(float(sum(t.fees for t in trips)), abs=1e-9)
        assert values["n_round_trips"] == len(closed)

    @settings(max_examples=60, deadline=None)
    @given(rows=executions, market=markets)
    def test_the_mirrored_market_mirrors_the_excursions(
        self, rows: list[Execution], market: list[Candidate]
    ) -> None:
        mirrored = [r._replace(lots=-r.lots, fee=Fraction()) for r in rows]
        bars = as_bars(market)

        one = round_trips(as_fills(rows), lot=LOT, bars=bars).closed
        other = round_trips(as_fills(mirrored), lot=LOT, bars=bars).closed

        np.testing.assert_array_equal(one["side"], -other["side"])
        np.testing.assert_allclose(one["mae"], other["mfe"], atol=1e-12)
        np.testing.assert_allclose(one["mfe"], other["mae"], atol=1e-12)


def trips_of(rows: list[tuple[int, int, float, float, float]], *, bars: int = 10) -> RoundTrips:
    return round_trips(fills_of(rows), lot=LOT, bars=flat_bars(bars))


class TestRoundTrips:
    def test_of_no_fills_are_none(self) -> None:
        trips = round_trips(no_fills(), lot=LOT, bars=flat_bars(3))

        assert len(trips.closed) == len(trips.open) == 0
        assert trips.closed.dtype == ROUND_TRIP_DTYPE
        assert trips.open_quantity == 0.0

    def test_a_short_earns_when_the_price_falls(self) -> None:
        trips = trips_of([(0, -1, 2, 100, 1), (3, 1, 2, 90, 1)])

        assert trips.closed["side"].tolist() == [-1]
        assert trips.closed["net_pnl"].tolist() == [18.0]
        assert trips.closed["exit_ns"].tolist() == [3 * HOUR_NS]

    def test_a_flip_shares_its_fee_by_quantity(self) -> None:
        trips = trips_of([(0, 1, 1, 100, 0), (1, -1, 4, 110, 8), (2, 1, 3, 100, 0)])

        assert trips.closed["fees"].tolist() == [2.0, 6.0]
        assert trips.closed["net_pnl"].tolist() == [8.0, 24.0]
        assert trips.closed["entry_ns"].tolist() == [0, HOUR_NS]
        assert trips.closed["exit_ns"].tolist() == [HOUR_NS, 2 * HOUR_NS]

    def test_scaling_averages_entries_and_exits(self) -> None:
        trips = trips_of([
            (0, 1, 1, 100, 0),
            (1, 1, 3, 120, 0),
            (2, -1, 1, 130, 0),
            (3, 1, 1, 105, 0),
            (4, -1, 4, 140, 0),
        ])

        trip = trips.closed[0]
        assert len(trips.closed) == 1
        assert trip["entry_price"] == pytest.approx(565 / 5)
        assert trip["exit_price"] == pytest.approx(690 / 5)
        assert (trip["quantity"], trip["max_quantity"]) == (5.0, 4.0)
        assert trip["net_pnl"] == pytest.approx(125.0)

    def test_dust_does_not_keep_a_trip_open(self) -> None:
        trips = trips_of([(0, 1, 0.1, 100, 0), (1, 1, 0.2, 100, 0), (2, -1, 0.3, 100, 0)])

        assert len(trips.closed) == 1
        assert len(trips.open) == 0

    def test_dust_of_many_trips_does_not_add_up(self) -> None:
        rows = [
            (n, side, 1.0 + 0.04 * (side > 0), 100.0, 0.0) for n in range(5) for side in (1, -1)
        ]

        assert len(trips_of(rows).closed) == 5

    def test_half_a_lot_is_flat_and_more_is_not(self) -> None:
        flat = trips_of([(0, 1, 1.0, 100, 0), (1, -1, 0.96, 100, 0)])
        held = trips_of([(0, 1, 1.0, 100, 0), (1, -1, 0.94, 100, 0)])

        assert (len(flat.closed), len(flat.open)) == (1, 0)
        assert (len(held.closed), len(held.open)) == (0, 1)
        assert held.open_quantity == pytest.approx(0.06)

    def test_dust_bought_while_flat_opens_nothing(self) -> None:
        trips = trips_of([(0, 1, 1, 100, 0), (1, -1, 1, 110, 0), (2, 1, 0.01, 100, 0)])

        assert trips.closed["net_pnl"].tolist() == [10.0]
        assert trips.closed["exit_ns"].tolist() == [HOUR_NS]
        assert len(trips.open) == 0

    def test_rounding_of_huge_quantities_is_dust_too(self) -> None:
        parts = [1e9 / 3, 1e9 / 7, 1e9 / 11]
        total = parts[2] + parts[1] + parts[0] + 2e-6
        rows = [(n, 1, part, 1e-5, 0.0) for n, part in enumerate(parts)]

        trips = round_trips(
            fills_of([*rows, (3, -1, total, 1e-5, 0.0)]), lot=1e-8, bars=flat_bars(4)
        )

        assert (len(trips.closed), len(trips.open)) == (1, 0)

    def test_the_open_one_is_marked_at_the_last_close(self) -> None:
        bars = bars_of([(0, 100, 100, 100, 100), (1, 100, 130, 80, 120)])

        trips = round_trips(fills_of([(1, 1, 2, 100, 3)]), lot=LOT, bars=bars)

        trip = trips.open[0]
        assert trips.open_quantity == 2.0
        assert trip["exit_ns"] == 2 * HOUR_NS
        assert trip["exit_price"] == 120.0
        assert trip["net_pnl"] == 37.0
        assert (trip["mae"], trip["mfe"]) == (pytest.approx(0.2), pytest.approx(0.3))

    def test_a_stop_in_the_bar_of_entry_shows_its_own_price_only(self) -> None:
        bars = bars_of([(0, 100, 150, 50, 100)])

        trips = round_trips(fills_of([(0, 1, 1, 100, 0), (0, -1, 1, 95, 0)]), lot=LOT, bars=bars)

        assert trips.closed["mae"].tolist() == [0.05]
        assert trips.closed["mfe"].tolist() == [0.0]
