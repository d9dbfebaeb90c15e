"""Venues, instruments, series and what is in them in the back office."""

from typing import Any, override

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse

from common.admin import MirrorAdmin, ReadOnlyAdmin, exact
from common.domain.enums import SeriesKind
from common.domain.errors import PlatformError
from exchanges.models import Instrument, Series, Venue
from exchanges.selectors.bars import latest_bars
from exchanges.selectors.events import latest_hours

_SIZES = ("lot", "tick", "min_notional")
_SHOWN_BARS = 100
_SHOWN_HOURS = 100


@admin.register(Venue)
class VenueAdmin(MirrorAdmin):
    """Venues: their names can be edited, their codes name folders of the store."""

    list_display = ["code", "name", "is_synthetic", "created_at"]
    list_filter = ["is_synthetic"]
    search_fields = ["code", "name"]
    fields = ["code", "name", "is_synthetic", "created_at", "updated_at"]
    readonly_fields = ["code", "is_synthetic", "created_at", "updated_at"]


class InstrumentForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in stubs only
    """The sizes that orders must respect."""

    def clean(self) -> dict[str, Any]:
        """Refuse sizes that no order could respect."""
        cleaned = super().clean() or {}
        for name in _SIZES:
            size = cleaned.get(name)
            if size is not None and size <= 0:
                self.add_error(name, f"{size} is not positive.")
        return cleaned


@admin.register(Instrument)
class InstrumentAdmin(MirrorAdmin):
    """Instruments: the sizes orders must respect can be edited."""

    form = InstrumentForm
    list_display = ["symbol", "venue", "market_type", *map(exact, _SIZES)]
    list_filter = ["venue", "market_type"]
    list_select_related = ["venue"]
    search_fields = ["symbol", "venue__code"]
    fields = ["venue", "symbol", "market_type", *_SIZES, "created_at", "updated_at"]
    readonly_fields = ["venue", "symbol", "market_type", "created_at", "updated_at"]


@admin.register(Series)
class SeriesAdmin(ReadOnlyAdmin):
    """What is stored, with its latest bars or hours."""

    list_display = ["instrument", "kind", "timeframe", "rows", "start_at", "end_at", "gaps"]
    list_filter = ["kind", "timeframe", "instrument__venue"]
    list_select_related = ["instrument__venue"]
    search_fields = ["instrument__symbol", "instrument__venue__code"]
    change_form_after_template = "exchanges/admin/series.html"

    @override
    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add the latest bars, or the latest hours of events."""
        series = context.get("original")
        if isinstance(series, Series):
            try:
                context |= _latest(series)
            except PlatformError as error:
                messages.error(request, error.detail)
        page: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return page


def _latest(series: Series) -> dict[str, Any]:
    if series.kind == SeriesKind.BARS:
        return {"bars": latest_bars(key=series.key, count=_SHOWN_BARS)}
    if series.kind == SeriesKind.EVENTS:
        return {"hours": latest_hours(key=series.key, count=_SHOWN_HOURS)}
    return {}
