"""Jobs for the fork server without a database: a tiny market, a question, a folder."""

from pathlib import Path
from tempfile import mkdtemp

import numpy as np

from common.data_pipeline.hashing import bars_hash
from common.domain.bars import Bars
from common.domain.instruments import InstrumentId, InstrumentSpec
from common.domain.timeframe import Timeframe
from research.compute import job_files
from research.compute.job import Job, Limits
from research.compute.job_files import JobRequest
from research.compute.market_files import JobMarket, write_market
from research.compute.result_files import JobResult, read_result
from research.domain.backtest import Market
from research.domain.question import RunQuestion

INSTRUMENT = InstrumentId("BTC/USDT", "BENCH")
LIMITS = Limits(memory_bytes=2 * 10**9, seconds=120, silence_seconds=60)


def wave(count: int) -> Bars:
    """Return hourly bars that rise and fall."""
    close = 100 + 10 * np.sin(np.arange(count) / 9)
    first = np.concatenate([close[:1], close[:-1]])
    times = 1_699_999_200 * 10**9 + np.arange(count, dtype=np.int64) * 3_600 * 10**9
    high, low = np.maximum(first, close), np.minimum(first, close)
    return Bars(Timeframe.H1, times, first, high, low, close, np.ones(count))


def run_job(engine: str, bars: Bars, *, strategy: str, strategies: Path) -> JobResult:
    """Do one job in a child of the running fork server and return how it ended."""
    question = RunQuestion(
        strategy_key=strategy, engine=engine, instrument=INSTRUMENT, timeframe=bars.timeframe
    )
    folder = Path(mkdtemp(prefix="assay-job-"))
    job_files.write_request(folder, JobRequest(question=question, strategy_folder=strategies))
    with Job(folder, LIMITS) as job:
        job.wait_for(job_files.STRATEGY, _ignore)
        if not job.has_result:
            spec = InstrumentSpec(id=INSTRUMENT)
            market = JobMarket(
                market=Market(instrument=spec, bars=bars),
                hash=bars_hash(bars),
                warm_up_hash=bars_hash(bars.rows(0, 0)),
            )
            write_market(folder, market)
            job.wait_for_end(_ignore)
        return read_result(folder)


def _ignore(_done: float) -> None:
    """Take the progress and do nothing with it."""
