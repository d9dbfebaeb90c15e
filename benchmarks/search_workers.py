"""One search done by one compute worker, and again by two.

From the question to the final row: queue, broker, study, children, trials. PostgreSQL and the
broker are those that the environment names, or are started for it.
"""

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.measure import installation, manage, report, run
from benchmarks.synthetic import write_csv

BARS = 100_000
TRIALS = 600
ROUNDS = 3
SERIES = ("--venue", "BENCH", "--instrument", "BTC/USDT", "--timeframe", "1m")


def main() -> None:
    """Measure both in turn, each `ROUNDS` times."""
    from tests.e2e.workers import worker
    from tests.servers import postgres, redis

    with (
        tempfile.TemporaryDirectory() as servers,
        postgres(Path(servers)) as database,
        redis(Path(servers)) as broker,
        installation() as (folder, environment),
    ):
        shared = {
            **environment,
            "DATABASE_URL": database,
            "REDIS_URL": broker,
            "ASSAY_COMPUTE__ENGINES": '["vectorbt"]',
        }
        os.environ.update({**shared, "DJANGO_SETTINGS_MODULE": "platform_site.settings.base"})
        run(manage("migrate", "--verbosity", "0"), environment=shared)
        bars = write_csv(folder / "bars.csv", BARS)
        run(manage("import_bars", bars, *SERIES), environment=shared)
        seconds: dict[int, list[float]] = {1: [], 2: []}
        with ExitStack() as workers:
            workers.enter_context(worker(shared))
            _search(60)  # Starts the fork server and makes the tables of studies.
            seconds[1] = [_search(TRIALS) for _ in range(ROUNDS)]
            workers.enter_context(worker(shared))
            _search(60)
            seconds[2] = [_search(TRIALS) for _ in range(ROUNDS)]
    ratio = min(seconds[1]) / min(seconds[2])
    report(
        "search_workers",
        "two workers at least 1.7 x one",
        {
            "trials": TRIALS,
            "bars": BARS,
            "seconds_of_one": [round(each, 2) for each in seconds[1]],
            "seconds_of_two": [round(each, 2) for each in seconds[2]],
            "ratio": round(ratio, 2),
        },
    )


def _search(n_trials: int) -> float:
    """Have a search done, and return how long somebody was at it, in seconds.

    Raises
    ------
    RuntimeError
        If it does not succeed.
    """
    import django

    django.setup()
    from common.domain.instruments import InstrumentId
    from common.domain.timeframe import Timeframe
    from research.domain.grid import Grid
    from research.domain.question import RunQuestion
    from research.domain.search import Search
    from research.domain.sweep import SweepQuestion
    from research.selectors.sweeps import worked_seconds
    from research.services.sweep_queue import enqueue_sweep
    from research.services.watching import await_sweep

    asked = RunQuestion(
        strategy_key="sma_cross",
        engine="vectorbt",
        instrument=InstrumentId("BTC/USDT", "BENCH"),
        timeframe=Timeframe.M1,
    )
    question = SweepQuestion(
        question=asked,
        grid=Grid.parse(["fast=5:200:1", "slow=201:1000:1"]),
        search=Search(method="tpe", n_trials=n_trials),
    )
    sweep = enqueue_sweep(question=question, user_id=None)
    done = await_sweep(sweep_id=sweep.pk, note=lambda _: None)
    if done.status != "SUCCEEDED":
        raise RuntimeError(f"{done} is {done.status}: {done.error_detail}")
    return worked_seconds(done)


if __name__ == "__main__":
    main()
