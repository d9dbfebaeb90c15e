import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.data_pipeline.findings import Finding
from common.data_pipeline.quality import QualityReport, check_bars
from common.data_pipeline.tests.importing import read_all
from common.data_pipeline.tests.planting import (
    START_NS,
    Change,
    clean_bars,
    dropped,
    months,
    planted,
    scaled,
    sorted_bars,
)
from common.domain.bars import Bars, Times
from common.domain.enums import Severity
from common.domain.errors import InvalidInput
from common.domain.time import format_utc
from common.domain.timeframe import Timeframe

HOUR_NS = 3_600_000_000_000


def check(bars: Bars, *, now_ns: int | None = None) -> QualityReport:
    return check_bars(months(bars), bars.timeframe, now_ns=now_ns)


def only(report: QualityReport) -> Finding:
    (finding,) = report.findings
    return finding


class TestCleanBars:
    @pytest.mark.parametrize("timeframe", ["1m", "5m", "1h"])
    def test_finds_nothing(self, timeframe: str) -> None:
        bars = clean_bars(20_000, Timeframe(timeframe))

        report = check(bars)

        assert report.findings == ()
        assert (report.rows, report.missing, report.gap_count) == (20_000, 0, 0)
        assert report.start_ns == START_NS
        assert report.end_ns == START_NS + 20_000 * bars.timeframe.nanoseconds
        assert not report.has_errors

    def test_finds_nothing_in_nothing(self) -> None:
        report = check_bars([], Timeframe.H1, now_ns=START_NS)

        assert (report.rows, report.start_ns, report.findings) == (0, None, ())


class TestBarRules:
    @pytest.mark.parametrize(
        ("code", "severity", "change"),
        [
            ("ohlc_disorder", "ERROR", {"high": lambda high: high * 0.5}),
            ("ohlc_disorder", "ERROR", {"low": lambda low: low * 1.5}),
            ("negative_volume", "ERROR", {"volume": -1.0}),
            ("negative_volume", "ERROR", {"volume": np.nan}),
            ("off_grid", "ERROR", {"open_ns": lambda times: times + 1}),
            ("zero_volume", "WARNING", {"volume": 0.0}),
        ],
    )
    def test_finds_the_one_bar_that_breaks_a_rule(
        self, code: str, severity: str, change: dict[str, Change]
    ) -> None:
        finding = only(check(planted(clean_bars(), [3_000], **change)))

        assert (finding.code, finding.severity, finding.count) == (code, severity, 1)
        assert finding.sentence.endswith(": 1")
        time_ns = finding.examples[0].time_ns
        assert time_ns // HOUR_NS == START_NS // HOUR_NS + 3_000

    @pytest.mark.parametrize("column", ["open", "high", "low", "close"])
    @pytest.mark.parametrize("price", [0.0, -1.0, np.nan, np.inf])
    def test_finds_a_price_that_is_none(self, column: str, price: float) -> None:
        report = check(planted(clean_bars(), [3_000], **{column: price}))

        (finding,) = [finding for finding in report.errors if finding.code == "invalid_price"]
        assert finding.count == 1
        assert finding.examples[0].time_ns == START_NS + 3_000 * HOUR_NS
        assert json.loads(json.dumps(report.describe(), allow_nan=False))["has_errors"] is True

    def test_accepts_a_bar_that_only_just_is_in_order(self) -> None:
        bars = clean_bars(1)
        flat = planted(bars, [0], open=5.0, high=5.0, low=5.0, close=5.0)

        assert check(flat).findings == ()

    def test_counts_all_and_shows_the_first(self) -> None:
        finding = only(check(planted(clean_bars(), slice(100, 4_900, 100), volume=0.0)))

        assert finding.count == 48
        assert [example.time_ns for example in finding.examples] == [
            START_NS + row * HOUR_NS for row in (100, 200, 300, 400, 500)
        ]


