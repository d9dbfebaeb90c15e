"""By what lists of strategies can be narrowed."""

from typing import Any, override

from django.db.models import Exists, OuterRef, QuerySet
from django_filters import rest_framework as filters

from common.api.boolean_filter import BooleanFilter
from trading.models import StrategyVersion

_OF_A_VERSION = ("origin", "contract", "is_present")


class StrategyFilter(filters.FilterSet):
    """Strategies, by their key or by what one of their versions is."""

    key = filters.CharFilter()
    origin = filters.ChoiceFilter(choices=[("library", "library"), ("user", "user")])
    contract = filters.ChoiceFilter(choices=[("targets", "targets"), ("quotes", "quotes")])
    is_present = BooleanFilter()

    @override
    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the strategies with one version for which everything asked for holds."""
        asked = {
            name: value
            for name in _OF_A_VERSION
            if (value := self.form.cleaned_data[name]) not in {None, ""}
        }
        if asked:
            versions = StrategyVersion.objects.filter(strategy=OuterRef("pk"), **asked)
            queryset = queryset.filter(Exists(versions))
        found: QuerySet[Any] = self.filters["key"].filter(queryset, self.form.cleaned_data["key"])
        return found
