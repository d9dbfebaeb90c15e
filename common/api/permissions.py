"""What a user may do through the API: closed unless a model permission opens it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Model
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:
    # REST framework reads its settings, and so this module, before its views exist.
    from rest_framework.views import APIView

_ACTION_OF_METHOD: Final[Mapping[str, str]] = {
    "GET": "view",
    "HEAD": "view",
    "OPTIONS": "view",
    "POST": "add",
    "PUT": "change",
    "PATCH": "change",
    "DELETE": "delete",
}


class ModelPermissions(BasePermission):
    """Logged in, and permitted to do what the method does to the view's model.

    A view names other permissions in `required_permissions`, by action (the
    method in lower case where there are no actions): `{"cancel":
    ("research.change_run",)}`. A view with neither a model nor such an entry is
    closed. An empty entry admits every logged-in user.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Tell whether the request may go on."""
        if not request.user.is_authenticated:
            return False
        required = _required(request, view)
        return required is not None and request.user.has_perms(required)


def _required(request: Request, view: "APIView") -> tuple[str, ...] | None:
    # The root of a router lists addresses only; REST framework marks it so.
    if getattr(view, "_ignore_model_permissions", False):
        return ()
    method = str(request.method)
    declared: Mapping[str, tuple[str, ...]] = getattr(view, "required_permissions", {})
    action = getattr(view, "action", None) or method.lower()
    if action in declared:
        return declared[action]
    model = _model_of(view)
    if model is None or method not in _ACTION_OF_METHOD:
        return None
    meta = model._meta  # noqa: SLF001 - Django's public name for it
    return (f"{meta.app_label}.{_ACTION_OF_METHOD[method]}_{meta.model_name}",)


def _model_of(view: "APIView") -> type[Model] | None:
    from rest_framework.generics import GenericAPIView

    queryset: Any = getattr(view, "queryset", None)
    if queryset is None and isinstance(view, GenericAPIView):
        overridden = type(view).get_queryset is not GenericAPIView.get_queryset
        queryset = view.get_queryset() if overridden else None
    return getattr(queryset, "model", None)
