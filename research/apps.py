"""Django's registration of the app."""

from typing import Any, Final

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate

from common.append_only import FrozenRows, install

FINISHED_RUNS: Final = FrozenRows(
    "research_run", "OLD.finished_at IS NOT NULL", "a finished run is never changed or removed"
)


def _freeze_finished_runs(using: str, **_: Any) -> None:
    connection = connections[using]
    if FINISHED_RUNS.table in connection.introspection.table_names():
        install(connection, FINISHED_RUNS)


class ResearchConfig(AppConfig):
    """The app `research`."""

    name = "research"

    def ready(self) -> None:
        """Install the ledger's triggers after every migration."""
        post_migrate.connect(_freeze_finished_runs, sender=self)
