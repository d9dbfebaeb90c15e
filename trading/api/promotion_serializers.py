"""How promotions and requests for them are written."""

from rest_framework import serializers

from common.api.serializers import ModelSerializer
from trading.domain.confirmations import LONGEST_REASON
from trading.domain.stages import Stage
from trading.models import Promotion, PromotionRequest

_STEP = [
    "id",
    "strategy",
    "version",
    "source_hash",
    "params",
    "setting",
    "config_hash",
    "from_stage",
    "to_stage",
]


class FoundGateSerializer(serializers.Serializer[None]):
    """One gate of the verdict, as it was found."""

    name = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    comparison = serializers.CharField()
    threshold = serializers.FloatField()
    passed = serializers.BooleanField()
    sentence = serializers.CharField()


class MeasuresSerializer(serializers.Serializer[None]):
    """Numbers behind the gates that one value does not tell."""

    round_trips = serializers.FloatField(allow_null=True)
    years = serializers.FloatField(allow_null=True)
    bootstrap_level = serializers.FloatField(allow_null=True)


class PromotionEvidenceSerializer(serializers.Serializer[None]):
    """What was found, and from what; empty for a step down."""

    passed = serializers.BooleanField(required=False)
    source_hash = serializers.CharField(required=False)
    judged_at = serializers.DateTimeField(required=False)
    gates = FoundGateSerializer(many=True, required=False)
    measures = MeasuresSerializer(required=False)
    references = serializers.DictField(
        required=False, help_text="Numbers of the validation, runs and sweeps; hashes"
    )


class PromotionSerializer(ModelSerializer[Promotion]):
    """A step that was taken."""

    strategy = serializers.CharField(source="strategy_version.strategy.key", read_only=True)
    version = serializers.CharField(source="strategy_version.version", read_only=True)
    source_hash = serializers.CharField(source="strategy_version.source_hash", read_only=True)
    requested_by = serializers.CharField(source="requested_by.username", read_only=True)
    approved_by = serializers.CharField(source="approved_by.username", read_only=True)
    evidence = PromotionEvidenceSerializer(read_only=True)
    thresholds = serializers.DictField(child=serializers.FloatField(), read_only=True)

    class Meta:
        model = Promotion
        fields = [
            *_STEP,
            "sequence",
            "request",
            "requested_by",
            "approved_by",
            "reason",
            "created_at",
            "evidence",
            "thresholds",
        ]


class PromotionRequestSerializer(ModelSerializer[PromotionRequest]):
    """A request for a step."""

    strategy = serializers.CharField(source="strategy_version.strategy.key", read_only=True)
    version = serializers.CharField(source="strategy_version.version", read_only=True)
    source_hash = serializers.CharField(source="strategy_version.source_hash", read_only=True)
    requested_by = serializers.CharField(source="requested_by.username", read_only=True)
    decided_by = serializers.CharField(
        source="decided_by.username", read_only=True, allow_null=True, default=None
    )
    promotion = serializers.IntegerField(
        source="promotion.pk",
        read_only=True,
        allow_null=True,
        default=None,
        help_text="The step that it led to",
    )
    evidence = PromotionEvidenceSerializer(read_only=True)

    class Meta:
        model = PromotionRequest
        fields = [
            *_STEP,
            "state",
            "requested_by",
            "reason",
            "requested_at",
            "decided_by",
            "decided_at",
            "decision_reason",
            "promotion",
            "evidence",
        ]


class RemarkSerializer(serializers.Serializer[None]):
    """What may be said with an approval."""

    reason = serializers.CharField(
        max_length=LONGEST_REASON, required=False, allow_blank=True, default=""
    )


class ReasonSerializer(serializers.Serializer[None]):
    """Why."""

    reason = serializers.CharField(max_length=LONGEST_REASON)


class DemotionSerializer(ReasonSerializer):
    """Where to, and why."""

    to_stage = serializers.ChoiceField(
        [stage.value for stage in Stage], default=Stage.RESEARCH.value
    )
