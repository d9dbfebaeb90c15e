"""By what the list of jobs can be narrowed."""

from django_filters import rest_framework as filters

from common.domain.enums import RunStatus
from research.models import Job


class JobFilter(filters.FilterSet):
    """Jobs by what is asked, and how they stand."""

    status = filters.MultipleChoiceFilter(
        choices=[(status.value, status.value) for status in RunStatus]
    )

    class Meta:
        model = Job
        fields = ["kind"]
