"""A small stored market, and runs on it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import connection

from common.append_only import install_present, remove
from common.data_pipeline.rows import BarRows
from common.data_pipeline.store import SeriesStore
from common.domain.bars import Bars, Floats
from common.domain.clock import SystemClock
from common.domain.instruments import InstrumentId, SeriesKey
from common.domain.timeframe import Timeframe
from exchanges.selectors.market_data import open_store
from exchanges.services.catalogue import register_series
from research.apps import FROZEN
from research.domain.question import RunQuestion
from research.models import (
    Artefact,
    ComparedRun,
    Comparison,
    Examination,
    Job,
    Run,
    Sweep,
    SweepChunk,
    Trial,
    Validation,
)
from research.services import jobs, queue
from research.services.backtests import run_backtest
from research.tests import brokers
from research.tests.brokers import FakeBroker
from trading.services.catalogue import sync_strategies

# Any: a finished run has what its type says may be missing.
type Ask = Callable[..., Any]

KEY = SeriesKey.bars(InstrumentId("BTC/USD", "TEST"), Timeframe.H1)
START_NS = 1_700_000_000 // 3_600 * 3_600 * 10**9
HOUR_NS = 3_600 * 10**9


def bars(closes: Any, *, start_ns: int = START_NS) -> Bars:
    close = np.array(closes, np.float64)
    open_ = np.concatenate([close[:1], close[:-1]])
    times = start_ns + np.arange(len(close), dtype=np.int64) * HOUR_NS
    low, high = np.minimum(open_, close), np.maximum(open_, close)
    return Bars(Timeframe.H1, times, open_, high, low, close, np.ones(len(close)))


def wave(count: int) -> Floats:
    """Return closes that rise and fall, so that a moving average crosses."""
    return 100 + 10 * np.sin(np.arange(count) / 9)


@pytest.fixture(autouse=True)
def installation(settings: Any, tmp_path: Path) -> Path:
    settings.VAR = tmp_path
    settings.STORE_ROOT = tmp_path / "market_data"
    settings.ARTEFACT_ROOT = tmp_path / "artefacts"
    settings.STRATEGY_FOLDER = tmp_path / "strategies"
    # Importing all engines takes longer than any test.
    compute = settings.PLATFORM.compute.model_copy(update={"engines": ("vectorbt",)})
    settings.PLATFORM = settings.PLATFORM.model_copy(update={"compute": compute})
    return tmp_path


@pytest.fixture
def emptied(transactional_db: None) -> Iterator[None]:
    """Let the rows be removed after a test that commits: nothing else may, on SQLite."""
    yield
    for rows in FROZEN:
        remove(connection, rows)
    for model in (
        Job, Examination, Validation, ComparedRun, Comparison, Trial, SweepChunk, Sweep, Artefact,
        Run,
    ):  # fmt: skip
        model._default_manager.all().delete()
    install_present(connection, FROZEN)


@pytest.fixture
def store(db: None) -> SeriesStore:
    store = open_store()
    store.merge_bars(KEY, [BarRows.of(bars(wave(400)))])
    register_series(store=store, key=KEY)
    return store


@pytest.fixture
def ask(store: SeriesStore) -> Ask:
    """Return a function that runs a question and gives its row."""

    def ask(**changes: Any) -> Run:
        asked: dict[str, Any] = {
            "strategy_key": "sma_cross",
            "engine": "vectorbt",
            "instrument": KEY.instrument,
            "timeframe": KEY.timeframe,
            **changes,
        }
        return run_backtest(question=RunQuestion(**asked), store=store, clock=SystemClock())

    return ask


@pytest.fixture
def fake_broker(settings: Any) -> FakeBroker:
    """Keep what workers would be told."""
    settings.TASK_SENDER = "research.tests.brokers.send"
    settings.TASK_COUNTER = "research.tests.brokers.count"
    brokers.broker.__init__()  # type: ignore[misc]  # as new
    return brokers.broker


@pytest.fixture
def enqueue(store: SeriesStore) -> Ask:
    """Return a function that puts a question into the queue and gives its row."""

    def enqueue(**changes: Any) -> Run:
        asked: dict[str, Any] = {
            "strategy_key": "sma_cross",
            "engine": "vectorbt",
            "instrument": KEY.instrument,
            "timeframe": KEY.timeframe,
            **changes,
        }
        return queue.enqueue(question=RunQuestion(**asked), user_id=None)

    return enqueue


@pytest.fixture
def execute(store: SeriesStore) -> Ask:
    """Return a function that sees a queued run through in this process and gives its row."""

    def execute(run: Run, *, is_stopping: Callable[[], bool] = lambda: False) -> Run | None:
        return jobs.execute_run(
            run_id=run.pk, store=store, clock=SystemClock(), is_stopping=is_stopping
        )

    return execute


STRATEGY = '''
"""One that does as it is told."""

import numpy as np

from trading.strategies.base import Strategy


class Odd(Strategy):
    """Does as it is told."""

    key = "odd"
    version = "1"
    summary = "Does as it is told"

    def warm_up(self, params):
        return 0

    def targets(self, bars, params):
        targets = np.ones(len(bars))
        {body}
        return targets
'''


@pytest.fixture
def odd(enqueue: Ask, execute: Ask, installation: Path) -> Ask:
    """Return a function that queues and executes a user's strategy with this body."""

    def run(body: str, **changes: Any) -> Any:
        folder = installation / "strategies"
        folder.mkdir(exist_ok=True)
        text = STRATEGY.replace("{body}", "\n        ".join(body.splitlines()))
        (folder / "odd.py").write_text(text, encoding="utf-8")
        sync_strategies()
        return execute(enqueue(strategy_key="odd", **changes))

    return run


@pytest.fixture
def limits(settings: Any) -> Callable[..., None]:
    """Return a function that changes limits of jobs and leases."""

    def change(**changes: Any) -> None:
        compute = settings.PLATFORM.compute.model_copy(update=changes)
        settings.PLATFORM = settings.PLATFORM.model_copy(update={"compute": compute})

    return change
