"""Many equal rows in one answer: as JSON or CSV, made stretch by stretch while they are written."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, override

import numpy as np
from django.conf import settings
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.utils.urls import replace_query_param
from rest_framework.viewsets import GenericViewSet

from common.api.renderers import BrowsableAPIRenderer
from common.domain.errors import InvalidPeriod
from common.domain.time import format_utc, to_ns

# Rows that are Python objects at one time: a long answer costs little more than its text.
_STRETCH: Final = 1_000
_TIMES: Final = np.iinfo(np.int64)


class Rows(ABC):
    """Rows of an answer, and what stands beside them.

    Attributes
    ----------
    name
        Under which the rows stand in the JSON document.
    columns
        Names of their values, in the order of the CSV.
    """

    name: ClassVar[str]
    columns: ClassVar[tuple[str, ...]]

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def describe(self, first: int, last: int) -> list[dict[str, Any]]:
        """Return the rows `[first, last)` as JSON values."""

    @abstractmethod
    def beside(self) -> Mapping[str, Any]:
        """Return the rest of the JSON document."""

    def csv_header(self) -> bytes:
        """Return the first line of the CSV."""
        return f"{','.join(self.columns)}\n".encode()

    def csv_lines(self, first: int, last: int) -> bytes:
        """Return the rows `[first, last)` as lines of CSV."""
        lines = (
            ",".join(str(row[name]) for name in self.columns) for row in self.describe(first, last)
        )
        return "".join(f"{line}\n" for line in lines).encode()


class RowsJsonRenderer(JSONRenderer):
    """JSON; rows are never all held as objects."""

    @override
    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the document."""
        if not isinstance(data, Rows):
            return super().render(data, accepted_media_type, renderer_context)
        indent = self.get_indent(accepted_media_type or "", {**(renderer_context or {})})
        if indent is not None:
            document = {**data.beside(), data.name: data.describe(0, len(data))}
            return super().render(document, accepted_media_type, renderer_context)
        beside = [f"{json.dumps(name)}:{_dump(value)}" for name, value in data.beside().items()]
        rows = b",".join(
            _dump(data.describe(first, last))[1:-1].encode() for first, last in _stretches(data)
        )
        return b"".join([
            f"{{{','.join([*beside, json.dumps(data.name)])}:[".encode(),
            rows,
            b"]}",
        ])


class RowsCsvRenderer(BaseRenderer):
    """CSV with a line of names, numbers with the fewest digits that read back the same."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    @override
    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return the lines; nothing for an answer without rows, such as 304."""
        if not isinstance(data, Rows):
            return b""
        lines = (data.csv_lines(first, last) for first, last in _stretches(data))
        return b"".join([data.csv_header(), *lines])


ROWS_RENDERERS: Final = (RowsJsonRenderer, RowsCsvRenderer, BrowsableAPIRenderer)


class PeriodQuerySerializer(serializers.Serializer[None]):
    """Which rows are asked for."""

    start = serializers.DateTimeField(required=False, help_text="First time; UTC without a zone")
    end = serializers.DateTimeField(required=False, help_text="Not part of the period")

    def get_fields(self) -> dict[str, Any]:
        """Return the fields, the limit bounded as configured."""
        limit = serializers.IntegerField(
            required=False,
            min_value=1,
            max_value=settings.PLATFORM.api.max_bars_per_request,
            help_text="Most rows; by default as many as are allowed",
        )
        return {**super().get_fields(), "limit": limit}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse parameters that there are not, which would be dropped silently.

        Raises
        ------
        ValidationError
            If there are any.
        """
        known = {*self.fields, api_settings.URL_FORMAT_OVERRIDE}
        choice = ", ".join(sorted(map(str, known)))
        unknown = sorted(set(self.initial_data) - known)
        if unknown:
            raise serializers.ValidationError({
                name: [f"Unknown parameter; known are: {choice}."] for name in unknown
            })
        return attrs


class PositionQuerySerializer(PeriodQuerySerializer):
    """Which rows are asked for, of those that may share a time."""

    offset = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=2**53 - 1,
        help_text="Rows of the period to leave out, as `next` does",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which rows are asked for; times in nanoseconds since 1970 UTC, None where open."""

    start_ns: int | None
    end_ns: int | None
    limit: int
    offset: int


def read_query(request: Request, kind: type[PeriodQuerySerializer]) -> Wanted:
    """Return which rows a request asks for.

    Raises
    ------
    ValidationError
        If a parameter is unknown or not valid.
    InvalidPeriod
        If the period does not end after its start.
    """
    query = kind(data=request.query_params)
    query.is_valid(raise_exception=True)
    asked: dict[str, Any] = query.validated_data
    start_ns, end_ns = (to_ns(asked[name]) if name in asked else None for name in ("start", "end"))
    if start_ns is not None and end_ns is not None and end_ns <= start_ns:
        start, end = format_utc(start_ns), format_utc(end_ns)
        raise InvalidPeriod(
            f"the period ends at {end}, not after its start at {start}", start=start, end=end
        )
    limits = settings.PLATFORM.api
    # A page for people to read is no longer than those of other lists.
    is_page = request.accepted_renderer.format == BrowsableAPIRenderer.format
    default = limits.page_size if is_page else limits.max_bars_per_request
    return Wanted(
        # Arrays hold no earlier and no later times; a bound beyond them leaves nothing out.
        start_ns=None if start_ns is None else min(max(start_ns, _TIMES.min), _TIMES.max - 1),
        end_ns=None if end_ns is None else min(max(end_ns, _TIMES.min + 1), _TIMES.max),
        limit=asked.get("limit", default),
        offset=asked.get("offset", 0),
    )


class RowsMixin(GenericViewSet[Any]):
    """A viewset with actions that answer with rows; put it before the others."""

    def answer_rows(self, rows: Rows, *, filename: str, next_page: str | None) -> Response:
        """Return rows, with a link to those that follow."""
        headers = {} if next_page is None else {"Link": f'<{next_page}>; rel="next"'}
        if self.request.accepted_renderer.format == RowsCsvRenderer.format:
            headers["Content-Disposition"] = f'attachment; filename="{filename}.csv"'
        return Response(rows, headers=headers)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Let an error be JSON, in the one shape, whatever was asked for."""
        renderer = getattr(request, "accepted_renderer", None)
        if getattr(response, "exception", False) and isinstance(renderer, RowsCsvRenderer):
            request.accepted_renderer = JSONRenderer()
            request.accepted_media_type = JSONRenderer.media_type
        return super().finalize_response(request, response, *args, **kwargs)


def next_link(request: Request, name: str, value: str | int) -> str:
    """Return the address of a request with one parameter changed."""
    return str(replace_query_param(request.build_absolute_uri(), name, value))


def _stretches(rows: Rows) -> Iterator[tuple[int, int]]:
    return ((first, min(first + _STRETCH, len(rows))) for first in range(0, len(rows), _STRETCH))


def _dump(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
