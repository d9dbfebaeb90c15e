"""The process of one job, forked from the fork server: it runs a strategy and an engine.

It has no credentials, no connection and no Django; what it is told and what it answers are
files in the job's folder.
"""

import ctypes
import os
import random
import signal
import sys
from multiprocessing import forkserver
from pathlib import Path
from typing import Final

import numpy as np

from common.domain.errors import PlatformError
from common.domain.memory import peak_rss_bytes
from research.compute import code_answers, processes, run_answers, set_answers, set_files
from research.compute.failures import describe_error
from research.compute.job_files import JobError
from research.compute.result_files import JobResult, write_result
from research.engines.exceptions import UnsupportedFeature

_SET_DEATH_SIGNAL: Final = 1  # PR_SET_PDEATHSIG, prctl(2)
_SET_SUBREAPER: Final = 36  # PR_SET_CHILD_SUBREAPER, prctl(2)


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
    if (job / set_files.REQUEST).exists():
        return set_answers.answer(job)
    if (job / code_answers.REQUEST).exists():
        return code_answers.answer(job)
    return run_answers.answer(job)


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
