"""How sweeps, their trials and surfaces are written, and what is asked of them."""

from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.settings import api_settings

from common.api.serializers import ModelSerializer
from common.domain.enums import RunStatus
from research.api.serializers import DatasetSerializer, EngineOfRunSerializer
from research.models import Sweep
from research.selectors.sweeps import describe_sweep

BEST = 10


class SweepListSerializer(ModelSerializer[Sweep]):
    """A sweep in a list."""

    experiment = serializers.CharField(source="experiment.name", read_only=True)
    strategy = serializers.CharField(source="strategy_version.strategy.key", read_only=True)
    dataset = DatasetSerializer(read_only=True, allow_null=True)
    grid = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))

    class Meta:
        model = Sweep
        fields = [
            "id",
            "status",
            "progress",
            "error_code",
            "experiment",
            "strategy",
            "engine",
            "engine_version",
            "dataset",
            "grid",
            "method",
            "objective",
            "min_round_trips",
            "n_sets",
            "n_contradictory",
            "created_at",
            "finished_at",
        ]


class StrategyOfSweepSerializer(serializers.Serializer[None]):
    """The strategy whose parameters vary."""

    key = serializers.CharField()
    version = serializers.CharField()
    source_hash = serializers.CharField()


class DatasetOfSweepSerializer(serializers.Serializer[None]):
    """The bars it ran on."""

    hash = serializers.CharField()
    rows = serializers.IntegerField()


class BestTrialSerializer(serializers.Serializer[None]):
    """One of the sets that rank highest."""

    number = serializers.IntegerField(help_text="Its place on the grid")
    params = serializers.DictField()
    metrics = serializers.DictField(child=serializers.FloatField(allow_null=True))


class FailureSerializer(serializers.Serializer[None]):
    """A set that failed."""

    number = serializers.IntegerField()
    params = serializers.DictField()
    error = serializers.CharField()


class FrontSerializer(serializers.Serializer[None]):
    """A set that no other is better than in all objectives."""

    number = serializers.IntegerField()
    params = serializers.DictField()
    values = serializers.ListField(
        child=serializers.FloatField(), help_text="In the order of the objectives"
    )


class SweepSerializer(serializers.Serializer[Sweep]):
    """A sweep as `show_sweep` prints it."""

    sweep_id = serializers.IntegerField()
    status = serializers.ChoiceField([status.value for status in RunStatus])
    experiment = serializers.CharField()
    engine = EngineOfRunSerializer()
    strategy = StrategyOfSweepSerializer()
    dataset = DatasetOfSweepSerializer(allow_null=True, help_text="Null before it begins")
    grid = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    method = serializers.CharField(help_text="grid, list, or how it is searched")
    objective = serializers.CharField(help_text="The metric that ranks")
    objectives = serializers.ListField(child=serializers.CharField())
    min_round_trips = serializers.IntegerField(help_text="A set with fewer is never ranked")
    n_sets = serializers.IntegerField()
    n_contradictory = serializers.IntegerField(help_text="Sets that contradict themselves")
    n_trials = serializers.IntegerField()
    n_repeated = serializers.IntegerField(help_text="Sets that a search asked for again")
    n_failed = serializers.IntegerField()
    n_pruned = serializers.IntegerField(help_text="Sets given up after a part of the bars")
    n_ranked = serializers.IntegerField()
    progress = serializers.FloatField(help_text="Fraction done, in [0, 1]")
    paused = serializers.BooleanField()
    seconds = serializers.FloatField()
    trials_per_second = serializers.FloatField(allow_null=True)
    peak_rss_mb = serializers.FloatField(allow_null=True)
    best = BestTrialSerializer(many=True, help_text=f"At most {BEST}, the best first")
    failures = FailureSerializer(many=True, help_text="The first of those that failed")
    front = FrontSerializer(
        many=True, required=False, help_text="No other set is better in all objectives at once"
    )
    code = serializers.CharField(required=False, help_text="Only of one that failed")
    detail = serializers.CharField(required=False, help_text="Only of one that failed")
    extra = serializers.DictField(required=False, help_text="Only of one that failed")

    def to_representation(self, instance: Sweep) -> dict[str, Any]:
        """Return the sweep's document."""
        return describe_sweep(instance, best=BEST)


class TrialSerializer(serializers.Serializer[None]):
    """What one set of parameters came to."""

    number = serializers.IntegerField(help_text="Its place on the grid")
    params = serializers.DictField()
    value = serializers.FloatField(
        allow_null=True, help_text="What ranks it; null where it must not rank"
    )
    metrics = serializers.DictField(child=serializers.FloatField(allow_null=True))
    values = serializers.ListField(
        child=serializers.FloatField(), allow_null=True, help_text="Of several objectives"
    )
    pruned_after = serializers.FloatField(
        allow_null=True, help_text="Fraction of the bars after which it was given up"
    )
    error = serializers.CharField(allow_blank=True)
    trial_hash = serializers.CharField()


class TrialsSerializer(serializers.Serializer[None]):
    """A page of trials."""

    count = serializers.IntegerField(help_text="Trials that match")
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = TrialSerializer(many=True)


class AxisSerializer(serializers.Serializer[None]):
    """A parameter and its values, ascending."""

    name = serializers.CharField()
    values = serializers.ListField()


class SurfaceSerializer(serializers.Serializer[None]):
    """A metric over two parameters, a row for each value of y."""

    sweep_id = serializers.IntegerField()
    metric = serializers.CharField()
    x = AxisSerializer()
    y = AxisSerializer()
    median = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(allow_null=True)),
        help_text="Over the trials at that place; null where there is none with a value",
    )
    count = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="Of how many trials with a value",
    )


class StrictQuerySerializer(serializers.Serializer[None]):
    """Parameters of an address, of which none is dropped unread."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse parameters that there are not.

        Raises
        ------
        ValidationError
            If there are any.
        """
        known = {*self.fields, api_settings.URL_FORMAT_OVERRIDE}
        choice = ", ".join(sorted(map(str, known)))
        unknown = sorted(set(self.initial_data) - known)
        if unknown:
            raise serializers.ValidationError({
                name: [f"Unknown parameter; known are: {choice}."] for name in unknown
            })
        return attrs


class SurfaceQuerySerializer(StrictQuerySerializer):
    """Which surface is asked for."""

    x = serializers.CharField(help_text="A parameter of the grid")
    y = serializers.CharField(help_text="Another parameter of the grid")
    metric = serializers.CharField(required=False, help_text="By default the objective")


class TrialQuerySerializer(StrictQuerySerializer):
    """Which trials are asked for."""

    ordering = serializers.ChoiceField(
        ["number", "-number", "value", "-value"], required=False, default="number"
    )
    ranked = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Only those that rank, or not"
    )
    offset = serializers.IntegerField(required=False, default=0, min_value=0, max_value=2**53 - 1)

    def get_fields(self) -> dict[str, Any]:
        """Return the fields, the size of a page bounded as configured."""
        limits = settings.PLATFORM.api
        limit = serializers.IntegerField(
            required=False,
            default=limits.page_size,
            min_value=1,
            max_value=limits.max_page_size,
        )
        return {**super().get_fields(), "limit": limit}
