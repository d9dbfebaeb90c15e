"""Serializer fields that the platform's models need."""

from decimal import Decimal
from typing import Any, Final

from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework import serializers

from common import fields

_MAX_TEXT: Final = 1000


class ExactDecimalField(serializers.DecimalField):
    """An exact decimal, written and read as a JSON string.

    A JSON number with a point is refused: readers and writers of JSON make it
    a floating-point number, and digits are gone before anyone sees them.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs.update(max_digits=fields.MAX_DIGITS, decimal_places=fields.DECIMAL_PLACES)
        super().__init__(**kwargs, coerce_to_string=True)

    def to_internal_value(self, data: Any) -> Decimal:
        """Return the decimal.

        Raises
        ------
        ValidationError
            If it is not exact; see `common.fields.parse_exact`.
        """
        if isinstance(data, str) and len(data) > _MAX_TEXT:
            self.fail("max_string_length", max_length=_MAX_TEXT)
        try:
            return fields.parse_exact(data)
        except DjangoValidationError as e:
            raise serializers.ValidationError(e.messages, code=e.code) from e

    def to_representation(self, value: Any) -> str:
        """Return plain notation, without trailing zeros or an exponent."""
        return f"{fields.parse_exact(value):f}"
