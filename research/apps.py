"""Django's registration of the app."""

from typing import Any, Final

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate

from common.append_only import FrozenRows, install_present

FINISHED_RUNS: Final = FrozenRows(
    "research_run", "OLD.finished_at IS NOT NULL", "a finished run is never changed or removed"
)

COMPARISONS: Final = FrozenRows(
    "research_comparison", "OLD.id IS NOT NULL", "a comparison is never changed or removed"
)
COMPARED_RUNS: Final = FrozenRows(
    "research_comparedrun", "OLD.id IS NOT NULL", "a comparison is never changed or removed"
)
FINISHED_SWEEPS: Final = FrozenRows(
    "research_sweep", "OLD.finished_at IS NOT NULL", "a finished sweep is never changed or removed"
)
TRIALS: Final = FrozenRows(
    "research_trial", "OLD.id IS NOT NULL", "a trial is never changed or removed"
)
VALIDATIONS: Final = FrozenRows(
    "research_validation", "OLD.id IS NOT NULL", "a validation is never changed or removed"
)
CHUNKS: Final = FrozenRows(
    "research_sweepchunk", "OLD.state = 'DONE'", "a finished chunk is never changed or removed"
)
EXAMINATIONS: Final = FrozenRows(
    "research_examination", "OLD.id IS NOT NULL", "an examination is never changed or removed"
)
FINISHED_JOBS: Final = FrozenRows(
    "research_job", "OLD.finished_at IS NOT NULL", "a finished job is never changed or removed"
)
FROZEN: Final = (
    FINISHED_RUNS, COMPARISONS, COMPARED_RUNS, FINISHED_SWEEPS, TRIALS, CHUNKS, VALIDATIONS,
    EXAMINATIONS, FINISHED_JOBS,
)  # fmt: skip


def _freeze_records(using: str, **_: Any) -> None:
    install_present(connections[using], FROZEN)


class ResearchConfig(AppConfig):
    """The app `research`."""

    name = "research"

    def ready(self) -> None:
        """Install the ledger's triggers after every migration."""
        post_migrate.connect(_freeze_records, sender=self)
