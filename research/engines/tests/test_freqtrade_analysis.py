"""Freqtrade's own analyses find what is planted in a strategy file, and nothing in a clean one."""

from dataclasses import replace
from pathlib import Path

import pytest

from research.domain.backtest import Market, NativeRequest
from research.engines.exceptions import InvalidNativeStrategy, UnsupportedFeature
from research.engines.freqtrade.analysis import find_lookahead, find_recursion
from research.engines.tests import freqtrade_files as files
from research.engines.tests.real_bars import read_hourly
from research.engines.tests.scripted import market

pytestmark = [pytest.mark.engine("freqtrade"), pytest.mark.timeout(120)]


@pytest.fixture
def hours(sample_data: Path) -> Market:
    bars = read_hourly(sample_data).rows(0, 1_000)
    return Market(instrument=market([1.0]).instrument, bars=bars)


def written(folder: Path, source: str, name: str) -> NativeRequest:
    path = folder / "mine.py"
    path.write_text(source)
    return NativeRequest(path=path, class_name=name)


class TestLookahead:
    def test_is_found_where_entries_know_later_closes(self, hours: Market, tmp_path: Path) -> None:
        request = written(tmp_path, files.LEAKING, "Leaking")

        report = find_lookahead(request, hours, least_trades=3, most_trades=5)

        assert report.has_bias is True
        assert report.signals == 5
        assert report.biased_entries > 0
        assert "enter_long" in report.biased_indicators

    def test_is_not_found_in_a_clean_strategy(self, hours: Market, tmp_path: Path) -> None:
        request = written(tmp_path, files.SMA, "Sma")

        report = find_lookahead(request, hours, least_trades=3, most_trades=5)

        assert report.has_bias is False
        assert (report.biased_entries, report.biased_exits) == (0, 0)
        assert report.biased_indicators == ()

    def test_is_not_judged_on_too_few_trades(self, hours: Market, tmp_path: Path) -> None:
        request = written(tmp_path, files.SMA, "Sma")

        report = find_lookahead(request, hours, least_trades=500, most_trades=500)

        assert report.has_bias is None

    def test_is_not_sought_in_a_file_without_the_strategy(
        self, hours: Market, tmp_path: Path
    ) -> None:
        with pytest.raises(InvalidNativeStrategy, match="no class Nope"):
            find_lookahead(written(tmp_path, files.SMA, "Nope"), hours)


class TestRecursion:
    def test_is_found_in_an_average_over_all_history(self, hours: Market, tmp_path: Path) -> None:
        request = written(tmp_path, files.RECURSIVE, "Recursive")

        report = find_recursion(request, hours, startups=(199, 399))

        assert report.startup == 50
        # The average over 10 bars differs by the noise of its running sum alone.
        assert abs(report.differences.get("fast", {}).get(199, 0.0)) < 1e-9
        by_startup = report.differences["slow"]
        assert sorted(by_startup) == [50, 199, 399]
        assert abs(by_startup[50]) > abs(by_startup[199]) > abs(by_startup[399]) > 1e-4

    def test_is_not_found_in_averages_over_a_window(self, hours: Market, tmp_path: Path) -> None:
        report = find_recursion(written(tmp_path, files.SMA, "Sma"), hours, startups=(199,))

        differences = [abs(by[199]) for by in report.differences.values()]
        assert max(differences, default=0.0) < 1e-9
        assert report.biased_indicators == ()

    def test_names_indicators_that_know_later_bars(self, hours: Market, tmp_path: Path) -> None:
        source = files.SMA.replace(".rolling(50).mean()", ".shift(-2)")

        report = find_recursion(written(tmp_path, source, "Sma"), hours, startups=(199,))

        assert report.biased_indicators == ("slow",)

    def test_is_not_sought_with_other_parameters(self, hours: Market, tmp_path: Path) -> None:
        request = replace(written(tmp_path, files.SMA, "Sma"), params={"fast": 5})

        with pytest.raises(UnsupportedFeature, match="with the values it states, not with fast"):
            find_recursion(request, hours)
