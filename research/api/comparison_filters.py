"""By what the list of comparisons can be narrowed."""

from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from rest_framework.exceptions import ValidationError

from research.models import Comparison


class MomentFilter(filters.IsoDateTimeFilter):
    """A time, compared in UTC: PostgreSQL refuses offsets of sixteen hours and more."""

    def filter(self, qs: QuerySet[Any], value: datetime | None) -> QuerySet[Any]:
        """Return the rows on that side of it.

        Raises
        ------
        ValidationError
            If the time in UTC has no year.
        """
        try:
            moment = None if value is None else value.astimezone(UTC)
        except OverflowError as e:
            raise ValidationError({str(self.field_name): ["Out of range."]}) from e
        found: QuerySet[Any] = super().filter(qs, moment)
        return found


class ComparisonFilter(filters.FilterSet):
    """Comparisons."""

    experiment = filters.CharFilter(field_name="experiment__name")
    strategy = filters.CharFilter(field_name="strategy_version__strategy__key")
    venue = filters.CharFilter(field_name="dataset__series__instrument__venue__code")
    symbol = filters.CharFilter(field_name="dataset__series__instrument__symbol")
    dataset = filters.CharFilter(field_name="dataset__hash")
    run = filters.NumberFilter(
        field_name="compared_runs__run",
        distinct=True,
        decimal_places=0,
        help_text="Number of a run that is part",
    )
    created_after = MomentFilter(
        field_name="created_at", lookup_expr="gte", help_text="At this time or later"
    )
    created_before = MomentFilter(
        field_name="created_at", lookup_expr="lt", help_text="Before this time"
    )

    class Meta:
        model = Comparison
        fields = ["verdict"]
