"""By what the list of validations can be narrowed."""

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from common.api.moment_filter import MomentFilter
from research.models import Validation


class ValidationFilter(filters.FilterSet):
    """Validations."""

    verdict = filters.ChoiceFilter(
        choices=[("PASS", "all gates passed"), ("FAIL", "a gate failed")], method="by_verdict"
    )
    experiment = filters.CharFilter(field_name="experiment__name")
    strategy = filters.CharFilter(field_name="strategy_version__strategy__key")
    venue = filters.CharFilter(field_name="dataset__series__instrument__venue__code")
    symbol = filters.CharFilter(field_name="dataset__series__instrument__symbol")
    timeframe = filters.CharFilter(field_name="dataset__series__timeframe")
    dataset = filters.CharFilter(field_name="dataset__hash")
    sweep = filters.NumberFilter(
        field_name="sweep_id", decimal_places=0, help_text="Number of the sweep it was chosen from"
    )
    created_after = MomentFilter(
        field_name="created_at", lookup_expr="gte", help_text="At this time or later"
    )
    created_before = MomentFilter(
        field_name="created_at", lookup_expr="lt", help_text="Before this time"
    )

    class Meta:
        model = Validation
        fields: list[str] = []

    def by_verdict(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """Return those of that verdict."""
        return rows.filter(passed=value == "PASS")
