"""Venues, instruments, series and bars."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.etag import ETagMixin, ETagUpdateMixin
from common.api.renderers import BrowsableAPIRenderer
from common.domain.time import to_ns
from exchanges.api import filters, serializers
from exchanges.api.renderers import BarsCsvRenderer
from exchanges.models import Instrument, Series, Venue
from exchanges.selectors.bars import read_page


class VenueViewSet(ETagUpdateMixin, viewsets.ReadOnlyModelViewSet[Venue]):
    """Places of trading, and the synthetic venue."""

    queryset = Venue.objects.all()
    serializer_class = serializers.VenueSerializer
    filterset_class = filters.VenueFilter


class InstrumentViewSet(ETagUpdateMixin, viewsets.ReadOnlyModelViewSet[Instrument]):
    """Things traded at a venue, with the sizes their orders must respect."""

    queryset = Instrument.objects.select_related("venue")
    serializer_class = serializers.InstrumentSerializer
    filterset_class = filters.InstrumentFilter


class SeriesViewSet(ETagMixin, viewsets.ReadOnlyModelViewSet[Series]):
    """What is stored."""

    queryset = Series.objects.select_related("instrument__venue")
    serializer_class = serializers.SeriesSerializer
    filterset_class = filters.SeriesFilter
    query_parameters = ("start", "end", "limit")

    @extend_schema(
        parameters=[serializers.BarsQuerySerializer],
        responses={
            (200, "application/json"): serializers.BarsSerializer,
            (200, "text/csv"): OpenApiResponse(str),
        },
        filters=False,
    )
    @action(detail=True, renderer_classes=[JSONRenderer, BarsCsvRenderer, BrowsableAPIRenderer])
    def bars(self, request: Request, pk: str | None = None) -> Response:  # noqa: ARG002
        """Return the bars that open in `[start, end)`, oldest first, as JSON or CSV.

        No more than the configured number at a time; `next_start` says where
        the next request begins.
        """
        series: Series = self.get_object()
        query = serializers.BarsQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked: dict[str, Any] = query.validated_data
        most = settings.PLATFORM.api.max_bars_per_request
        page = read_page(
            key=series.key,
            start_ns=to_ns(asked["start"]) if "start" in asked else None,
            end_ns=to_ns(asked["end"]) if "end" in asked else None,
            limit=min(asked.get("limit", most), most),
        )
        return Response(page)
