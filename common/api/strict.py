"""Requests without a word that nobody reads."""

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from rest_framework import serializers


class StrictSerializer(serializers.Serializer[None]):
    """Refuses what it has no field for: a misspelt name would else silently mean its default."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the values of the fields.

        Raises
        ------
        ValidationError
            If there is a name without a field; forms of browsers may have some of their own.
        """
        if isinstance(data, Mapping) and not isinstance(data, QueryDict):
            unknown = [str(name) for name in data if name not in self.fields]
            if unknown:
                raise serializers.ValidationError({
                    name: ["There is no such field."] for name in unknown
                })
        return super().to_internal_value(data)
