"""The process of one job, forked from the fork server: it runs a strategy and an engine.

It has no credentials, no connection and no Django; what it is told and what it answers are
files in the job's folder.
"""

import ctypes
import os
import random
import signal
import sys
import time
from multiprocessing import forkserver
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np

from common.domain.errors import PlatformError
from common.domain.memory import peak_rss_bytes
from research.compute import job_files, processes
from research.compute.failures import describe_error
from research.compute.job_files import JobError, LoadedStrategy
from research.compute.market_files import JobMarket, read_market
from research.compute.result_files import JobResult, write_result
from research.domain.backtest import BacktestRequest
from research.engines.base import Progress
from research.engines.exceptions import UnsupportedFeature
from research.engines.registry import get_engine
from research.exceptions import MarketChanged
from trading.strategies import registry
from trading.strategies.base import Contract, Definition, Strategy
from trading.strategies.quoting import QuotingStrategy
from trading.strategies.registry import WrongContract

_SET_DEATH_SIGNAL: Final = 1  # PR_SET_PDEATHSIG, prctl(2)
_SET_SUBREAPER: Final = 36  # PR_SET_CHILD_SUBREAPER, prctl(2)
_MARKET_POLL_SECONDS: Final = 0.005
_PROGRESS_SECONDS: Final = 0.2


def run_job(folder: str) -> None:
    """Do the job of a folder and end this process; its error is a result like any other."""
    _stand_alone()
    job = Path(folder)
    try:
        result = _answer(job)
    except PlatformError as error:
        refused = isinstance(error, UnsupportedFeature)
        result = _failed(JobError.of(error, is_refusal=refused))
    # A strategy may raise anything, and may even ask the process to end.
    except BaseException as error:  # noqa: BLE001 - the outermost: it is reported
        result = _failed(
            JobError(code="unexpected_failure", detail=describe_error(error), extra={})
        )
    write_result(job, result)
    _end()


def answer_nothing() -> None:
    """End at once: whoever waited for this process knows that the fork server is ready."""
    forget_server()


def forget_server() -> None:
    """Close this process's end of the pipe that keeps the fork server alive.

    Every child inherits it. The server ends when the last end is closed, and with it its
    children: only so does the death of a worker end the job that it started.
    """
    server = forkserver._forkserver  # noqa: SLF001 - nothing public closes it
    alive = server._forkserver_alive_fd  # type: ignore[attr-defined]  # noqa: SLF001
    if alive is not None:
        os.close(alive)
        server._forkserver_alive_fd = None  # type: ignore[attr-defined]  # noqa: SLF001


def _stand_alone() -> None:
    server = os.getppid()
    libc = ctypes.CDLL(None, use_errno=True)
    # The server's death ends this process at once, also inside native code.
    libc.prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
    # What the strategy starts stays below this process, where it is found and ended.
    libc.prctl(_SET_SUBREAPER, 1)
    forget_server()
    if os.getppid() != server:
        os._exit(1)
    os.setsid()
    # Should memory end all the same, the kernel takes this process before any other.
    Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    # Forked from one parent, all children would draw the same numbers.
    random.seed()
    np.random.seed(int.from_bytes(os.urandom(4)))  # noqa: NPY002 - the global state is meant


def _answer(job: Path) -> JobResult:
    asked = job_files.read_request(job)
    question = asked.question
    definition = registry.get_definition(question.strategy_key, asked.strategy_folder)
    if not isinstance(definition, Strategy | QuotingStrategy):
        raise WrongContract(definition, Contract.TARGETS)
    request = BacktestRequest(
        strategy=definition,
        params=definition.admit(question.params),
        cash=question.cash,
        costs=question.costs,
        sizing=question.sizing,
        account=question.account,
        rebalance=question.rebalance,
        settings=question.settings,
        seed=question.seed,
    )
    job_files.write_strategy(job, _describe(definition, request))
    market = _await_market(job)
    began = perf_counter()
    engine = get_engine(question.engine)
    facts = engine.run(request, market.market, _noting_progress(job))
    seconds = perf_counter() - began
    if not market.is_unchanged:
        raise MarketChanged(
            f"the bars of {market.market.instrument.id} were changed during the run: a strategy"
            " must only read them",
            instrument=str(market.market.instrument.id),
        )
    return JobResult(
        facts=facts, error=None, engine_seconds=seconds, peak_rss_bytes=peak_rss_bytes()
    )


def _describe(definition: Definition, request: BacktestRequest) -> LoadedStrategy:
    origin = "library" if definition.key in registry.LIBRARY else "user"
    shown = registry.describe(definition, origin)
    params = request.params
    return LoadedStrategy(
        key=shown.key,
        version=shown.version,
        source_hash=shown.source_hash,
        contract=str(shown.contract),
        summary=shown.summary,
        origin=shown.origin,
        params=params,
        warm_up=definition.warm_up(params) if isinstance(definition, Strategy) else 0,
        parameters=[*shown.parameters],
        default_warm_up=shown.warm_up,
    )


def _await_market(job: Path) -> JobMarket:
    while not (job / job_files.MARKET).exists():
        time.sleep(_MARKET_POLL_SECONDS)
    return read_market(job)


def _noting_progress(job: Path) -> Progress:
    noted = 0.0

    def note(done: float) -> None:
        nonlocal noted
        now = perf_counter()
        if now - noted >= _PROGRESS_SECONDS:
            noted = now
            job_files.write_progress(job, done)

    return note


def _failed(error: JobError) -> JobResult:
    return JobResult(facts=None, error=error, engine_seconds=None, peak_rss_bytes=peak_rss_bytes())


def _end() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    for pid in processes.descendants(os.getpid()):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    # No handler of a framework may hold the process back, or add to what it answered.
    os._exit(0)
