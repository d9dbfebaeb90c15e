"""By what lists of promotions and requests can be narrowed."""

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from common.api.boolean_filter import BooleanFilter
from trading.domain.confirmations import RequestState
from trading.domain.stages import Stage
from trading.domain.thresholds import THRESHOLDS
from trading.models import Promotion, PromotionRequest, ThresholdRequest
from trading.selectors.promotions import current_promotions

_STAGES = [(stage.value, stage.value) for stage in Stage]
_STATES = [(state.value, state.value) for state in RequestState]


class PromotionFilter(filters.FilterSet):
    """Steps that were taken."""

    strategy = filters.CharFilter(field_name="strategy_version__strategy__key")
    to_stage = filters.ChoiceFilter(choices=_STAGES)
    is_current = BooleanFilter(method="of_current", help_text="Whether its stage holds")

    class Meta:
        model = Promotion
        fields = ["config_hash"]

    def of_current(self, queryset: QuerySet[Any], _name: str, value: bool) -> QuerySet[Any]:  # noqa: FBT001 - the library's signature
        """Return the last steps, or all others."""
        last = current_promotions().values("pk")
        return queryset.filter(pk__in=last) if value else queryset.exclude(pk__in=last)


class PromotionRequestFilter(filters.FilterSet):
    """Requests for steps."""

    strategy = filters.CharFilter(field_name="strategy_version__strategy__key")
    state = filters.ChoiceFilter(choices=_STATES)

    class Meta:
        model = PromotionRequest
        fields = ["config_hash"]


class ThresholdRequestFilter(filters.FilterSet):
    """Requests to ask less."""

    key = filters.ChoiceFilter(choices=[(key, key) for key in THRESHOLDS])
    state = filters.ChoiceFilter(choices=_STATES)

    class Meta:
        model = ThresholdRequest
        fields: list[str] = []
