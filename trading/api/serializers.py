"""How strategies are written."""

from rest_framework import serializers

from common.api.serializers import ModelSerializer
from trading.models import Strategy, StrategyVersion


class StrategyVersionSerializer(ModelSerializer[StrategyVersion]):
    """One state of a strategy's source."""

    class Meta:
        model = StrategyVersion
        fields = [
            "id",
            "version",
            "source_hash",
            "contract",
            "summary",
            "origin",
            "parameters",
            "is_present",
            "created_at",
        ]


class StrategySerializer(ModelSerializer[Strategy]):
    """A strategy with its versions, the newest first."""

    derived_from = serializers.SlugRelatedField(
        slug_field="key", queryset=Strategy.objects.all(), allow_null=True, required=False
    )
    versions = StrategyVersionSerializer(many=True, read_only=True)

    class Meta:
        model = Strategy
        fields = ["id", "key", "derived_from", "versions", "created_at", "updated_at"]
        read_only_fields = ["key", "created_at", "updated_at"]
