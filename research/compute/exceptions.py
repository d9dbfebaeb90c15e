"""How a job can end other than by its own word."""

from common.domain.errors import ExternalError, Extra, InvalidInput, PlatformError


class MemoryBudgetExceeded(InvalidInput):
    """The job would take more memory than one may: it is not started."""

    code = "memory_budget_exceeded"


class MemoryCapExceeded(ExternalError):
    """The job took more memory than one may, and was ended."""

    code = "memory_cap_exceeded"


class TimeLimitExceeded(ExternalError):
    """The job took longer than one may, and was ended."""

    code = "time_limit_exceeded"


class WorkerSilent(ExternalError):
    """The job neither worked nor reported for too long, and was ended."""

    code = "worker_silent"


class WorkerLost(ExternalError):
    """The process of the job ended without a word."""

    code = "worker_lost"


class InvalidJobFile(ExternalError):
    """A file between the worker and its job does not hold what it must."""

    code = "invalid_job_file"


class ReportedError(PlatformError):
    """What a child ended with, under the code that it had there."""

    def __init__(self, code: str, detail: str, **extra: Extra) -> None:
        super().__init__(detail, **extra)
        self.code = code  # type: ignore[misc]  # of each error here, of the class elsewhere


class StrategyRaised(PlatformError):
    """The code of a strategy raised an error of its own."""

    code = "strategy_raised"
