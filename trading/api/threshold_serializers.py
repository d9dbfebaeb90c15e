"""How thresholds and requests to loosen them are written."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from common.api.serializers import ModelSerializer
from common.domain.enums import Comparison
from trading.api.promotion_serializers import ReasonSerializer
from trading.domain.thresholds import THRESHOLDS
from trading.models import GateThreshold, ThresholdRequest
from trading.selectors.thresholds import InForce, describe_threshold, threshold_history


class GateThresholdSerializer(ModelSerializer[GateThreshold]):
    """What a threshold was set to."""

    changed_by = serializers.CharField(source="changed_by.username", read_only=True)
    confirmed_by = serializers.CharField(
        source="confirmed_by.username", read_only=True, allow_null=True, default=None
    )

    class Meta:
        model = GateThreshold
        fields = [
            "id",
            "key",
            "sequence",
            "value",
            "comparison",
            "changed_by",
            "confirmed_by",
            "request",
            "reason",
            "valid_from",
        ]


class ThresholdSerializer(serializers.Serializer[InForce]):
    """A threshold as it holds now."""

    key = serializers.ChoiceField([*THRESHOLDS])
    meaning = serializers.CharField()
    comparison = serializers.ChoiceField([each.value for each in Comparison])
    value = serializers.FloatField()
    default = serializers.FloatField()
    is_loosened = serializers.BooleanField(help_text="Whether less is asked than by default")
    low = serializers.FloatField(help_text="Least that it may be set to")
    high = serializers.FloatField(help_text="Most that it may be set to")
    sequence = serializers.IntegerField(help_text="How often it was set")
    changed_by = serializers.CharField(allow_null=True, help_text="Null where it never was")
    valid_from = serializers.DateTimeField(allow_null=True)

    def to_representation(self, instance: InForce) -> dict[str, Any]:
        """Return it as JSON values."""
        return describe_threshold(instance)


@extend_schema_serializer(many=False)
class ThresholdsSerializer(serializers.Serializer[None]):
    """Every threshold, in the order of the gates."""

    thresholds = ThresholdSerializer(many=True)


class ThresholdDetailSerializer(ThresholdSerializer):
    """A threshold with what it was set to, the newest first."""

    history = GateThresholdSerializer(many=True)

    def to_representation(self, instance: InForce) -> dict[str, Any]:
        """Return it as JSON values."""
        history = GateThresholdSerializer(threshold_history(instance.rule.key), many=True)
        return {**super().to_representation(instance), "history": history.data}


class ThresholdChangeSerializer(ReasonSerializer):
    """What a threshold is to be, and why."""

    value = serializers.FloatField()


class ThresholdRequestSerializer(ModelSerializer[ThresholdRequest]):
    """A request to ask less."""

    requested_by = serializers.CharField(source="requested_by.username", read_only=True)
    decided_by = serializers.CharField(
        source="decided_by.username", read_only=True, allow_null=True, default=None
    )

    class Meta:
        model = ThresholdRequest
        fields = [
            "id",
            "key",
            "from_value",
            "to_value",
            "state",
            "requested_by",
            "reason",
            "requested_at",
            "decided_by",
            "decided_at",
            "decision_reason",
        ]


class ThresholdChangedSerializer(serializers.Serializer[None]):
    """What became of a change: the threshold as it holds, and what waits where it waits."""

    threshold = ThresholdSerializer()
    request = ThresholdRequestSerializer(
        allow_null=True, help_text="Null where the change took effect at once"
    )
