"""How experiments, datasets and runs are written."""

from typing import Any

from rest_framework import serializers

from common.api.serializers import ModelSerializer
from research.models import Dataset, Experiment, Run
from research.selectors.runs import describe_run


class ExperimentSerializer(ModelSerializer[Experiment]):
    """A question."""

    created_by = serializers.CharField(source="created_by.username", read_only=True, default=None)
    run_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = Experiment
        fields = [
            "id",
            "name",
            "question",
            "conclusion",
            "run_count",
            "created_by",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["created_at", "updated_at"]


class DatasetSerializer(ModelSerializer[Dataset]):
    """A stretch of a series, named by its content."""

    venue = serializers.CharField(source="series.instrument.venue.code", read_only=True)
    symbol = serializers.CharField(source="series.instrument.symbol", read_only=True)
    timeframe = serializers.CharField(source="series.timeframe", read_only=True)

    class Meta:
        model = Dataset
        fields = ["id", "hash", "venue", "symbol", "timeframe", "rows", "start_at", "end_at"]


class RunListSerializer(ModelSerializer[Run]):
    """A run in a list."""

    experiment = serializers.CharField(source="experiment.name", read_only=True)
    strategy = serializers.CharField(source="strategy_version.strategy.key", read_only=True)
    dataset = DatasetSerializer(read_only=True)

    class Meta:
        model = Run
        fields = [
            "id",
            "status",
            "error_code",
            "experiment",
            "strategy",
            "params",
            "engine",
            "engine_version",
            "dataset",
            "metrics",
            "differs_from",
            "created_at",
            "finished_at",
        ]


class RunSerializer(serializers.Serializer[Run]):
    """A run as `show_run` prints it, without its fills."""

    run_id = serializers.IntegerField()
    status = serializers.CharField()
    experiment = serializers.CharField()
    engine = serializers.DictField()
    strategy = serializers.DictField()
    dataset = serializers.DictField()
    costs = serializers.DictField()
    n_fills = serializers.IntegerField(allow_null=True)
    equity = serializers.DictField(allow_null=True)
    metrics = serializers.DictField()
    undefined = serializers.DictField()
    trials = serializers.IntegerField()
    provenance = serializers.DictField()
    timings = serializers.DictField()
    peak_rss_mb = serializers.FloatField(allow_null=True)

    def to_representation(self, instance: Run) -> dict[str, Any]:
        """Return the run's document."""
        return describe_run(instance, with_fills=False)


class FillSerializer(serializers.Serializer[None]):
    """One execution."""

    ts = serializers.DateTimeField()
    side = serializers.ChoiceField(["BUY", "SELL"])
    price = serializers.FloatField()
    quantity = serializers.FloatField()
    fee = serializers.FloatField()
    liquidity = serializers.ChoiceField(["TAKER", "MAKER"])


class MarkSerializer(serializers.Serializer[None]):
    """Equity at the close of a bar."""

    time = serializers.DateTimeField(help_text="Open time of the bar")
    equity = serializers.FloatField()
