"""The filters of lists; a parameter that no filter knows is an error, not ignored."""

from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.settings import api_settings

if TYPE_CHECKING:
    # REST framework reads its settings, and so this module, before its views exist.
    from rest_framework.views import APIView


class StrictFilterBackend(DjangoFilterBackend):
    """Django-filter's backend, refusing parameters it would silently drop.

    With a misspelt filter the whole list would come back as if it had matched.
    A view names parameters that it reads itself in `query_parameters`.
    """

    def filter_queryset(
        self, request: Request, queryset: QuerySet[Any], view: "APIView"
    ) -> QuerySet[Any]:
        """Return the rows that match.

        Raises
        ------
        ValidationError
            If a parameter is unknown, or a filter's value is not valid.
        """
        filterset = self.get_filterset(request, queryset, view)
        known = self._known_parameters(view, filterset)
        unknown = sorted(set(request.query_params) - known)
        if unknown and getattr(view, "action", "list") == "list":
            choice = ", ".join(sorted(known)) or "none"
            raise ValidationError({
                name: [f"Unknown parameter; known are: {choice}."] for name in unknown
            })
        filtered: QuerySet[Any] = super().filter_queryset(request, queryset, view)
        return filtered

    @staticmethod
    def _known_parameters(view: "APIView", filterset: Any) -> set[str]:
        known = {api_settings.URL_FORMAT_OVERRIDE, *getattr(view, "query_parameters", ())}
        if filterset is not None:
            known |= {*filterset.form.fields}
        paginator = getattr(view, "paginator", None)
        for attribute in ("page_query_param", "page_size_query_param", "cursor_query_param"):
            known.add(getattr(paginator, attribute, None))
        for backend in getattr(view, "filter_backends", ()):
            known |= {
                getattr(backend, "search_param", None),
                getattr(backend, "ordering_param", None),
            }
        return {name for name in known if name}
