"""Bars as CSV, as `export_bars` writes them."""

from collections.abc import Mapping
from typing import Any, override

from rest_framework.renderers import BaseRenderer

_COLUMNS = ("time", "open", "high", "low", "close", "volume")


class BarsCsvRenderer(BaseRenderer):
    """One line a bar, numbers with the fewest digits that read back the same."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    @override
    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> str:
        """Return the document as CSV; an error as its sentence."""
        if "bars" not in data:
            return f"{data['code']}: {data['detail']}\n"
        lines = (",".join(str(bar[name]) for name in _COLUMNS) for bar in data["bars"])
        return "\n".join([",".join(_COLUMNS), *lines]) + "\n"
