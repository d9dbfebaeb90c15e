"""Errors that happen outside a view: JSON under /api/, Django's own pages elsewhere."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views import defaults

from common.api.errors import error_body

_API = "/api/"


def _json(code: str, detail: str, status: HTTPStatus) -> JsonResponse:
    return JsonResponse(error_body(code, detail), status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer a request that Django refused; for `handler400`."""
    if request.path.startswith(_API):
        return _json("bad_request", "The request is malformed.", HTTPStatus.BAD_REQUEST)
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer a request that is not allowed; for `handler403`."""
    if request.path.startswith(_API):
        return _json("permission_denied", "This is not allowed.", HTTPStatus.FORBIDDEN)
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer a request for an address that does not exist; for `handler404`."""
    if request.path.startswith(_API):
        return _json("not_found", "There is nothing at this address.", HTTPStatus.NOT_FOUND)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Answer after a fault of ours, telling nothing of its inside; for `handler500`."""
    if request.path.startswith(_API):
        return _json(
            "internal_error",
            "Something failed here; it has been logged.",
            HTTPStatus.INTERNAL_SERVER_ERROR,
        )
    return defaults.server_error(request)
