"""Every engine against the exact recomputation on small markets nobody would think of."""

from typing import Final

import numpy as np
import pytest

from research.engines.base import BacktestEngine
from research.engines.tests.canonical import compare, execute
from research.engines.tests.random_markets import pose_random

# As many as take a few seconds.
MARKETS: Final = {"freqtrade": 12, "nautilus": 15, "vectorbt": 60}


class TestRandomMarkets:
    @pytest.mark.slow
    def test_every_fill_and_its_reason_is_the_canonical_one(self, engine: BacktestEngine) -> None:
        stops = 0
        for seed in range(MARKETS.get(engine.name, 10)):
            request, bars, targets = pose_random(seed)
            expected = execute(request, bars, targets)

            result = engine.run(request, bars)

            assert result.ruined == expected.ruined, seed
            assert result.fills["reason"].tolist() == expected.fills["reason"].tolist(), seed
            assert result.skipped_orders == expected.skipped, seed
            found = compare(fills=result.fills, expected=expected, market=bars, cash=request.cash)
            assert found == [], seed
            stops += np.count_nonzero(expected.fills["reason"])
        assert stops > 20