class TestMissingBars:
    def test_finds_each_hole(self) -> None:
        holes = [*range(700, 750), 2_000]

        report = check(dropped(clean_bars(), holes))

        finding = only(report)
        assert (finding.code, finding.severity) == ("missing_bars", Severity.WARNING)
        assert (finding.count, report.missing, report.gap_count) == (51, 51, 2)
        assert [(gap.start_ns, gap.bars) for gap in report.gaps] == [
            (START_NS + 700 * HOUR_NS, 50),
            (START_NS + 2_000 * HOUR_NS, 1),
        ]

    @pytest.mark.parametrize(("missing", "severity"), [(50, "WARNING"), (51, "ERROR")])
    def test_is_an_error_above_five_per_cent(self, missing: int, severity: str) -> None:
        bars = dropped(clean_bars(1_000), range(10, 10 + missing))

        assert only(check(bars)).severity == severity

    def test_finds_a_hole_over_whole_months(self) -> None:
        report = check(dropped(clean_bars(), range(500, 4_000)))

        assert report.has_errors
        assert [(gap.start_ns, gap.bars) for gap in report.gaps] == [
            (START_NS + 500 * HOUR_NS, 3_500)
        ]

    def test_lists_a_hundred_gaps_and_counts_them_all(self) -> None:
        report = check(dropped(clean_bars(10_000), range(10, 9_000, 40)))

        assert (len(report.gaps), report.gap_count, report.missing) == (100, 225, 225)

    def test_counts_weeks_from_monday(self) -> None:
        monday_ns = 1_546_214_400_000_000_000
        bars = clean_bars(100, Timeframe.W1, start_ns=monday_ns)

        assert check(dropped(bars, [50])).missing == 1

    @pytest.mark.parametrize(("pair", "missing"), [("ZEC", 2), ("ETH", 0)])
    def test_counts_the_holes_of_real_files(
        self, sample_data: Path, pair: str, missing: int
    ) -> None:
        rows = read_all(sample_data / f"freqtrade_{pair}_BTC_5m.feather", Timeframe.M5)
        times = np.sort(rows.open_ns)
        assert (times[-1] - times[0]) // 300_000_000_000 + 1 - len(rows) == missing

        assert check(sorted_bars(rows, Timeframe.M5)).missing == missing


def spikes_by_definition(bars: Bars) -> tuple[Times, float]:
    follows = np.diff(bars.open_ns) == bars.timeframe.nanoseconds
    returns = np.log(bars.close[1:] / bars.close[:-1])
    counted = returns[follows]
    sigma = 1.4826 * np.median(np.abs(counted - np.median(counted)))
    flags = follows & (np.abs(returns) > 10 * sigma) & (np.abs(returns) > 0.05)
    return bars.open_ns[1:][flags], float(sigma)


