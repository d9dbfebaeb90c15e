"""Every failure of the API in one shape: `{"code", "detail", "extra"}`."""

from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError
from django.db.models import ProtectedError, RestrictedError
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.settings import api_settings
from rest_framework.views import set_rollback

from common.domain.errors import (
    Conflict,
    ExternalError,
    InvalidArgument,
    InvalidInput,
    NotFound,
    NotPermitted,
    PlatformError,
)

# The nearest ancestor decides.
_STATUS: Final[Mapping[type[BaseException], int]] = {
    PlatformError: status.HTTP_400_BAD_REQUEST,
    InvalidArgument: status.HTTP_400_BAD_REQUEST,
    InvalidInput: status.HTTP_422_UNPROCESSABLE_ENTITY,
    NotFound: status.HTTP_404_NOT_FOUND,
    NotPermitted: status.HTTP_403_FORBIDDEN,
    Conflict: status.HTTP_409_CONFLICT,
    ExternalError: status.HTTP_502_BAD_GATEWAY,
}
_RETRY_AFTER_SECONDS: Final = 5
# unique_violation: https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL_UNIQUE: Final = "23505"
# SQLITE_CONSTRAINT_PRIMARYKEY and SQLITE_CONSTRAINT_UNIQUE: https://sqlite.org/rescode.html
_SQLITE_UNIQUE: Final = frozenset({1555, 2067})

# Where messages about no single field stand.
_WHOLE: Final = api_settings.NON_FIELD_ERRORS_KEY

ANTICIPATED: Final = (
    PlatformError,
    exceptions.APIException,
    DjangoValidationError,
    Http404,
    PermissionDenied,
    IntegrityError,
)


def error_body(code: str, detail: str, extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the body of an error."""
    return {"code": code, "detail": detail, "extra": dict(extra or {})}


def handle(exc: Exception, context: Mapping[str, Any]) -> Response | None:  # noqa: ARG001 - REST framework's signature
    """Return the response to an anticipated failure, None for everything else.

    None lets the exception go on to Django, which logs it and answers with
    `common.api.error_views.server_error`.
    """
    if isinstance(exc, PlatformError):
        response: Response | None = _of_platform(exc)
    elif isinstance(exc, IntegrityError):
        response = _of_integrity(exc)
    else:
        translated = _translate(exc)
        response = None if translated is None else _of_framework(translated)
    if response is not None:
        set_rollback()
    return response


def _of_platform(exc: PlatformError) -> Response:
    code = next(_STATUS[kind] for kind in type(exc).__mro__ if kind in _STATUS)
    headers = {}
    if isinstance(exc, ExternalError) and exc.retryable:
        code = status.HTTP_503_SERVICE_UNAVAILABLE
        seconds = exc.extra.get("retry_after_seconds")
        wait = seconds if isinstance(seconds, int | float) else _RETRY_AFTER_SECONDS
        # Whole seconds, rounded up: coming back early would only fail again.
        headers["Retry-After"] = str(-int(-wait // 1))
    return Response(error_body(exc.code, exc.detail, exc.extra), status=code, headers=headers)


def _of_integrity(exc: IntegrityError) -> Response | None:
    """Answer what the user can cause; another broken constraint is a mistake of ours."""
    if isinstance(exc, ProtectedError | RestrictedError):
        body = error_body("in_use", "Other objects refer to this one; it cannot be removed.")
    elif _is_duplicate(exc):
        body = error_body("already_exists", "An object with these values exists already.")
    else:
        return None
    return Response(body, status=status.HTTP_409_CONFLICT)


def _is_duplicate(exc: IntegrityError) -> bool:
    cause = exc.__cause__
    return (
        getattr(cause, "sqlstate", None) == _POSTGRESQL_UNIQUE
        or getattr(cause, "sqlite_errorcode", None) in _SQLITE_UNIQUE
    )


def _translate(exc: Exception) -> exceptions.APIException | None:
    match exc:
        case exceptions.APIException():
            return exc
        case Http404():
            return exceptions.NotFound(*exc.args)
        case PermissionDenied():
            return exceptions.PermissionDenied(*exc.args)
        case DjangoValidationError():
            return exceptions.ValidationError(as_serializer_error(exc))
        case _:
            return None


def _of_framework(exc: exceptions.APIException) -> Response:
    headers = {}
    # Both are set by the framework on the instance, not declared on the class.
    challenge, wait = getattr(exc, "auth_header", None), getattr(exc, "wait", None)
    if challenge:
        headers["WWW-Authenticate"] = challenge
    if wait:
        headers["Retry-After"] = str(int(wait))
    if isinstance(exc, exceptions.ValidationError):
        body = _of_fields(exc)
    else:
        body = error_body(str(exc.get_codes()), str(exc.detail))
    if wait:
        body["extra"]["retry_after_seconds"] = int(wait)
    return Response(body, status=exc.status_code, headers=headers)


def _of_fields(exc: exceptions.ValidationError) -> dict[str, Any]:
    fields = _by_name(exc.detail)
    place, message = _first(fields)
    detail = f"{place}: {message}" if place else message
    return error_body("validation_error", detail, {"fields": fields})


def _by_name(detail: Any) -> dict[str, Any]:
    """Return the messages under their fields' names, or under the rows' numbers."""
    if isinstance(detail, Mapping):
        return {str(name): messages for name, messages in detail.items()}
    if any(isinstance(entry, Mapping) for entry in detail):
        return {str(row): errors for row, errors in enumerate(detail) if errors}
    return {_WHOLE: detail}


def _first(detail: Any) -> tuple[str, str]:
    """Return the dotted path of the first message, and the message."""
    path: list[str] = []
    while not isinstance(detail, str):
        entries = detail.items() if isinstance(detail, Mapping) else enumerate(detail)
        # A row without errors is an empty mapping among the others.
        name, entry = next(
            ((name, entry) for name, entry in entries if entry), ("", "The input is invalid.")
        )
        if isinstance(detail, Mapping) or not isinstance(entry, str):
            path.append(str(name))
        detail = entry
    return ".".join(name for name in path if name != _WHOLE), detail
