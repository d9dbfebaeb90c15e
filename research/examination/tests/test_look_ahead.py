"""A leak is caught by the tool, and a clean strategy is not accused."""

from pathlib import Path

import pytest

from research.domain.backtest import Market, NativeRequest
from research.engines.exceptions import UnsupportedFeature
from research.engines.tests import freqtrade_files as files
from research.engines.tests.real_bars import read_hourly
from research.examination.facts import Asked
from research.examination.look_ahead import TOOL, LookAheadOptions
from research.examination.tests.making import asked, market, noise
from research.validation.tests.planted import NextClose, SeldomNextClose, Silent
from trading.strategies.library.sma_cross import SmaCross

BARS = market(noise(600, 1))


class TestStrategies:
    @pytest.mark.parametrize("leaking", [NextClose(), SeldomNextClose()])
    def test_a_peek_at_the_next_close_is_caught(self, leaking: NextClose) -> None:
        found = TOOL.find(asked(leaking, BARS), LookAheadOptions(), 1)

        assert (found.passed, found.numbers["leaks"]) == (False, 1.0)
        (row,) = found.figures["leak"]["rows"]
        assert row[1] != row[2]
        assert "The first: the target at 20" in found.sentence

    def test_a_clean_strategy_passes(self) -> None:
        found = TOOL.find(asked(SmaCross(), BARS), LookAheadOptions(), 1)

        assert (found.passed, found.numbers["leaks"]) == (True, 0.0)
        assert "leak" not in found.figures
        assert found.numbers["cuts"] > 50
        assert found.numbers["bars"] == 600

    def test_what_never_wants_a_position_does_not_pass(self) -> None:
        found = TOOL.find(asked(Silent(), BARS), LookAheadOptions(), 1)

        assert found.passed is False
        assert "a leak in its signals could not show" in found.undefined["leaks"]

    def test_only_the_last_bars_are_cut_on_request(self) -> None:
        found = TOOL.find(asked(SmaCross(), BARS), LookAheadOptions(most_bars=200), 1)

        assert found.numbers["bars"] == 200


@pytest.mark.engine("freqtrade")
@pytest.mark.timeout(120)
class TestFiles:
    @pytest.fixture
    def hours(self, sample_data: Path) -> Market:
        market = asked(SmaCross(), BARS).market
        bars = read_hourly(sample_data).rows(0, 1_000)
        return Market(instrument=market.instrument, bars=bars)

    def written(self, folder: Path, hours: Market, source: str, name: str) -> Asked:
        path = folder / "mine.py"
        path.write_text(source)
        request = NativeRequest(path=path, class_name=name)
        return Asked(request=request, market=hours, engine="freqtrade")

    def test_a_leak_is_caught_by_freqtrade(self, hours: Market, tmp_path: Path) -> None:
        leaking = self.written(tmp_path, hours, files.LEAKING, "Leaking")

        found = TOOL.find(leaking, LookAheadOptions(least_trades=3), 1)

        assert (found.passed, found.numbers["leaks"] > 0.0) == (False, True)
        assert "enter_long" in found.sentence

    def test_a_clean_file_passes(self, hours: Market, tmp_path: Path) -> None:
        found = TOOL.find(
            self.written(tmp_path, hours, files.SMA, "Sma"), LookAheadOptions(least_trades=3), 1
        )

        assert (found.passed, found.numbers["leaks"]) == (True, 0.0)
        assert found.undefined["changes"] == "Freqtrade looks at trades, not at targets"

    def test_too_few_trades_do_not_pass(self, hours: Market, tmp_path: Path) -> None:
        found = TOOL.find(
            self.written(tmp_path, hours, files.SMA, "Sma"),
            LookAheadOptions(least_trades=500),
            1,
        )

        assert found.passed is False
        assert "fewer than 500 trades" in found.undefined["leaks"]

    def test_a_file_of_another_engine_is_refused(self, hours: Market, tmp_path: Path) -> None:
        request = NativeRequest(path=tmp_path / "mine.py", class_name="Mine")

        with pytest.raises(UnsupportedFeature, match="engine nautilus has no analysis"):
            TOOL.find(
                Asked(request=request, market=hours, engine="nautilus"), LookAheadOptions(), 1
            )
