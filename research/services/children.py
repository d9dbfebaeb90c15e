"""Children of the fork server as the configuration wants them, and what they report."""

import uuid
from pathlib import Path
from typing import Final

from django.conf import settings

from research.compute import fork_server
from research.compute.exceptions import ReportedError
from research.compute.fork_server import Preload
from research.compute.job import Limits
from research.compute.job_files import LoadedStrategy
from research.compute.result_files import JobResult
from trading.strategies.base import Contract
from trading.strategies.registry import StrategyDescription

_MB: Final = 1_000_000


def ensure_ready() -> None:
    """Start the fork server with the configured engines unless it runs.

    Raises
    ------
    WorkerLost
        If it ends meanwhile.
    """
    compute = settings.PLATFORM.compute
    preload = Preload(engines=compute.engines, cpus=compute.cpu_set)
    fork_server.ensure_ready(preload, idle_seconds=compute.idle_seconds)


def job_root() -> Path:
    """Return where the folders of jobs lie, on the worker's own disk."""
    return Path(settings.VAR) / "jobs"


def new_job_folder(name: str) -> Path:
    """Make a folder for a job, which only the user of this process reads."""
    folder = job_root() / f"{name}-{uuid.uuid4().hex[:8]}"
    folder.mkdir(parents=True, mode=0o700)
    return folder


def job_limits() -> Limits:
    """Return what one job may take, as it is configured."""
    compute = settings.PLATFORM.compute
    return Limits(
        memory_bytes=compute.job_memory_mb * _MB,
        seconds=compute.job_seconds,
        silence_seconds=compute.silence_seconds,
    )


def describe_loaded(strategy: LoadedStrategy) -> StrategyDescription:
    """Return the description of the strategy that a child has loaded."""
    return StrategyDescription(
        key=strategy.key,
        version=strategy.version,
        summary=strategy.summary,
        source_hash=strategy.source_hash,
        contract=Contract(strategy.contract),
        parameters=strategy.parameters,
        warm_up=strategy.default_warm_up,
        origin=strategy.origin,
    )


def check_result(result: JobResult) -> None:
    """Raise the error that a child ended with, if it did.

    Raises
    ------
    ReportedError
        Under the child's own code.
    """
    error = result.error
    if error is not None:
        raise ReportedError(error.code, error.detail, **error.extra)
