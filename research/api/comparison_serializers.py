"""How comparisons of engines are written."""

from typing import Any

from rest_framework import serializers

from common.api.serializers import ModelSerializer
from common.domain.enums import RunStatus
from research.api.serializers import DatasetSerializer
from research.domain.verdict import Verdict
from research.models import Comparison
from research.parity.causes import Cause
from research.parity.ladder import Rung
from research.selectors.comparisons import describe_comparison


class ComparedRunSerializer(serializers.Serializer[None]):
    """A run and what it is part of."""

    run = serializers.IntegerField(source="run_id")
    part = serializers.CharField(help_text="engine, or the name of a rung")


class ComparisonListSerializer(ModelSerializer[Comparison]):
    """A comparison in a list."""

    experiment = serializers.CharField(source="experiment.name", read_only=True)
    strategy = serializers.CharField(source="strategy_version.strategy.key", read_only=True)
    dataset = DatasetSerializer(read_only=True)
    runs = ComparedRunSerializer(source="compared_runs", many=True, read_only=True)

    class Meta:
        model = Comparison
        fields = ["id", "verdict", "experiment", "strategy", "dataset", "runs", "created_at"]


class ComparedEngineSerializer(serializers.Serializer[None]):
    """What became of one engine."""

    run_id = serializers.IntegerField(allow_null=True)
    n_fills = serializers.IntegerField(allow_null=True)
    final_equity = serializers.FloatField(allow_null=True, help_text="Recomputed from fills")
    status = serializers.ChoiceField([status.value for status in RunStatus])
    code = serializers.CharField(required=False, help_text="Only of one that did not succeed")
    detail = serializers.CharField(required=False, help_text="Only of one that did not succeed")


class ComparedPairSerializer(serializers.Serializer[None]):
    """Two engines; what is missing or extra is of `b` against `a`."""

    a = serializers.CharField()
    b = serializers.CharField()
    matched = serializers.IntegerField()
    missing = serializers.IntegerField()
    extra = serializers.IntegerField()
    max_price_diff = serializers.FloatField()
    max_quantity_diff = serializers.FloatField()
    final_equity_rel_diff = serializers.FloatField()


class DifferenceSerializer(serializers.Serializer[None]):
    """A difference by its first cause, with the money of all that followed from it."""

    a = serializers.CharField()
    b = serializers.CharField()
    cause = serializers.ChoiceField([cause.value for cause in Cause])
    admissible = serializers.BooleanField()
    ts = serializers.DateTimeField(allow_null=True, help_text="When it began")
    side = serializers.ChoiceField(["BUY", "SELL"], allow_null=True)
    round_trip = serializers.IntegerField(help_text="Of `a`; 0 is before the first")
    count = serializers.IntegerField(help_text="How many it stands for")
    money = serializers.FloatField(help_text="Change of the final equity of `b`")


class PooledSerializer(serializers.Serializer[None]):
    """What two engines differ by within the tolerances, all together."""

    a = serializers.CharField()
    b = serializers.CharField()
    money = serializers.FloatField(help_text="Change of the final equity of `b`")


class RungSerializer(serializers.Serializer[None]):
    """A rung of the fidelity ladder."""

    rung = serializers.ChoiceField([rung.value for rung in Rung])
    run_id = serializers.IntegerField(allow_null=True)
    engine = serializers.CharField(allow_null=True)
    final_equity = serializers.FloatField(allow_null=True)
    total_return = serializers.FloatField(allow_null=True)
    cost = serializers.FloatField(allow_null=True, help_text="Against the last rung that ran")
    cost_share = serializers.FloatField(
        allow_null=True, help_text="Of the frictionless profit; null where there was none"
    )
    reason = serializers.CharField(allow_null=True, help_text="Why it was not climbed")


class ComparisonSerializer(serializers.Serializer[Comparison]):
    """A comparison as `compare_engines` prints it."""

    comparison_id = serializers.IntegerField()
    verdict = serializers.ChoiceField([verdict.value for verdict in Verdict])
    engines = serializers.DictField(child=ComparedEngineSerializer())
    pairs = ComparedPairSerializer(many=True)
    differences = DifferenceSerializer(many=True)
    within_tolerance = PooledSerializer(many=True, required=False)
    ladder = RungSerializer(many=True, required=False)

    def to_representation(self, instance: Comparison) -> dict[str, Any]:
        """Return the comparison's document."""
        return describe_comparison(instance)
