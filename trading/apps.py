"""Django's registration of the app."""

from django.apps import AppConfig


class TradingConfig(AppConfig):
    """The app `trading`."""

    name = "trading"
