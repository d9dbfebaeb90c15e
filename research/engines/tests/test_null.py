"""On prices without drift an engine must lose its costs, and nothing else."""

from typing import Final

import numpy as np
import pytest

from common.domain.bars import Floats
from research.engines.base import BacktestEngine
from research.engines.tests.martingales import COSTS, PATHS, bound, gain_before_costs, run_paths

# Paths for an engine that takes a millisecond or more a fill; `python -m benchmarks null`
# runs all of them on every engine.
FEWER_PATHS: Final = {"freqtrade": 8, "nautilus": 6}


def gains(engine: BacktestEngine, *, sees_ahead: bool) -> Floats:
    paths = FEWER_PATHS.get(engine.name, PATHS)
    done = run_paths(engine, sees_ahead=sees_ahead, paths=paths)
    for result, _ in done:
        traded = result.fills["price"] * result.fills["quantity"]
        assert result.fills["fee"] == pytest.approx(COSTS.fee_rate * traded, rel=1e-9)
    return np.array([gain_before_costs(result, bars) for result, bars in done])


class TestOnMartingales:
    def test_an_engine_gains_nothing_before_costs(self, engine: BacktestEngine) -> None:
        found = gains(engine, sees_ahead=False)

        assert abs(found.mean()) <= bound(found)

    @pytest.mark.slow
    def test_one_bar_of_look_ahead_is_seen(self, engine: BacktestEngine) -> None:
        found = gains(engine, sees_ahead=True)

        assert found.mean() > bound(found)
