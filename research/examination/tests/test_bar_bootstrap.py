"""A strategy on markets drawn from the bars of its own."""

from dataclasses import replace

import numpy as np
import pytest

from common.domain.costs import CostModel
from research.engines.exceptions import UnsupportedFeature
from research.engines.tests.scripted import Scripted
from research.examination.bar_bootstrap import TOOL, MarketOptions
from research.examination.facts import Asked
from research.examination.tests.making import asked, market, noise
from trading.strategies.library.sma_cross import SmaCross

pytestmark = [pytest.mark.engine("vectorbt")]

FREE = CostModel(fee_rate=0.0, maker_fee_rate=0.0)


def test_a_market_that_always_doubles_does_so_however_it_is_drawn() -> None:
    held = asked(Scripted(np.ones(12)), market(2.0 ** np.arange(12)), costs=FREE)

    found = TOOL.find(held, MarketOptions(n_paths=4, block=3), 1)

    # Bought at the open of the second bar, which is the first close.
    assert found.numbers["return_p05"] == pytest.approx(2.0**11 - 1)
    assert found.numbers["return_p95"] == pytest.approx(2.0**11 - 1)
    assert (found.numbers["share_earning"], found.numbers["drawdown_p95"]) == (1.0, 0.0)
    # Buying at the first open, which is the first close, gives as much: it is not beaten.
    assert found.numbers["held_median"] == pytest.approx(2.0**11 - 1)


def test_staying_out_beats_a_market_that_falls() -> None:
    out = asked(Scripted(np.zeros(12)), market(0.5 ** np.arange(12)), costs=FREE)

    found = TOOL.find(out, MarketOptions(n_paths=4, block=3), 1)

    assert (found.numbers["share_beating"], found.numbers["share_earning"]) == (1.0, 0.0)


def test_what_fits_one_history_does_not_earn_on_others() -> None:
    bars = market(noise(300, 8))
    # Holds over exactly the bars that rose, as they happened to come.
    rises = (np.append(np.diff(bars.close), 0.0) > 0.0).astype(np.float64)
    own = TOOL.find(asked(Scripted(rises), bars, costs=FREE), MarketOptions(n_paths=40), 1)

    observed = float(np.prod(np.maximum(1.0, bars.close[1:] / bars.close[:-1]))) - 1.0
    assert observed > 1.0
    assert abs(own.numbers["return_median"]) < 0.1 < observed
    assert 0.2 < own.numbers["share_earning"] < 0.8


def test_equal_seeds_find_the_same() -> None:
    crossing = asked(SmaCross(), market(noise(300, 1)), params={"fast": 3, "slow": 8})
    options = MarketOptions(n_paths=5)

    assert TOOL.find(crossing, options, 1).numbers == TOOL.find(crossing, options, 1).numbers
    assert TOOL.find(crossing, options, 1).numbers != TOOL.find(crossing, options, 2).numbers


def test_finer_bars_cannot_be_drawn_along() -> None:
    bars = market(noise(50, 1))
    crossing = asked(SmaCross(), bars)
    fine = Asked(
        request=crossing.request,
        market=replace(crossing.market, detail=bars),
        engine=crossing.engine,
    )

    with pytest.raises(UnsupportedFeature, match="finer bars, which cannot be drawn"):
        TOOL.find(fine, MarketOptions(n_paths=2), 1)


def test_too_few_bars_make_no_market() -> None:
    found = TOOL.find(asked(SmaCross(), market(noise(10, 1))), MarketOptions(n_paths=2), 1)

    assert found.passed is None
    assert "at least 16 needed" in found.sentence
