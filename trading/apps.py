"""Django's registration of the app."""

from typing import Any, Final

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate

from common.append_only import FrozenRows, install_present

PROMOTIONS: Final = FrozenRows(
    "trading_promotion", "OLD.id IS NOT NULL", "a promotion is never changed or removed"
)
PROMOTION_REQUESTS: Final = FrozenRows(
    "trading_promotionrequest",
    "OLD.decided_at IS NOT NULL",
    "a decided request is never changed or removed",
)
THRESHOLDS: Final = FrozenRows(
    "trading_gatethreshold", "OLD.id IS NOT NULL", "a threshold is never changed or removed"
)
THRESHOLD_REQUESTS: Final = FrozenRows(
    "trading_thresholdrequest",
    "OLD.decided_at IS NOT NULL",
    "a decided request is never changed or removed",
)
FROZEN: Final = (PROMOTIONS, PROMOTION_REQUESTS, THRESHOLDS, THRESHOLD_REQUESTS)


def _freeze_records(using: str, **_: Any) -> None:
    install_present(connections[using], FROZEN)


class TradingConfig(AppConfig):
    """The app `trading`."""

    name = "trading"

    def ready(self) -> None:
        """Install the triggers of what is never changed after every migration."""
        post_migrate.connect(_freeze_records, sender=self)