class TestSpikes:
    def test_finds_the_jump_up_and_the_jump_back(self) -> None:
        finding = only(check(scaled(clean_bars(), [3_000], 1.2)))

        assert (finding.code, finding.severity, finding.count) == ("spike", Severity.WARNING, 2)
        there, back = finding.examples
        assert there.time_ns == START_NS + 3_000 * HOUR_NS
        assert back.time_ns == START_NS + 3_001 * HOUR_NS
        assert there.values["log_return"] == pytest.approx(np.log(1.2), abs=0.03)
        assert back.values["log_return"] == pytest.approx(-np.log(1.2), abs=0.03)

    def test_finds_one_on_the_first_bar_of_a_month(self) -> None:
        bars = clean_bars()
        first_of_february = len(months(bars)[0])

        finding = only(check(scaled(bars, slice(first_of_february, None), 1.5)))

        assert finding.count == 1
        assert finding.examples[0].time_ns == months(bars)[1].open_ns[0]

    def test_leaves_out_what_happened_in_a_hole(self) -> None:
        bars = dropped(scaled(clean_bars(), slice(3_000, None), 1.5), [3_000])

        assert only(check(bars)).code == "missing_bars"

    def test_takes_no_move_under_five_per_cent_for_a_spike(self) -> None:
        assert check(scaled(clean_bars(), [3_000], 1.03)).findings == ()

    def test_takes_no_large_move_for_a_spike_where_all_are_large(self) -> None:
        bars = clean_bars(2_000, Timeframe.W1, start_ns=4 * 24 * HOUR_NS)
        assert np.abs(np.diff(np.log(bars.close))).max() > 0.05

        assert check(bars).findings == ()

    @pytest.mark.parametrize("name", ["coinbase_btcusd_1h.csv", "freqtrade_XLM_BTC_5m.feather"])
    def test_agrees_with_the_definition_on_real_files(self, sample_data: Path, name: str) -> None:
        timeframe = Timeframe.H1 if "1h" in name else Timeframe.M5
        bars = sorted_bars(read_all(sample_data / name, timeframe), timeframe)
        times, sigma = spikes_by_definition(bars)
        assert len(times) > 0

        report = check(bars)

        (finding,) = [finding for finding in report.findings if finding.code == "spike"]
        assert finding.count == len(times)
        assert [example.time_ns for example in finding.examples] == times[:5].tolist()
        assert report.robust_sigma == pytest.approx(sigma, rel=2e-3)

    @settings(max_examples=30)
    @given(st.lists(st.floats(-0.5, 0.5), min_size=3, max_size=60), st.integers(1, 59))
    def test_gives_the_same_scale_however_the_series_is_cut(
        self, returns: list[float], cut: int
    ) -> None:
        closes = 100 * np.exp(np.cumsum(returns))
        times = START_NS + HOUR_NS * np.arange(len(closes))
        bars = Bars(Timeframe.H1, times, closes, closes, closes, closes, np.ones(len(closes)))
        _, sigma = spikes_by_definition(bars)

        parts = [bars.rows(0, cut), bars.rows(min(cut, len(bars)), len(bars))]
        report = check_bars(parts, Timeframe.H1)

        assert report.robust_sigma == check_bars([bars], Timeframe.H1).robust_sigma
        assert report.robust_sigma == pytest.approx(sigma, rel=5e-3, abs=1e-3)


class TestStaleEnd:
    @pytest.mark.parametrize(("age_bars", "is_stale"), [(0, False), (2, False), (2.1, True)])
    def test_is_more_than_two_bars_ago(self, age_bars: float, is_stale: bool) -> None:
        bars = clean_bars(100)
        now_ns = START_NS + 100 * HOUR_NS + int(age_bars * HOUR_NS)

        report = check(bars, now_ns=now_ns)

        assert report.is_stale is is_stale
        assert [finding.code for finding in report.findings] == ["stale_end"] * is_stale
        assert not report.has_errors

    def test_is_not_looked_for_without_the_time(self) -> None:
        assert check(clean_bars(100)).is_stale is False


class TestReport:
    def test_puts_errors_before_warnings(self) -> None:
        bars = planted(planted(clean_bars(), [10], volume=0.0), [20], high=1e-3)

        report = check(bars)

        assert [finding.code for finding in report.errors] == ["ohlc_disorder"]
        assert [finding.code for finding in report.warnings] == ["zero_volume"]
        assert report.findings == report.errors + report.warnings

    def test_describes_itself_in_json(self) -> None:
        described = check(dropped(clean_bars(), [700])).describe()

        decoded = json.loads(json.dumps(described, allow_nan=False))
        assert decoded == described
        assert decoded["start"] == "2019-01-01T00:00:00Z"
        assert decoded["gaps"] == [{"start": format_utc(START_NS + 700 * HOUR_NS), "bars": 1}]
        assert decoded["findings"][0]["severity"] == "WARNING"

    def test_refuses_parts_out_of_order(self) -> None:
        first, second, *_ = months(clean_bars())

        with pytest.raises(InvalidInput, match="come after bars to"):
            check_bars([second, first], Timeframe.H1)
