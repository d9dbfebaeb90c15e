"""Strategies, from rows: no code of a strategy runs here."""

from django.db.models import Prefetch
from rest_framework import viewsets

from common.api.etag import ETagUpdateMixin
from trading.api import filters, serializers
from trading.models import Strategy, StrategyVersion


class StrategyViewSet(ETagUpdateMixin, viewsets.ReadOnlyModelViewSet[Strategy]):
    """Strategies and their versions; what one is derived from can be recorded."""

    queryset = Strategy.objects.select_related("derived_from").prefetch_related(
        Prefetch("versions", StrategyVersion.objects.order_by("-pk"))
    )
    serializer_class = serializers.StrategySerializer
    filterset_class = filters.StrategyFilter
    lookup_field = "key"
