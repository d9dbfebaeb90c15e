"""Strategies in the back office."""

from typing import Any, override

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.admin import TabularInline

import trading.admin_promotions  # noqa: F401 - registers its pages
import trading.admin_thresholds  # noqa: F401 - registers its pages
from common.admin import MirrorAdmin, ReadOnlyAdmin
from common.domain.errors import PlatformError
from trading.models import Strategy, StrategyVersion
from trading.selectors.promotion_tables import configuration, step_rows
from trading.selectors.promotions import (
    current_promotions,
    pending_requests,
    promotions_of,
)
from trading.services.lineage import check_origin


class StrategyVersionInline(TabularInline):
    """The versions of a strategy."""

    model = StrategyVersion
    fields = ["version", "source_hash", "origin", "is_present", "created_at"]
    readonly_fields = fields
    ordering = ["-pk"]
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Refuse: versions come from source files."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Refuse: versions are source files."""
        return False


class StrategyForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in its stubs only
    """What a strategy is derived from."""

    def clean_derived_from(self) -> Strategy | None:
        """Refuse a circle.

        Raises
        ------
        ValidationError
            If it would be one.
        """
        origin: Strategy | None = self.cleaned_data["derived_from"]
        try:
            check_origin(strategy=self.instance, origin=origin)
        except PlatformError as error:
            raise forms.ValidationError(error.detail, code=error.code) from error
        return origin


@admin.register(Strategy)
class StrategyAdmin(MirrorAdmin):
    """Strategies: what each is derived from decides whose trials count for it."""

    form = StrategyForm
    list_display = ["key", "derived_from", "created_at"]
    list_select_related = ["derived_from"]
    search_fields = ["key"]
    fields = ["key", "derived_from", "created_at", "updated_at"]
    readonly_fields = ["key", "created_at", "updated_at"]
    inlines = [StrategyVersionInline]
    change_form_before_template = "trading/admin/strategy.html"

    @override
    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show stages and what led to them above the row."""
        strategy = context.get("original")
        if isinstance(strategy, Strategy):
            context |= _stages(strategy)
        page: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return page


@admin.register(StrategyVersion)
class StrategyVersionAdmin(ReadOnlyAdmin):
    """States of a strategy's source."""

    list_display = ["strategy", "version", "origin", "is_present", "summary"]
    list_filter = ["origin", "contract", "is_present"]
    list_select_related = ["strategy"]
    search_fields = ["strategy__key", "source_hash"]


def _stages(strategy: Strategy) -> dict[str, Any]:
    of_strategy = {"strategy_version__strategy": strategy}
    headers = ["when", "version", "what", "step", "asked, approved", "reason"]
    return {
        "stages": [
            (step, configuration(step))
            for step in current_promotions().filter(**of_strategy).order_by("-pk")
        ],
        "waiting": [
            (request, configuration(request))
            for request in pending_requests().filter(**of_strategy)
        ],
        "history": {"headers": headers, "rows": step_rows(promotions_of(strategy))},
    }
