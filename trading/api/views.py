"""Strategies, from rows: no code of a strategy runs here; and the indicators they may use."""

from typing import Final

from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.content_etag import ContentETagMixin
from common.api.etag import ETagUpdateMixin
from common.indicators.registry import list_indicators
from trading.api import filters, serializers
from trading.models import Strategy

_VIEWERS: Final = ("trading.view_strategy",)


class StrategyViewSet(ContentETagMixin, ETagUpdateMixin, viewsets.ReadOnlyModelViewSet[Strategy]):
    """Strategies and their versions; what one is derived from can be recorded."""

    queryset = Strategy.objects.select_related("derived_from").prefetch_related("versions")
    serializer_class = serializers.StrategySerializer
    filterset_class = filters.StrategyFilter
    lookup_field = "key"
    lookup_value_converter = "slug"


class IndicatorViewSet(viewsets.ViewSet):
    """The indicators that strategies may use, as `list_indicators` lists them."""

    # Of the other methods a viewer learns that there are none.
    required_permissions = dict.fromkeys(
        ("list", "metadata", "post", "put", "patch", "delete"), _VIEWERS
    )

    @extend_schema(responses=serializers.IndicatorsSerializer)
    def list(self, request: Request) -> Response:  # noqa: ARG002 - the framework's signature
        """Return inputs, parameters, outputs and warm-up of every indicator."""
        return Response({"indicators": [each.describe() for each in list_indicators()]})
