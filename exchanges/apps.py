"""Django's registration of the app."""

from django.apps import AppConfig


class ExchangesConfig(AppConfig):
    """The app `exchanges`."""

    name = "exchanges"
