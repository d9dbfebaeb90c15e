"""ETags of objects whose description also shows what is not in their row."""

import hashlib
from typing import Any, ClassVar, Final

from django.db.models import Model
from rest_framework.renderers import JSONRenderer

from common.api.etag import ETagMixin

_OF_THE_OBJECT: Final = frozenset({"retrieve", "update", "partial_update", "destroy"})


class ContentETagMixin(ETagMixin):
    """A viewset whose ETags name what is shown of an object, counts and names of others included.

    The row's own field says nothing of those, and a client would be told that
    nothing has changed. Put it before the mixins that change objects.

    Attributes
    ----------
    describing_actions
        Further actions that answer with the object as `retrieve` does.
    """

    describing_actions: ClassVar[frozenset[str]] = frozenset()

    def get_etag(self, instance: Model) -> str:
        """Return the strong ETag of an object as it is shown in this answer, quoted."""
        own = super().get_etag(instance)
        if self.action not in _OF_THE_OBJECT | self.describing_actions:
            return own
        shown = JSONRenderer().render(self.describe(instance))
        return f'"{hashlib.sha256(own.encode() + shown).hexdigest()[:32]}"'

    def describe(self, instance: Model) -> Any:
        """Return the object as it is shown."""
        return self.get_serializer(instance).data
