"""Pages of lists that grow: by cursor, so that new rows shift nothing."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

if TYPE_CHECKING:
    # REST framework reads its settings, and so this module, before its views exist.
    from rest_framework.views import APIView


class StableCursorPagination(CursorPagination):
    """Newest first by primary key, or by the view's `cursor_ordering`.

    The primary key is always the last criterion, so that rows equal in the
    others keep one order from page to page.
    """

    ordering = "-pk"
    page_size_query_param = "page_size"

    def get_page_size(self, request: Request) -> int:
        """Return the size of a page.

        Raises
        ------
        ValidationError
            If the size asked for is no whole number, below 1 or above the
            configured most.
        """
        most: int = settings.PLATFORM.api.max_page_size
        asked = request.query_params.get("page_size")
        if asked is None:
            return int(settings.PLATFORM.api.page_size)
        if not (asked.isascii() and asked.isdigit() and 1 <= int(asked) <= most):
            raise ValidationError({"page_size": [f"{asked} is not between 1 and {most}."]})
        return int(asked)

    def get_ordering(
        self, request: Request, queryset: QuerySet[Any], view: "APIView"
    ) -> tuple[str, ...]:
        """Return the criteria, most important first."""
        own = getattr(view, "cursor_ordering", None)
        criteria = (
            (own,)
            if isinstance(own, str)
            else tuple(own or super().get_ordering(request, queryset, view))
        )
        if criteria[-1] in {"pk", "-pk"}:
            return criteria
        return (*criteria, "-pk" if criteria[-1].startswith("-") else "pk")
