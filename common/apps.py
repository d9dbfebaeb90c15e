"""The Django application of what all apps share."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CommonConfig(AppConfig):
    """Idempotency records and roles."""

    name = "common"

    def ready(self) -> None:
        """Register the checks; keep the groups of the roles in step with their table."""
        from common import checks  # noqa: F401 - importing registers them
        from common.roles import sync_after_migrate

        post_migrate.connect(sync_after_migrate, dispatch_uid="common.roles")
