"""Strategies in the back office."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from common.admin import ReadOnlyAdmin
from trading.models import Strategy, StrategyVersion


class StrategyVersionInline(TabularInline):
    """The versions of a strategy."""

    model = StrategyVersion
    fields = ["version", "source_hash", "origin", "is_present", "created_at"]
    readonly_fields = fields
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Refuse: versions come from source files."""
        return False


@admin.register(Strategy)
class StrategyAdmin(ModelAdmin):
    """Strategies: what each is derived from decides whose trials count for it."""

    list_display = ["key", "derived_from", "created_at"]
    list_select_related = ["derived_from"]
    search_fields = ["key"]
    fields = ["key", "derived_from", "created_at", "updated_at"]
    readonly_fields = ["key", "created_at", "updated_at"]
    inlines = [StrategyVersionInline]

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """Refuse: strategies come from source files."""
        return False


@admin.register(StrategyVersion)
class StrategyVersionAdmin(ReadOnlyAdmin):
    """States of a strategy's source."""

    list_display = ["strategy", "version", "origin", "is_present", "summary"]
    list_filter = ["origin", "contract", "is_present"]
    list_select_related = ["strategy"]
    search_fields = ["strategy__key", "source_hash"]
