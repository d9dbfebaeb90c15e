"""The browsable API, whose forms can be sent twice without harm."""

import uuid
from typing import TYPE_CHECKING, Any, override

from django.utils.html import format_html
from rest_framework import renderers
from rest_framework.request import Request

if TYPE_CHECKING:
    # REST framework reads its settings, and so this module, before its views exist.
    from rest_framework.views import APIView


class BrowsableAPIRenderer(renderers.BrowsableAPIRenderer):
    """REST framework's, with a fresh idempotency key hidden in each form that needs one."""

    @override
    def get_rendered_html_form(
        self, data: Any, view: "APIView", method: str, request: Request
    ) -> Any:
        """Return the form of one HTTP method."""
        from common.api.idempotency import (
            FORM_FIELD,
            is_idempotent,
        )

        form = super().get_rendered_html_form(data, view, method, request)
        if not isinstance(form, str) or not is_idempotent(view, method):
            return form
        key = format_html('<input type="hidden" name="{}" value="{}">', FORM_FIELD, uuid.uuid4())
        return key + form
