"""The OpenAPI description of what all endpoints share."""

from typing import Any, Final

from drf_spectacular.openapi import AutoSchema as SpectacularSchema
from drf_spectacular.utils import OpenApiParameter

from common.api.etag import ETagMixin
from common.api.idempotency import HEADER, REPLAYED_HEADER, is_idempotent
from common.api.serializers import ErrorSerializer
from common.models import KEY_LENGTH

_KEY: Final = OpenApiParameter(
    HEADER,
    {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH},
    OpenApiParameter.HEADER,
    description="Makes the request take effect once: the same key and body get the first "
    "answer again. Required with a token.",
)
_REPLAYED: Final = OpenApiParameter(
    REPLAYED_HEADER,
    str,
    OpenApiParameter.HEADER,
    response=True,
    description="`true` where this is the answer to an earlier request with the same key.",
)
_ETAG: Final = OpenApiParameter(
    "ETag",
    str,
    OpenApiParameter.HEADER,
    response=[200, 201],
    description="Names this state of the object.",
)
_IF_NONE_MATCH: Final = OpenApiParameter(
    "If-None-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag of the state at hand: if it is the present one, the answer is 304.",
)


class AutoSchema(SpectacularSchema):
    """Drf-spectacular's, with the headers of the plumbing and the one error shape."""

    def get_override_parameters(self) -> list[Any]:
        """Return the headers that the plumbing reads and sets."""
        parameters: list[Any] = [*super().get_override_parameters()]
        if is_idempotent(self.view, self.method):
            parameters += [_KEY, _REPLAYED]
        view = self._tagged_view()
        if view is not None:
            parameters += [_ETAG, _IF_NONE_MATCH if self.method == "GET" else _if_match(view)]
        return parameters

    def _tagged_view(self) -> ETagMixin | None:
        return self.view if isinstance(self.view, ETagMixin) and self.view.detail else None

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        if self.method == "GET" and self._tagged_view() is not None:
            bodies["304"] = {"description": "Not modified"}
        # Private in the library, but the only place where a response is built.
        respond: Any = self._get_response_for_code
        error = respond(ErrorSerializer, "default", ["application/json"], direction)
        return {**bodies, "default": {**error, "description": "Any failure"}}


def _if_match(view: ETagMixin) -> OpenApiParameter:
    required = " Required with a token (428)." if view.if_match_required else ""
    return OpenApiParameter(
        "If-Match",
        str,
        OpenApiParameter.HEADER,
        description="The ETag of the state that is to change; 412 if it is another by now."
        + required,
    )
