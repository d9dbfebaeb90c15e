"""Strategies in the back office."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import TabularInline

from common.admin import MirrorAdmin, ReadOnlyAdmin
from common.domain.errors import PlatformError
from trading.models import Strategy, StrategyVersion
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


@admin.register(StrategyVersion)
class StrategyVersionAdmin(ReadOnlyAdmin):
    """States of a strategy's source."""

    list_display = ["strategy", "version", "origin", "is_present", "summary"]
    list_filter = ["origin", "contract", "is_present"]
    list_select_related = ["strategy"]
    search_fields = ["strategy__key", "source_hash"]
