"""How experiments, datasets and runs are written."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from common.api.serializers import ModelSerializer
from common.domain.enums import RunStatus
from research.models import Dataset, Experiment, Run
from research.selectors.runs import describe_run


class ExperimentSerializer(ModelSerializer[Experiment]):
    """A question."""

    created_by = serializers.CharField(
        source="created_by.username", read_only=True, allow_null=True, default=None
    )
    # One that has just been made was not counted: it has none.
    run_count = serializers.IntegerField(read_only=True, default=0)

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
    dataset = DatasetSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Run
        fields = [
            "id",
            "status",
            "progress",
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


class EngineOfRunSerializer(serializers.Serializer[None]):
    """The engine that ran."""

    name = serializers.CharField()
    version = serializers.CharField()


class StrategyOfRunSerializer(serializers.Serializer[None]):
    """The strategy that was asked."""

    key = serializers.CharField()
    version = serializers.CharField()
    source_hash = serializers.CharField()
    params = serializers.DictField()


class DatasetOfRunSerializer(serializers.Serializer[None]):
    """The bars it ran on; what is null is not known before a queued run begins."""

    hash = serializers.CharField(allow_null=True)
    venue = serializers.CharField()
    instrument = serializers.CharField()
    timeframe = serializers.CharField()
    rows = serializers.IntegerField(allow_null=True)
    start = serializers.DateTimeField(allow_null=True, help_text="Open time of the first bar")
    end = serializers.DateTimeField(allow_null=True, help_text="Close time of the last bar")


class CostsOfRunSerializer(serializers.Serializer[None]):
    """What executions cost; rates are fractions."""

    fee_rate = serializers.FloatField()
    maker_fee_rate = serializers.FloatField()
    slippage_bps = serializers.FloatField()
    funding = serializers.BooleanField()


class RunSerializer(serializers.Serializer[Run]):
    """A run as `show_run` prints it, without its fills."""

    run_id = serializers.IntegerField()
    status = serializers.ChoiceField([status.value for status in RunStatus])
    experiment = serializers.CharField()
    engine = EngineOfRunSerializer()
    strategy = StrategyOfRunSerializer()
    dataset = DatasetOfRunSerializer()
    costs = CostsOfRunSerializer()
    cash = serializers.FloatField()
    sizing = serializers.CharField()
    account = serializers.CharField()
    rebalance = serializers.CharField()
    seed = serializers.IntegerField()
    allow_dirty = serializers.BooleanField()
    progress = serializers.FloatField(help_text="Fraction done, in [0, 1]")
    attempt = serializers.IntegerField(help_text="How often it was begun")
    cancel_requested = serializers.BooleanField()
    n_fills = serializers.IntegerField(allow_null=True)
    skipped_orders = serializers.IntegerField(allow_null=True)
    equity = serializers.DictField(
        child=serializers.FloatField(), allow_null=True, help_text="First and last mark, how many"
    )
    metrics = serializers.DictField(child=serializers.FloatField(allow_null=True))
    undefined = serializers.DictField(
        child=serializers.CharField(), help_text="Why a metric is null"
    )
    open_round_trip = serializers.DictField(allow_null=True)
    trials = serializers.IntegerField(help_text="Of its lineage on its instrument and period")
    result_hash = serializers.CharField(allow_blank=True)
    differs_from = serializers.IntegerField(
        allow_null=True, help_text="An earlier run with equal inputs and another result: an alert"
    )
    provenance = serializers.DictField()
    timings = serializers.DictField(child=serializers.FloatField())
    peak_rss_mb = serializers.FloatField(allow_null=True)
    code = serializers.CharField(required=False, help_text="Only of a run that failed")
    detail = serializers.CharField(required=False, help_text="Only of a run that failed")
    extra = serializers.DictField(required=False, help_text="Only of a run that failed")

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


class FactsSerializer(serializers.Serializer[None]):
    """What stands beside a page of facts."""

    count = serializers.IntegerField(help_text="Rows of the whole period")
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class FillsSerializer(FactsSerializer):
    """A page of fills."""

    results = FillSerializer(many=True)


class MarksSerializer(FactsSerializer):
    """A page of marks."""

    results = MarkSerializer(many=True)


class EngineSerializer(serializers.Serializer[None]):
    """An engine; `install` says how to get one that is missing."""

    name = serializers.CharField()
    version = serializers.CharField(allow_null=True)
    installed = serializers.BooleanField()
    capabilities = serializers.DictField(child=serializers.BooleanField())
    install = serializers.CharField(required=False)


@extend_schema_serializer(many=False)
class EnginesSerializer(serializers.Serializer[None]):
    """Every engine."""

    engines = EngineSerializer(many=True)
