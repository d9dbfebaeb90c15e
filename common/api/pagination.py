"""Pages of lists that grow: by cursor, so that new rows shift nothing."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import QuerySet
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from common.domain.errors import PlatformError

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

    def paginate_queryset(
        self, queryset: Any, request: Request, view: "APIView | None" = None
    ) -> list[Any] | None:
        """Return the rows of the page.

        Raises
        ------
        NotFound
            If the cursor is not one that a page gave.
        PlatformError
            If the database refuses the order, as SQLite does that of exact decimals.
        """
        try:
            return super().paginate_queryset(queryset, request, view)
        except PlatformError:
            raise
        except (ValueError, DjangoValidationError) as e:
            # The framework checks the cursor's encoding, not that it holds a value of the column.
            raise NotFound(self.invalid_cursor_message) from e

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
