"""How validations and their figures are written."""

from typing import Any, Final

from rest_framework import serializers

from common.api.serializers import ModelSerializer
from common.domain.enums import Comparison
from research.api.serializers import DatasetSerializer
from research.models import Validation
from research.selectors.validations import describe_validation
from research.validation.gates import KEYS

_VERDICT: Final = "PASS where every gate did, else FAIL"


class ValidationListSerializer(ModelSerializer[Validation]):
    """A validation in a list."""

    verdict = serializers.CharField(read_only=True, help_text=_VERDICT)
    experiment = serializers.CharField(source="experiment.name", read_only=True)
    strategy = serializers.CharField(source="strategy_version.strategy.key", read_only=True)
    params = serializers.DictField(read_only=True, allow_null=True)
    dataset = DatasetSerializer(read_only=True)
    failed = serializers.ListField(
        child=serializers.CharField(), help_text="The gates that did not pass"
    )

    class Meta:
        model = Validation
        fields = [
            "id",
            "verdict",
            "experiment",
            "strategy",
            "params",
            "dataset",
            "n_trials",
            "failed",
            "created_at",
        ]


class GateSerializer(serializers.Serializer[None]):
    """One condition of the verdict."""

    name = serializers.ChoiceField(KEYS)
    value = serializers.FloatField(
        allow_null=True, help_text="Null where it cannot be computed; the sentence says why"
    )
    comparison = serializers.ChoiceField([each.value for each in Comparison])
    threshold = serializers.FloatField()
    passed = serializers.BooleanField()
    sentence = serializers.CharField()


class JudgedStrategySerializer(serializers.Serializer[None]):
    """The set that was judged."""

    key = serializers.CharField()
    version = serializers.CharField()
    source_hash = serializers.CharField()
    params = serializers.DictField(allow_null=True, help_text="Null where none could be judged")


class JudgedDatasetSerializer(serializers.Serializer[None]):
    """The bars it was judged on."""

    hash = serializers.CharField()
    venue = serializers.CharField()
    instrument = serializers.CharField()
    timeframe = serializers.CharField()
    rows = serializers.IntegerField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField(help_text="Not part of it")


class PeriodSerializer(serializers.Serializer[None]):
    """From a time to another, which is not part of it."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class WindowSerializer(serializers.Serializer[None]):
    """A window of the walk-forward: the best set on the train, looked at on the test."""

    params = serializers.DictField()
    train = PeriodSerializer()
    test = PeriodSerializer()
    train_return = serializers.FloatField(help_text="A fraction")
    test_return = serializers.FloatField(help_text="A fraction")


class StabilitySerializer(serializers.Serializer[None]):
    """How much the choice of a parameter wanders from window to window."""

    name = serializers.CharField()
    values = serializers.ListField(help_text="Chosen in each window")
    unchanged = serializers.FloatField(help_text="Share of windows that kept the one before")
    step = serializers.FloatField(allow_null=True)


class EvidenceSerializer(serializers.Serializer[None]):
    """The rows it was found from; null where there is none."""

    sweep_id = serializers.IntegerField()
    neighbours_sweep_id = serializers.IntegerField(allow_null=True)
    run_id = serializers.IntegerField(allow_null=True)
    doubled_run_id = serializers.IntegerField(allow_null=True)
    comparison_id = serializers.IntegerField(allow_null=True)


class ValidationSerializer(serializers.Serializer[Validation]):
    """A validation as `validate_strategy` prints it."""

    validation_id = serializers.IntegerField()
    verdict = serializers.CharField(help_text=_VERDICT)
    strategy = JudgedStrategySerializer()
    dataset = JudgedDatasetSerializer()
    gates = GateSerializer(many=True)
    n_trials = serializers.IntegerField(help_text="Trials counted, those elsewhere included")
    question = serializers.DictField(help_text="What was asked, and how it was split")
    command = serializers.CharField(
        allow_null=True, help_text="Runs the chosen set at a terminal; null where there is none"
    )
    windows = WindowSerializer(many=True)
    stability = StabilitySerializer(many=True, help_text="Empty of a single window")
    evidence = EvidenceSerializer()
    experiment = serializers.CharField()
    provenance = serializers.DictField()
    created_at = serializers.DateTimeField()

    def to_representation(self, instance: Validation) -> dict[str, Any]:
        """Return the validation's document."""
        return describe_validation(instance)


class HistogramSerializer(serializers.Serializer[None]):
    """How often which values came."""

    edges = serializers.ListField(
        child=serializers.FloatField(), help_text="Of the bins, one more than there are"
    )
    counts = serializers.ListField(child=serializers.IntegerField())


class OverfittingSerializer(serializers.Serializer[None]):
    """What the recombinations of the days say."""

    pbo = serializers.FloatField()
    probability_of_loss = serializers.FloatField()
    degradation = serializers.FloatField(allow_null=True)
    logits = HistogramSerializer()


class DeflatedSerializer(serializers.Serializer[None]):
    """The deflated Sharpe ratio for a number of trials."""

    n_trials = serializers.IntegerField()
    dsr = serializers.FloatField()


class DeflationSerializer(serializers.Serializer[None]):
    """What the deflated Sharpe ratio follows from."""

    n_trials = serializers.IntegerField()
    variance = serializers.FloatField(
        allow_null=True, help_text="Of the daily Sharpe ratios of the trials"
    )
    curve = DeflatedSerializer(many=True, allow_null=True)


class BootstrapSerializer(serializers.Serializer[None]):
    """Quantiles over the resampled histories, by level; fractions."""

    total_return = serializers.DictField(child=serializers.FloatField(), allow_null=True)
    max_drawdown = serializers.DictField(child=serializers.FloatField(), allow_null=True)


class DrawdownsSerializer(HistogramSerializer):
    """Maximum drawdowns of the resampled histories, fractions."""

    observed = serializers.FloatField(help_text="That of the history that there was")


class FiguresSerializer(serializers.Serializer[None]):
    """What charts are drawn from; what could not be found is null or left out."""

    days = serializers.ListField(
        child=serializers.DateField(), required=False, help_text="Of the points of the equity"
    )
    equity = serializers.ListField(
        child=serializers.FloatField(),
        required=False,
        help_text="Growth of 1 of the chosen set at the end of each day",
    )
    windows = WindowSerializer(many=True, required=False)
    out_of_sample = serializers.ListField(
        child=serializers.FloatField(),
        required=False,
        help_text="Growth of 1 over the tests joined, which are the last of the days",
    )
    stability = StabilitySerializer(many=True, required=False)
    overfitting = OverfittingSerializer(required=False, allow_null=True)
    deflation = DeflationSerializer(required=False)
    bootstrap = BootstrapSerializer(required=False)
    drawdowns = DrawdownsSerializer(required=False, allow_null=True)
