"""By what lists of strategies can be narrowed."""

from django_filters import rest_framework as filters

from trading.models import Strategy


class StrategyFilter(filters.FilterSet):
    """Strategies."""

    origin = filters.CharFilter(field_name="versions__origin", distinct=True)
    contract = filters.CharFilter(field_name="versions__contract", distinct=True)
    is_present = filters.BooleanFilter(field_name="versions__is_present", distinct=True)

    class Meta:
        model = Strategy
        fields = ["key"]
