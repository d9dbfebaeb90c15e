"""The piece of a page that shows how far something is, sent only when it has moved."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.template.response import TemplateResponse
from django.utils.http import parse_etags

from common.domain.canonical import canonical_hash

_TAG_LENGTH = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """How far something is.

    Parameters
    ----------
    status
        Its state, in a word.
    progress
        Fraction done; None where nobody knows.
    notes
        What else is to be known of it, in a few words each.
    step
        What is being done.
    is_page_old
        Whether the page around it shows something else by now.
    """

    status: str
    progress: float | None
    notes: Sequence[str] = ()
    step: str = ""
    is_page_old: bool = False

    @property
    def tag(self) -> str:
        """What differs as soon as anything that is shown does."""
        return f'"{canonical_hash(asdict(self))[:_TAG_LENGTH]}"'

    @property
    def percent(self) -> int | None:
        """The fraction done in whole percent."""
        return None if self.progress is None else round(100 * self.progress)


def show_stand(request: HttpRequest, stand: Stand) -> HttpResponse:
    """Return the piece; nothing where the page has it already, and all anew where that is old."""
    etag = stand.tag
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponseNotModified(headers={"ETag": etag})
    # Revalidated each time: the browser asks with the tag it has.
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if stand.is_page_old:
        headers["HX-Refresh"] = "true"
    context = {"stand": stand}
    return TemplateResponse(request, "research/admin/progress.html", context, headers=headers)
