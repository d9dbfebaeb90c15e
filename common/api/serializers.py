"""The base of the API's model serializers, and the shape of an error for the schema."""

from django.db import models
from rest_framework import serializers

from common import fields
from common.api.fields import ExactDecimalField


class ModelSerializer[ModelT: models.Model](serializers.ModelSerializer[ModelT]):
    """REST framework's, knowing the platform's model fields."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        fields.ExactDecimalField: ExactDecimalField,
    }


class ErrorSerializer(serializers.Serializer[None]):
    """What every failed request is answered with."""

    code = serializers.CharField(help_text="What happened, for machines; stable")
    detail = serializers.CharField(help_text="What was wrong, in one sentence")
    extra = serializers.DictField(
        help_text="The same facts as values; `fields` holds the messages of invalid input by field"
    )
