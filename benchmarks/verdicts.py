"""Verdicts on markets of which is known what can be found in them: noise, trends, and leaks.

`python -m benchmarks.verdicts [COUNT]` says on how many markets of each kind.
"""

import os
import sys
import time

import numpy as np

from benchmarks.measure import installation, report
from common.domain.bars import Floats

DAYS = 1_200
NOISE = 100
EDGES = 20
GRID = ("fast=2,3,5", "slow=8,12,20,40,80")
LEAKS = ("ahead=1:15:1",)
LEAK = '''
"""One that knows what comes."""

import numpy as np

from trading.strategies.base import Strategy
from trading.strategies.parameters import IntParameter


class Oracle(Strategy):
    """Holds where the price will be higher."""

    key = "oracle"
    version = "1"
    summary = "Knows the future"
    parameters = (IntParameter(name="ahead", default=1, low=1, high=20),)

    def warm_up(self, params):
        return 0

    def targets(self, bars, params):
        ahead = int(params["ahead"])
        later = np.append(bars.close[ahead:], np.full(ahead, bars.close[-1]))
        return (later > bars.close).astype(np.float64)
'''


def main(words: list[str]) -> None:
    """Judge each market by a search of its own, every gate at its default."""
    count = int(words[0]) if words else NOISE
    with installation() as (folder, environment):
        strategies = folder / "strategies"
        strategies.mkdir()
        (strategies / "oracle.py").write_text(LEAK, encoding="utf-8")
        os.environ.update({
            **environment,
            "ASSAY_PATHS__STRATEGIES": str(strategies),
            "DJANGO_SETTINGS_MODULE": "platform_site.settings.base",
        })
        began = time.perf_counter()
        found = {
            "noise": [_judge("NOISE", seed, _noise(seed)) for seed in range(count)],
            "trends": [_judge("TREND", seed, _trends(seed)) for seed in range(EDGES)],
            "leaks": [
                _judge("LEAK", seed, _noise(1_000 + seed), grid=LEAKS, strategy="oracle")
                for seed in range(EDGES)
            ],
        }
        seconds = time.perf_counter() - began
    verdicts = sum(len(each) for each in found.values())
    report(
        "verdicts",
        "of 100 searches in noise at most 5 pass; a planted edge passes; a leak never does",
        {
            **{f"{kind}_judged": len(each) for kind, each in found.items()},
            **{f"{kind}_passed": sum(each) for kind, each in found.items()},
            "seconds_each": round(seconds / verdicts, 2),
        },
    )


def _noise(seed: int) -> Floats:
    """Return log returns that nothing predicts, without drift."""
    return np.random.default_rng(seed).normal(-0.0002, 0.02, DAYS)


def _trends(seed: int) -> Floats:
    """Return log returns that drift up for thirty days and down for thirty."""
    drift = np.where(np.arange(DAYS) // 30 % 2 == 0, 0.01, -0.01)
    return drift + np.random.default_rng(seed).normal(0.0, 0.01, DAYS)


def _judge(
    market: str,
    seed: int,
    log_returns: Floats,
    *,
    grid: tuple[str, ...] = GRID,
    strategy: str = "sma_cross",
) -> bool:
    """Store the market, choose and judge a strategy on it, and return the verdict.

    Each market is an instrument of its own: trials on another do not count for it.
    """
    import django

    django.setup()
    from common.data_pipeline.rows import BarRows
    from common.domain.bars import Bars
    from common.domain.clock import SystemClock
    from common.domain.instruments import InstrumentId, SeriesKey
    from common.domain.timeframe import Timeframe
    from exchanges.selectors.market_data import open_store
    from exchanges.services.catalogue import register_series
    from research.domain.grid import Grid
    from research.domain.question import RunQuestion
    from research.domain.sweep import SweepQuestion
    from research.domain.validation_question import ValidationQuestion
    from research.services.means import Means
    from research.services.validations import validate

    close = 100.0 * np.exp(np.cumsum(log_returns))
    first = np.concatenate([[100.0], close[:-1]])
    times = 1_577_836_800 * 10**9 + np.arange(DAYS, dtype=np.int64) * Timeframe.D1.nanoseconds
    low, high = np.minimum(first, close), np.maximum(first, close)
    bars = Bars(Timeframe.D1, times, first, high, low, close, np.ones(DAYS))
    key = SeriesKey.bars(InstrumentId(f"{market}{seed}/USD", "TEST"), Timeframe.D1)
    store = open_store()
    store.merge_bars(key, [BarRows.of(bars)])
    register_series(store=store, key=key)
    question = RunQuestion(
        strategy_key=strategy,
        engine="vectorbt",
        instrument=key.instrument,
        timeframe=Timeframe.D1,
        seed=seed,
    )
    sweep = SweepQuestion(question=question, grid=Grid.parse(grid), min_round_trips=5)
    means = Means(store=store, clock=SystemClock())
    return validate(question=ValidationQuestion(sweep=sweep), means=means).passed


if __name__ == "__main__":
    main(sys.argv[1:])
