import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.data_pipeline.alignment import align
from common.data_pipeline.compare import compare_bars
from common.data_pipeline.comparison import Comparison
from common.data_pipeline.findings import Finding
from common.data_pipeline.tests.importing import read_all
from common.data_pipeline.tests.planting import (
    START_NS,
    clean_bars,
    dropped,
    joined,
    late,
    months,
    planted,
    scaled,
    sorted_bars,
)
from common.domain.bars import PRICE_COLUMNS, Bars
from common.domain.enums import Severity
from common.domain.timeframe import Timeframe

HOUR_NS = 3_600_000_000_000


def compare(a: Bars, b: Bars) -> Comparison:
    return compare_bars(months(a), months(b), a.timeframe, names=("COINBASE", "BITFINEX"))


def finding(comparison: Comparison, code: str) -> Finding:
    (found,) = [item for item in comparison.findings if item.code == code]
    return found


@pytest.fixture(scope="module")
def coinbase(sample_data: Path) -> Bars:
    return sorted_bars(read_all(sample_data / "coinbase_btcusd_1h.csv"), Timeframe.H1)


@pytest.fixture(scope="module")
def bitfinex(sample_data: Path) -> Bars:
    return sorted_bars(read_all(sample_data / "bitfinex_btcusd_1h.csv"), Timeframe.H1)


class TestCopies:
    def test_says_that_two_real_files_are_copies_but_for_one_bar(
        self, coinbase: Bars, bitfinex: Bars
    ) -> None:
        comparison = compare(coinbase, bitfinex)

        assert (comparison.common, comparison.identical, comparison.differing) == (
            17_583,
            17_582,
            1,
        )
        assert comparison.are_copies
        assert (comparison.only_in_a, comparison.only_in_b) == (0, 0)
        assert not comparison.has_errors
        sentence = finding(comparison, "identical_series").sentence
        assert sentence.startswith("these two series are copies: 17,582 of 17,583 common bars")
        assert finding(comparison, "differing_bars").count == 1
        assert [
            (found.time_ns, found.column, found.a, found.b) for found in comparison.differences
        ] == [
            (bitfinex.open_ns[-1], "high", 11947.22, 11880.0),
            (bitfinex.open_ns[-1], "close", 11899.24, 11849.69),
        ]

    def test_names_a_bar_that_was_scaled(self, coinbase: Bars, bitfinex: Bars) -> None:
        comparison = compare(coinbase, scaled(bitfinex, [9_000], 1.03))

        assert comparison.are_copies
        assert comparison.differing == 2
        far = finding(comparison, "close_disagreement")
        assert (far.severity, far.count) == (Severity.WARNING, 1)
        assert far.examples[0].time_ns == bitfinex.open_ns[9_000]
        assert far.examples[0].values["ratio"] == pytest.approx(1.03)

    def test_names_bars_that_were_dropped(self, coinbase: Bars, bitfinex: Bars) -> None:
        comparison = compare(coinbase, dropped(bitfinex, [50, 51, 800, 9_000, 17_000]))

        assert comparison.are_copies
        assert (comparison.only_in_a, comparison.only_in_b) == (5, 0)
        assert [(gap.start_ns, gap.bars) for gap in comparison.missing_in_b] == [
            (bitfinex.open_ns[row], bars)
            for row, bars in [(50, 2), (800, 1), (9_000, 1), (17_000, 1)]
        ]
        found = finding(comparison, "missing_in_b")
        assert (found.severity, found.count) == (Severity.WARNING, 5)
        assert "BITFINEX lacks" in found.sentence

    def test_tells_the_two_sides_apart(self, coinbase: Bars, bitfinex: Bars) -> None:
        comparison = compare(dropped(coinbase, [50]), bitfinex)

        assert (comparison.only_in_a, comparison.only_in_b) == (0, 1)
        assert "COINBASE lacks" in finding(comparison, "missing_in_a").sentence

    def test_does_not_take_two_walks_for_copies(self) -> None:
        comparison = compare(clean_bars(seed=1), clean_bars(seed=2))

        assert not comparison.are_copies
        assert comparison.identical == 0

    def test_does_not_judge_by_a_handful_of_bars(self) -> None:
        assert not compare(clean_bars(10), clean_bars(10)).are_copies


