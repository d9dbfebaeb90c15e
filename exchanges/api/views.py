"""Venues, instruments, series and bars."""

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.etag import ETagMixin, ETagUpdateMixin
from common.api.rows import (
    ROWS_RENDERERS,
    PeriodQuerySerializer,
    RowsMixin,
    next_link,
    read_query,
)
from common.domain.time import format_utc
from exchanges.api import filters, serializers
from exchanges.api.rows import BarRows
from exchanges.models import Instrument, Series, Venue
from exchanges.selectors.bars import read_page


class VenueViewSet(ETagUpdateMixin, viewsets.ReadOnlyModelViewSet[Venue]):
    """Places of trading, and the synthetic venue."""

    queryset = Venue.objects.all()
    serializer_class = serializers.VenueSerializer
    filterset_class = filters.VenueFilter
    lookup_value_converter = "int"


class InstrumentViewSet(ETagUpdateMixin, viewsets.ReadOnlyModelViewSet[Instrument]):
    """Things traded at a venue, with the sizes their orders must respect."""

    queryset = Instrument.objects.select_related("venue")
    serializer_class = serializers.InstrumentSerializer
    filterset_class = filters.InstrumentFilter
    lookup_value_converter = "int"


class SeriesViewSet(RowsMixin, ETagMixin, viewsets.ReadOnlyModelViewSet[Series]):
    """What is stored."""

    queryset = Series.objects.select_related("instrument__venue")
    serializer_class = serializers.SeriesSerializer
    filterset_class = filters.SeriesFilter
    lookup_value_converter = "int"

    @extend_schema(
        parameters=[PeriodQuerySerializer],
        responses={
            (200, "application/json"): serializers.BarsSerializer,
            (200, "text/csv"): OpenApiResponse(str),
        },
        filters=False,
    )
    @action(detail=True, filter_backends=[], renderer_classes=ROWS_RENDERERS)
    def bars(self, request: Request, pk: int | None = None) -> Response:  # noqa: ARG002
        """Return the bars that open in `[start, end)`, oldest first, as JSON or CSV.

        If there are more than `limit`, `next_start` says where the next request
        begins; so does the header `Link`.
        """
        series: Series = self.get_object()
        wanted = read_query(request, PeriodQuerySerializer)
        page = read_page(
            key=series.key, start_ns=wanted.start_ns, end_ns=wanted.end_ns, limit=wanted.limit
        )
        following = None if page.next_ns is None else format_utc(page.next_ns)
        return self.answer_rows(
            BarRows(series.key, page),
            filename=str(series.key).translate({ord(each): "-" for each in "/: "}),
            next_page=following and next_link(request, "start", following),
        )
