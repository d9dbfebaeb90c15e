"""A time by which a list can be narrowed."""

from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from rest_framework.exceptions import ValidationError


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
