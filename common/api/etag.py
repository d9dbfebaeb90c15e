"""ETags of objects: unchanged ones are not sent again, changed ones not overwritten unseen."""

import hashlib
from typing import Any, ClassVar, Final

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils.http import parse_etags
from rest_framework import mixins, status
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import APIException
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from common.locks import locked

# The browsable API shows the user's own forms and tokens: never the same page twice.
_UNTAGGED_FORMATS: Final = frozenset({"api", "admin"})


class PreconditionFailed(APIException):
    """The object is not the one that the client read."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_code = "precondition_failed"
    default_detail = "The object has changed since it was read; read it again."


class PreconditionRequired(APIException):
    """The client must say which state of the object it read."""

    status_code = status.HTTP_428_PRECONDITION_REQUIRED
    default_code = "precondition_required"
    default_detail = "This request needs the header If-Match with the object's ETag."


class ETagMixin(GenericViewSet[Any]):
    """A viewset whose single objects carry a strong ETag; put it before the others.

    A method that changes an object reads it with `get_object()` inside
    `transaction.atomic`, which locks the row and compares If-Match, and calls
    `tag()` with the object as it is afterwards.

    Attributes
    ----------
    etag_field
        The field that changes with every change of the row: a version number,
        or the time of the last change.
    if_match_required
        Whether a client with a token must send If-Match; a browser need not.
    """

    etag_field: ClassVar[str] = "updated_at"
    if_match_required: ClassVar[bool] = False
    _tagged: Model | None = None

    def get_etag(self, instance: Model) -> str:
        """Return the strong ETag of an object in the format of this answer, quoted."""
        facts = (
            instance._meta.label,  # noqa: SLF001 - Django's public name for it
            instance.pk,
            getattr(instance, self.etag_field),
            self.request.accepted_renderer.format,
        )
        digest = hashlib.sha256("\0".join(map(str, facts)).encode()).hexdigest()
        return f'"{digest[:32]}"'

    def tag(self, instance: Model) -> None:
        """Let the answer carry this object's ETag."""
        self._tagged = instance

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows to choose from, to be locked if the one chosen is to change."""
        filtered = super().filter_queryset(queryset)
        return locked(filtered) if self._is_change() else filtered

    def get_object(self) -> Any:
        """Return the object of the address.

        Raises
        ------
        PreconditionRequired
            If it is to change and If-Match is missing although required.
        PreconditionFailed
            If it is to change and is no longer what If-Match names.
        """
        instance = super().get_object()
        if self._is_change():
            self._check_if_match(instance)
        self.tag(instance)
        return instance

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Add the ETag; answer 304 where the client has this state already."""
        final = super().finalize_response(request, response, *args, **kwargs)
        if self._tagged is None or not self._is_taggable(final):
            return final
        final.headers["ETag"] = etag = self.get_etag(self._tagged)
        held = parse_etags(request.headers.get("If-None-Match", ""))
        if request.method in SAFE_METHODS and _matches_weakly(etag, held):
            final.data, final.status_code = None, status.HTTP_304_NOT_MODIFIED
        return final

    def _is_taggable(self, response: Any) -> bool:
        return (
            isinstance(response, Response)
            and status.is_success(response.status_code)
            and response.status_code != status.HTTP_204_NO_CONTENT
            and response.accepted_renderer.format not in _UNTAGGED_FORMATS
        )

    def _is_change(self) -> bool:
        # OPTIONS looks objects up as if for PUT, to describe the form.
        return (
            bool(self.detail)
            and self.request.method not in SAFE_METHODS
            and self.action != "metadata"
        )

    def _check_if_match(self, instance: Model) -> None:
        header = self.request.headers.get("If-Match")
        if header is None:
            by_browser = isinstance(self.request.successful_authenticator, SessionAuthentication)
            if self.if_match_required and not by_browser:
                raise PreconditionRequired
            return
        wanted = parse_etags(header)
        if wanted != ["*"] and self.get_etag(instance) not in wanted:
            raise PreconditionFailed


class ETagUpdateMixin(mixins.UpdateModelMixin, ETagMixin):
    """PUT and PATCH of an object under If-Match."""

    @transaction.atomic
    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change the object."""
        return super().update(request, *args, **kwargs)

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        """Save, and tag the answer with the new state."""
        super().perform_update(serializer)
        if serializer.instance is not None:
            self.tag(serializer.instance)


class ETagDestroyMixin(mixins.DestroyModelMixin, ETagMixin):
    """DELETE of an object under If-Match."""

    @transaction.atomic
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Remove the object."""
        return super().destroy(request, *args, **kwargs)


def _matches_weakly(etag: str, held: list[str]) -> bool:
    """Compare as RFC 9110 §13.1.2 wants it for If-None-Match."""
    return held == ["*"] or etag in {tag.removeprefix("W/") for tag in held}
