"""How strategies are written."""

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from common.api.serializers import ModelSerializer
from trading.models import Strategy, StrategyVersion
from trading.services.lineage import check_origin


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


class StrategyKeyField(serializers.SlugRelatedField[Strategy]):
    """Another strategy, named by its key."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(slug_field="key", queryset=Strategy.objects.all(), **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        """Return the strategy.

        Raises
        ------
        ValidationError
            If there is none of that key.
        """
        # PostgreSQL refuses to look for text with NUL.
        if not isinstance(data, str) or not data.isprintable():
            self.fail("does_not_exist", slug_name=self.slug_field, value=data)
        return super().to_internal_value(data)


class StrategySerializer(ModelSerializer[Strategy]):
    """A strategy with its versions, the newest first."""

    derived_from = StrategyKeyField(allow_null=True, required=False)
    versions = serializers.SerializerMethodField()

    class Meta:
        model = Strategy
        fields = ["id", "key", "derived_from", "versions", "created_at", "updated_at"]
        read_only_fields = ["key", "created_at", "updated_at"]

    @extend_schema_field(StrategyVersionSerializer(many=True))
    def get_versions(self, strategy: Strategy) -> Any:
        """Return the versions; sorted here, since after a change they are read anew."""
        newest_first = sorted(strategy.versions.all(), key=lambda each: each.pk, reverse=True)
        return StrategyVersionSerializer(newest_first, many=True).data

    def validate_derived_from(self, origin: Strategy | None) -> Strategy | None:
        """Refuse a circle.

        Raises
        ------
        CircularLineage
            If it would be one.
        """
        if self.instance is not None:
            check_origin(strategy=self.instance, origin=origin)
        return origin


class IndicatorSerializer(serializers.Serializer[None]):
    """What an indicator needs and gives."""

    key = serializers.CharField()
    summary = serializers.CharField(help_text="What it says, with its unit or range")
    # The framework takes fields out of the class: its own attribute `source` is not hidden.
    source = serializers.CharField(  # type: ignore[assignment]
        help_text="Where its formula is from"
    )
    inputs = serializers.ListField(child=serializers.CharField())
    parameters = serializers.ListField(child=serializers.DictField())
    outputs = serializers.ListField(child=serializers.CharField())
    warm_up = serializers.IntegerField(help_text="Bars not to trust, at the defaults")
    memory = serializers.CharField()
    anchored = serializers.BooleanField(help_text="Whether values depend on the first bar")


@extend_schema_serializer(many=False)
class IndicatorsSerializer(serializers.Serializer[None]):
    """Every indicator."""

    indicators = IndicatorSerializer(many=True)
