"""Django's registration of the app."""

from django.apps import AppConfig


class PortfolioConfig(AppConfig):
    """The app `portfolio`."""

    name = "portfolio"
