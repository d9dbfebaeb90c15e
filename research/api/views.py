"""Experiments, datasets, runs, fills, equity and engines."""

from typing import Any, Final, cast

from django.db.models import Model
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.serializers import BaseSerializer

from common.api.content_etag import ContentETagMixin
from common.api.etag import ETagDestroyMixin, ETagMixin, ETagUpdateMixin
from common.api.idempotency import idempotent
from common.api.rows import (
    ROWS_RENDERERS,
    PositionQuerySerializer,
    RowsMixin,
    next_link,
    read_query,
)
from common.domain.clock import SystemClock
from research.api import filters, serializers
from research.api.rows import FactRows, FillRows, MarkRows
from research.api.run_requests import RunRequestSerializer
from research.engines.registry import list_engines
from research.models import Dataset, Experiment, Run
from research.selectors.fact_pages import read_fact_page
from research.selectors.runs import get_run, list_experiments, list_runs
from research.services import queue

_VIEWERS: Final = ("research.view_run",)


class ExperimentViewSet(
    ContentETagMixin,
    ETagUpdateMixin,
    ETagDestroyMixin,
    mixins.CreateModelMixin,
    viewsets.ReadOnlyModelViewSet[Experiment],
):
    """Questions; one that has runs cannot be removed."""

    queryset = list_experiments()
    serializer_class = serializers.ExperimentSerializer
    filterset_class = filters.ExperimentFilter
    lookup_value_converter = "int"

    @idempotent
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Ask a question."""
        return super().create(request, *args, **kwargs)

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        """Note who asked."""
        serializer.save(created_by=self.request.user)


class DatasetViewSet(ETagMixin, viewsets.ReadOnlyModelViewSet[Dataset]):
    """Stretches of series as runs used them."""

    queryset = Dataset.objects.select_related("series__instrument__venue")
    serializer_class = serializers.DatasetSerializer
    filterset_class = filters.DatasetFilter
    lookup_value_converter = "int"
    etag_field = "hash"


class RunViewSet(RowsMixin, ContentETagMixin, viewsets.ReadOnlyModelViewSet[Run]):
    """Runs with what they left."""

    queryset = list_runs()
    filterset_class = filters.RunFilter
    lookup_value_converter = "int"
    etag_field = "status"
    describing_actions = frozenset({"create", "cancel"})
    # Who may begin a run may end one.
    required_permissions = {"cancel": ("research.add_run",)}

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        """Return a short form for lists, and what is sent to have a run."""
        if self.action == "list":
            return serializers.RunListSerializer
        return RunRequestSerializer if self.action == "create" else serializers.RunSerializer

    def describe(self, instance: Model) -> Any:
        """Return a run as its own page shows it."""
        return serializers.RunSerializer(cast("Run", instance)).data

    @extend_schema(request=RunRequestSerializer, responses={202: serializers.RunSerializer})
    @idempotent
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002
        """Put a run into the queue; its address tells how far it is."""
        asked = RunRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        queued = queue.enqueue(question=asked.question(), user_id=request.user.pk)
        address = reverse("run-detail", args=[queued.pk], request=request)
        return self._answer(get_run(queued.pk), headers={"Location": address})

    @extend_schema(
        request=None, responses={200: serializers.RunSerializer, 202: serializers.RunSerializer}
    )
    @action(detail=True, methods=["post"], filter_backends=[], pagination_class=None)
    @idempotent
    def cancel(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        """End a run: 200 if it has ended, 202 while its worker ends its process."""
        run: Run = self.get_object()
        return self._answer(queue.cancel(run_id=run.pk, at=SystemClock().now()))

    def _answer(self, run: Run, *, headers: dict[str, str] | None = None) -> Response:
        self.tag(run)
        is_final = run.finished_at is not None
        return Response(self.describe(run), status=200 if is_final else 202, headers=headers)

    @extend_schema(
        parameters=[PositionQuerySerializer],
        responses={
            (200, "application/json"): serializers.FillsSerializer,
            (200, "text/csv"): OpenApiResponse(str),
        },
        filters=False,
    )
    @action(
        detail=True, filter_backends=[], renderer_classes=ROWS_RENDERERS, pagination_class=None
    )
    def fills(self, request: Request, pk: int | None = None) -> Response:  # noqa: ARG002
        """Return the executions of `[start, end)`, oldest first, as JSON or CSV."""
        return self._answer_facts("fills", FillRows)

    @extend_schema(
        parameters=[PositionQuerySerializer],
        responses={
            (200, "application/json"): serializers.MarksSerializer,
            (200, "text/csv"): OpenApiResponse(str),
        },
        filters=False,
    )
    @action(
        detail=True, filter_backends=[], renderer_classes=ROWS_RENDERERS, pagination_class=None
    )
    def equity(self, request: Request, pk: int | None = None) -> Response:  # noqa: ARG002
        """Return the equity at the close of each bar of `[start, end)`, oldest first."""
        return self._answer_facts("equity", MarkRows)

    def _answer_facts(self, kind: str, rows: type[FactRows]) -> Response:
        run: Run = self.get_object()
        wanted = read_query(self.request, PositionQuerySerializer)
        page = read_fact_page(
            run,
            kind,
            start_ns=wanted.start_ns,
            end_ns=wanted.end_ns,
            offset=wanted.offset,
            limit=wanted.limit,
        )
        after, before = wanted.offset + len(page), max(0, wanted.offset - wanted.limit)
        next_page = next_link(self.request, "offset", after) if after < page.count else None
        previous_page = next_link(self.request, "offset", before) if wanted.offset else None
        return self.answer_rows(
            rows(page, next_page, previous_page),
            filename=f"run-{run.pk}-{kind}",
            next_page=next_page,
        )


class EngineViewSet(viewsets.ViewSet):
    """The engines that run backtests, as `list_engines` lists them."""

    # Of the other methods a viewer learns that there are none.
    required_permissions = dict.fromkeys(
        ("list", "metadata", "post", "put", "patch", "delete"), _VIEWERS
    )

    @extend_schema(responses=serializers.EnginesSerializer)
    def list(self, request: Request) -> Response:  # noqa: ARG002 - the framework's signature
        """Return every engine, installed or not, and what it can do; none is loaded."""
        return Response({"engines": [engine.describe() for engine in list_engines()]})
