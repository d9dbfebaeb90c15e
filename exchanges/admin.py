"""Venues, instruments and series in the back office."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from common.admin import ReadOnlyAdmin
from exchanges.models import Instrument, Series, Venue


@admin.register(Venue)
class VenueAdmin(ModelAdmin):
    """Venues: their names can be edited, their codes name folders of the store."""

    list_display = ["code", "name", "is_synthetic", "created_at"]
    search_fields = ["code", "name"]
    fields = ["code", "name", "is_synthetic", "created_at", "updated_at"]
    readonly_fields = ["code", "is_synthetic", "created_at", "updated_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """Refuse: a venue comes with its first data."""
        return False


@admin.register(Instrument)
class InstrumentAdmin(ModelAdmin):
    """Instruments: the sizes orders must respect can be edited."""

    list_display = ["symbol", "venue", "market_type", "lot", "tick", "min_notional"]
    list_filter = ["venue", "market_type"]
    list_select_related = ["venue"]
    search_fields = ["symbol", "venue__code"]
    fields = [
        "venue",
        "symbol",
        "market_type",
        "lot",
        "tick",
        "min_notional",
        "created_at",
        "updated_at",
    ]
    readonly_fields = ["venue", "symbol", "market_type", "created_at", "updated_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """Refuse: an instrument comes with its first data."""
        return False


@admin.register(Series)
class SeriesAdmin(ReadOnlyAdmin):
    """What is stored."""

    list_display = ["instrument", "kind", "timeframe", "rows", "start_at", "end_at", "gaps"]
    list_filter = ["kind", "timeframe", "instrument__venue"]
    search_fields = ["instrument__symbol"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read the venue with the series, which its name needs."""
        rows: QuerySet[Any] = super().get_queryset(request).select_related("instrument__venue")
        return rows
