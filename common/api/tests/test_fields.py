from decimal import Decimal
from typing import Any

import pytest
from django.apps.registry import Apps
from django.db import models
from rest_framework.exceptions import ErrorDetail

from common import fields as model_fields
from common.api.fields import ExactDecimalField
from common.api.serializers import ModelSerializer

LONG = "12345678.123456789012345678"


class Price(models.Model):  # noqa: DJ008 - no one reads it
    value = model_fields.ExactDecimalField()
    limit = model_fields.ExactDecimalField(null=True)

    class Meta:
        app_label = "exact_api_tests"
        apps = Apps()


class PriceSerializer(ModelSerializer[Price]):
    class Meta:
        model = Price
        fields = ["value", "limit"]


class TestExactDecimals:
    def test_are_what_the_models_field_becomes(self) -> None:
        assert isinstance(PriceSerializer().fields["value"], ExactDecimalField)

    def test_are_text_with_every_digit_both_ways(self) -> None:
        serializer = PriceSerializer(data={"value": LONG})

        assert serializer.is_valid()
        assert serializer.validated_data["value"] == Decimal(LONG)
        assert PriceSerializer(Price(value=Decimal(LONG))).data == {"value": LONG, "limit": None}

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (Decimal("1E+2"), "100"),
            (Decimal("1E-18"), "0.000000000000000001"),
            (Decimal("0E-18"), "0"),
            (5, "5"),
        ],
    )
    def test_are_written_plainly(self, value: Any, text: str) -> None:
        assert ExactDecimalField().to_representation(value) == text

    @pytest.mark.parametrize(
        ("value", "code"),
        [
            (0.1, "inexact"),
            (True, "inexact"),
            ("NaN", "not_finite"),
            ("Infinity", "not_finite"),
            ("x", "invalid"),
            ([], "invalid"),
            ("0." + "1" * 19, "too_many_digits"),
            ("1" * 1001, "max_string_length"),
        ],
    )
    def test_refuse_what_is_not_exact(self, value: Any, code: str) -> None:
        serializer = PriceSerializer(data={"value": value})

        assert not serializer.is_valid()
        (error,) = serializer.errors["value"]
        assert isinstance(error, ErrorDetail)
        assert error.code == code