class TestShifts:
    @pytest.mark.parametrize("bars", [1, -1, 5])
    def test_finds_by_how_many_bars_the_second_is_late(
        self, coinbase: Bars, bitfinex: Bars, bars: int
    ) -> None:
        comparison = compare(coinbase, late(bitfinex, bars))

        (shift,) = comparison.shifts
        assert shift.bars == bars
        assert shift.correlation > 0.99
        assert f"shifted by {bars:+d} bars" in finding(comparison, "shifted").sentence
        assert not comparison.are_copies

    def test_turns_the_sign_with_the_sides(self, coinbase: Bars, bitfinex: Bars) -> None:
        assert compare(late(coinbase, 1), bitfinex).shifts[0].bars == -1

    def test_finds_local_times_of_minutes(self) -> None:
        bars = clean_bars(30_000, Timeframe.M1)

        assert compare(bars, late(bars, 120)).shifts[0].bars == 120

    @pytest.mark.parametrize("bars", [1, -1, 3])
    @pytest.mark.parametrize(("first", "count"), [(2_000, 100), (700, 250), (1_400, 2_200)])
    def test_finds_where_a_part_of_the_series_is_late(
        self, first: int, count: int, bars: int
    ) -> None:
        clean = clean_bars(8_000)
        inside = np.arange(first, first + count)
        others = {name: getattr(clean, name)[inside - bars] for name in PRICE_COLUMNS}
        mixed = planted(clean, inside, **others)

        comparison = compare(clean, mixed)

        assert [shift.bars for shift in comparison.shifts] == [bars]
        (shift,) = comparison.shifts
        hour = Timeframe.H1.nanoseconds
        assert abs(shift.start_ns - clean.open_ns[first]) <= 32 * hour
        assert abs(shift.end_ns - clean.open_ns[first + count - 1]) <= 32 * hour
        assert shift.correlation > 0.9
        assert finding(comparison, "shifted").severity is Severity.WARNING

    def test_finds_a_part_of_a_venue_whose_prices_are_its_own(self) -> None:
        clean = clean_bars(8_000)
        noise = 1 + 5e-4 * np.random.default_rng(3).standard_normal(len(clean))
        other = planted(clean, slice(None), close=lambda closes: closes * noise)
        inside = np.arange(3_000, 4_500)
        mixed = planted(other, inside, close=other.close[inside - 1])

        assert {shift.bars for shift in compare(clean, mixed).shifts} == {1}

    def test_finds_none_between_series_that_have_nothing_to_do_with_each_other(self) -> None:
        for seed in range(2, 12):
            comparison = compare(clean_bars(2_000), clean_bars(2_000, seed=seed))
            assert comparison.shifts == ()

    def test_finds_none_between_assets_that_move_together(self, sample_data: Path) -> None:
        eth, xmr, zec = (
            sorted_bars(
                read_all(sample_data / f"freqtrade_{name}_BTC_5m.feather", Timeframe.M5),
                Timeframe.M5,
            )
            for name in ("ETH", "XMR", "ZEC")
        )

        for pair in ((eth, xmr), (xmr, zec), (zec, eth)):
            assert compare(*pair).shifts == ()

    def test_finds_none_in_prices_that_do_not_move(self) -> None:
        flat = planted(
            clean_bars(), slice(None), **dict.fromkeys(("open", "high", "low", "close"), 5.0)
        )

        assert compare(flat, flat).shifts == ()


class TestDisagreement:
    @pytest.mark.parametrize(
        ("factor", "severity"), [(1.011, "WARNING"), (0.989, "WARNING"), (1.11, "ERROR")]
    )
    def test_is_judged_by_the_ratio_of_the_closes(self, factor: float, severity: str) -> None:
        bars = clean_bars()

        comparison = compare(bars, scaled(bars, [4_000], factor))

        far = finding(comparison, "close_disagreement")
        assert (far.severity, far.count) == (severity, 1)
        assert comparison.max_deviation == pytest.approx(abs(factor - 1))
        assert comparison.mean_deviation == pytest.approx(abs(factor - 1) / 5_000)
        assert comparison.has_errors is (severity == "ERROR")

    def test_is_not_found_where_two_venues_are_a_little_apart(self) -> None:
        bars = clean_bars()

        comparison = compare(bars, scaled(bars, slice(None), 1.0099))

        assert comparison.findings == ()
        assert comparison.identical == 0


class TestRange:
    def test_leaves_out_what_only_one_of_them_can_have(self) -> None:
        bars = clean_bars()

        comparison = compare(bars.rows(0, 4_000), bars.rows(1_000, 5_000))

        assert comparison.common == 3_000
        assert (comparison.only_in_a, comparison.only_in_b) == (0, 0)
        assert comparison.start_ns == START_NS + 1_000 * HOUR_NS
        assert comparison.end_ns == START_NS + 3_999 * HOUR_NS

    def test_says_when_there_is_nothing_in_common(self) -> None:
        bars = clean_bars()

        comparison = compare(bars.rows(0, 1_000), bars.rows(2_000, 3_000))

        assert (comparison.common, comparison.start_ns) == (0, None)
        assert finding(comparison, "nothing_in_common").count == 0

    def test_describes_itself_in_json(self, coinbase: Bars, bitfinex: Bars) -> None:
        described = compare(coinbase, bitfinex).describe()

        decoded = json.loads(json.dumps(described, allow_nan=False))
        assert decoded == described
        assert decoded["are_copies"] is True
        assert decoded["differences"][0]["time"] == "2019-07-04T01:00:00Z"

    @settings(max_examples=30)
    @given(
        st.sets(st.integers(0, 99)),
        st.sets(st.integers(0, 99)),
        st.lists(st.integers(0, 100), max_size=4),
        st.lists(st.integers(0, 100), max_size=4),
    )
    def test_aligns_series_however_they_are_cut(
        self,
        in_a: set[int],
        in_b: set[int],
        cuts_a: list[int],
        cuts_b: list[int],
    ) -> None:
        bars = clean_bars(100)
        a = dropped(bars, sorted(set(range(100)) - in_a))
        b = dropped(bars, sorted(set(range(100)) - in_b))

        pieces = list(align(parts(a, cuts_a), parts(b, cuts_b)))

        common = range(
            max(min(in_a, default=100), min(in_b, default=100)),
            min(max(in_a, default=-1), max(in_b, default=-1)) + 1,
        )
        expected_a = bars.open_ns[sorted(in_a & set(common))]
        expected_b = bars.open_ns[sorted(in_b & set(common))]
        if not pieces:
            assert not len(expected_a)
            assert not len(expected_b)
            return
        assert joined([piece for piece, _ in pieces]).open_ns.tolist() == expected_a.tolist()
        assert joined([piece for _, piece in pieces]).open_ns.tolist() == expected_b.tolist()


def parts(bars: Bars, cuts: list[int]) -> list[Bars]:
    edges = sorted({0, len(bars), *(min(cut, len(bars)) for cut in cuts)})
    return [bars.rows(first, last) for first, last in pairwise(edges)]
