"""A site of one model, by which the plumbing is tried."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError, transaction
from django.http import Http404
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

from common.api.etag import ETagDestroyMixin, ETagUpdateMixin
from common.api.idempotency import idempotent
from common.api.serializers import ModelSerializer
from common.domain.errors import (
    Conflict,
    ExternalError,
    InvalidArgument,
    InvalidInput,
    NotFound,
    NotPermitted,
    VenueError,
)

# What creating a group of a name does after the group is written.
EFFECTS: dict[str, Callable[[], Response | None]] = {}


class Unreachable(VenueError):
    code = "unreachable"
    retryable = True


def broken_check() -> None:
    raise IntegrityError("CHECK constraint failed: secret_table")


def duplicate_group() -> None:
    with transaction.atomic():
        Group.objects.create(name="twice")
        Group.objects.create(name="twice")


def raising(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


FAILURES: dict[str, Callable[[], None]] = {
    "argument": raising(InvalidArgument("period is 0, the least is 1", period=0)),
    "input": raising(InvalidInput("row 3 has no price", row=3)),
    "missing": raising(NotFound("no series BTC/USDT")),
    "refused": raising(NotPermitted("you may not")),
    "conflict": raising(Conflict("the run has ended")),
    "external": raising(ExternalError("the engine failed")),
    "unreachable": raising(Unreachable("no answer", retry_after_seconds=2.5)),
    "unreachable-untold": raising(Unreachable("no answer")),
    "http404": raising(Http404("nothing")),
    "denied": raising(PermissionDenied()),
    "django-validation": raising(DjangoValidationError({"name": ["too short"]})),
    "django-sentence": raising(DjangoValidationError("all wrong")),
    "nested": raising(
        serializers.ValidationError({"legs": [{}, {"price": ["must be positive"]}]})
    ),
    "bulk": raising(serializers.ValidationError([{}, {"name": ["too long"]}])),
    "duplicate": duplicate_group,
    "broken-check": broken_check,
    "bug": raising(RuntimeError("secret inside")),
}


class FailingView(APIView):
    required_permissions = {"get": ()}

    def get(self, request: Request, kind: str) -> Response:
        FAILURES[kind]()
        return Response()


class UndeclaredView(APIView):
    def get(self, request: Request) -> Response:
        return Response("open")


class UndeclaredViewSet(viewsets.ViewSet):
    def list(self, request: Request) -> Response:
        return Response("open")


class GroupSerializer(ModelSerializer[Group]):
    class Meta:
        model = Group
        fields = ["id", "name"]


class GroupViewSet(ETagUpdateMixin, ETagDestroyMixin, viewsets.ModelViewSet[Group]):
    queryset = Group.objects.all()
    serializer_class = GroupSerializer
    filterset_fields = ["name"]
    etag_field = "name"
    if_match_required = True
    required_permissions = {"rename": ("auth.change_group",)}

    @idempotent
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = super().create(request, *args, **kwargs)
        data: Any = request.data
        effect = EFFECTS.get(data.get("name", ""), lambda: None)
        return effect() or response

    @action(detail=True, methods=["post"])
    @transaction.atomic
    def rename(self, request: Request, pk: str | None = None) -> Response:
        group = self.get_object()
        data: Any = request.data
        group.name = data["name"]
        group.save()
        self.tag(group)
        if group.name == "forbidden":
            raise Conflict("the name is forbidden")
        return Response(self.get_serializer(group).data)


class OptionalGroupViewSet(GroupViewSet):
    if_match_required = False
    cursor_ordering = "name"


router = SimpleRouter()
router.register("groups", GroupViewSet)
router.register("optional-groups", OptionalGroupViewSet, basename="optional")
router.register("undeclared-set", UndeclaredViewSet, basename="undeclared")

urlpatterns = [
    path("api/v1/auth/", include("common.api.urls")),
    path("api/v1/schema/", SpectacularAPIView.as_view(urlconf="common.api.tests.site")),
    path("api/v1/fail/<slug:kind>/", FailingView.as_view()),
    path("api/v1/undeclared/", UndeclaredView.as_view()),
    path("api/v1/", include(router.urls)),
    path("page/fail/<slug:kind>/", FailingView.as_view()),
]

handler400 = "common.api.error_views.bad_request"
handler403 = "common.api.error_views.permission_denied"
handler404 = "common.api.error_views.not_found"
handler500 = "common.api.error_views.server_error"
