"""By what the list of examinations can be narrowed."""

from django_filters import rest_framework as filters

from common.api.boolean_filter import BooleanFilter
from common.api.moment_filter import MomentFilter
from research.models import Examination


class ExaminationFilter(filters.FilterSet):
    """Examinations."""

    run = filters.NumberFilter(
        field_name="run_id", decimal_places=0, help_text="Number of the run examined"
    )
    sweep = filters.NumberFilter(
        field_name="sweep_id", decimal_places=0, help_text="Number of the sweep examined"
    )
    passed = BooleanFilter(field_name="passed", help_text="Of tools that judge: whether it passed")
    created_after = MomentFilter(
        field_name="created_at", lookup_expr="gte", help_text="At this time or later"
    )
    created_before = MomentFilter(
        field_name="created_at", lookup_expr="lt", help_text="Before this time"
    )

    class Meta:
        model = Examination
        fields = ["tool"]
