"""By what the list of sweeps can be narrowed."""

from django_filters import rest_framework as filters

from common.api.moment_filter import MomentFilter
from research.models import Sweep


class SweepFilter(filters.FilterSet):
    """Sweeps."""

    experiment = filters.CharFilter(field_name="experiment__name")
    strategy = filters.CharFilter(field_name="strategy_version__strategy__key")
    venue = filters.CharFilter(field_name="dataset__series__instrument__venue__code")
    symbol = filters.CharFilter(field_name="dataset__series__instrument__symbol")
    dataset = filters.CharFilter(field_name="dataset__hash")
    created_after = MomentFilter(
        field_name="created_at", lookup_expr="gte", help_text="At this time or later"
    )
    created_before = MomentFilter(
        field_name="created_at", lookup_expr="lt", help_text="Before this time"
    )

    class Meta:
        model = Sweep
        fields = ["status", "engine", "input_hash"]
