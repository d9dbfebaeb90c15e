"""What can go wrong with experiments and runs."""

from common.domain.errors import (
    Conflict,
    ExternalError,
    InvalidArgument,
    InvalidInput,
    NotFound,
    PlatformError,
)


class UnknownRun(NotFound):
    """No run has that number."""

    code = "unknown_run"


class NoBarsInPeriod(InvalidInput):
    """Nothing is stored in the period asked for."""

    code = "no_bars"


class DirtyData(Conflict):
    """The bars have errors, and the run does not say it accepts them."""

    code = "dirty_data"


class FundingMissing(Conflict):
    """A perpetual without the funding rates of the period."""

    code = "funding_missing"


class DetailMissing(Conflict):
    """Finer bars were asked for and are not stored for the period."""

    code = "detail_missing"


class AccountRuined(Conflict):
    """Equity fell to zero or below: the run ends there."""

    code = "account_ruined"


class RunNotRunning(Conflict):
    """The run has ended, or belongs to another process."""

    code = "run_not_running"


class RunNotCancelable(Conflict):
    """The run has ended, or is out of reach."""

    code = "run_not_cancelable"


class Canceled(PlatformError):
    """Somebody asked to end the run."""

    code = "canceled"


class ArtefactDamaged(Conflict):
    """A file that a run left is missing or has another content."""

    code = "artefact_damaged"


class ArtefactNotWritten(ExternalError):
    """The disk refused what a run left: full, read-only, not permitted, or not there."""

    code = "artefact_not_written"


class MarketChanged(Conflict):
    """The bars are not those that were handed to the strategy."""

    code = "market_changed"


class SourceChanged(Conflict):
    """A strategy file is not the one that was read when the run began."""

    code = "source_changed"


class Interrupted(PlatformError):
    """A signal ended the work before it was done."""

    code = "interrupted"


class UnexpectedFailure(PlatformError):
    """Code of a strategy or of the platform raised what nobody anticipated; it is the cause."""

    code = "unexpected_failure"

    def __init__(self, detail: str, *, run_id: int) -> None:
        super().__init__(detail, run_id=run_id)
        self.run_id = run_id


class UnknownSweep(NotFound):
    """No sweep has that number."""

    code = "unknown_sweep"


class SweepNotRunning(Conflict):
    """The sweep has ended, or belongs to another process."""

    code = "sweep_not_running"


class SweepDiffers(Conflict):
    """A sweep cannot go on with another question than it began with."""

    code = "sweep_differs"


class SweepFailed(PlatformError):
    """Not one set of the sweep could be run."""

    code = "sweep_failed"


class UnsearchableSpace(InvalidArgument):
    """What is to be searched is not the axes of a grid."""

    code = "unsearchable_space"


class UnknownJob(NotFound):
    """No job has that number."""

    code = "unknown_job"


class JobNotCancelable(Conflict):
    """The job has ended."""

    code = "job_not_cancelable"


class WorkerStopping(Exception):
    """The worker ends; what it has goes back into the queue."""


class UnknownValidation(NotFound):
    """No validation has that number."""

    code = "unknown_validation"


class NotValidated(Conflict):
    """The sets that a strategy is chosen from could not all be tried."""

    code = "not_validated"


class UnknownTool(InvalidArgument):
    """No tool of validation has that name."""

    code = "unknown_tool"


class UnknownExamination(NotFound):
    """No examination has that number."""

    code = "unknown_examination"


class NotExaminable(Conflict):
    """A run or a sweep is in no state that a tool can say something about."""

    code = "not_examinable"
