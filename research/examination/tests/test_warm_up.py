"""A warm-up that is too short is caught by the tool, and one that suffices is not."""

from pathlib import Path

import pytest

from research.domain.backtest import Market, NativeRequest
from research.engines.tests import freqtrade_files as files
from research.engines.tests.real_bars import read_hourly
from research.examination.facts import Asked
from research.examination.tests.making import asked, market, noise
from research.examination.warm_up import TOOL, WarmUpOptions
from research.validation.tests.planted import Hasty
from trading.strategies.library.sma_cross import SmaCross

BARS = market(noise(400, 2))


def test_a_bar_too_few_is_caught() -> None:
    found = TOOL.find(asked(Hasty(), BARS), WarmUpOptions(), 1)

    declared = SmaCross().warm_up(SmaCross().admit({})) - 1
    assert (found.passed, found.numbers["dependent"]) == (False, 1.0)
    assert found.numbers["declared"] == declared
    assert f"It asks for {declared} bars of warm-up" in found.sentence
    assert found.figures["dependence"]["rows"][0][1] != found.figures["dependence"]["rows"][0][2]


def test_what_asks_for_enough_passes() -> None:
    found = TOOL.find(asked(SmaCross(), BARS), WarmUpOptions(n_starts=30), 1)

    assert (found.passed, found.numbers["dependent"], found.figures) == (True, 0.0, {})
    assert 20 < found.numbers["starts"] <= 30


def test_fewer_bars_than_the_warm_up_do_not_pass() -> None:
    found = TOOL.find(asked(SmaCross(), market(noise(10, 1))), WarmUpOptions(), 1)

    assert found.passed is False
    assert found.undefined["dependent"].startswith("the warm-up of sma_cross is")


@pytest.mark.engine("freqtrade")
@pytest.mark.timeout(120)
class TestFiles:
    @pytest.fixture
    def hours(self, sample_data: Path) -> Market:
        spec = asked(SmaCross(), BARS).market.instrument
        return Market(instrument=spec, bars=read_hourly(sample_data).rows(0, 1_000))

    @pytest.mark.parametrize(
        ("source", "name", "passed"),
        [(files.RECURSIVE, "Recursive", False), (files.SMA, "Sma", True)],
    )
    def test_an_average_over_all_history_is_caught(
        self, hours: Market, tmp_path: Path, source: str, name: str, passed: bool
    ) -> None:
        path = tmp_path / "mine.py"
        path.write_text(source)
        request = NativeRequest(path=path, class_name=name)

        found = TOOL.find(
            Asked(request=request, market=hours, engine="freqtrade"), WarmUpOptions(), 1
        )

        assert (found.passed, found.numbers["declared"]) == (passed, 50.0)
        assert ("slow by" in found.sentence) is not passed
