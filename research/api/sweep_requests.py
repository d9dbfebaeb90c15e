"""What a client sends to have a sweep."""

from rest_framework import serializers

from common.api.strict import StrictSerializer
from research.api.run_requests import RunRequestSerializer, ValueField
from research.domain.asking import question_from_fields
from research.domain.grid import Axis, Grid
from research.domain.search import MOST_TRIALS, Search
from research.domain.sweep import Objective, SweepQuestion
from research.search.methods import METHODS

_MB = 1_000_000
_MOST_VALUES = 10_000


def as_written(value: object) -> str:
    """Return a value as it is written at a terminal."""
    return str(value).lower() if isinstance(value, bool) else str(value)


class SearchRequestSerializer(StrictSerializer):
    """How a space is searched."""

    method = serializers.ChoiceField([*METHODS])
    n_trials = serializers.IntegerField(min_value=1, max_value=MOST_TRIALS)
    pruning = serializers.BooleanField(
        required=False, default=False, help_text="Give bad sets up after a part of the bars"
    )


class SweepRequestSerializer(RunRequestSerializer):
    """A sweep for the queue, in the words of `run_sweep`."""

    grid = serializers.DictField(
        allow_empty=False,
        help_text="For each parameter FIRST:LAST:STEP with both ends, or a list of values",
    )
    search = SearchRequestSerializer(
        required=False, allow_null=True, default=None, help_text="Without one the grid is tried"
    )
    objectives = serializers.ListField(
        child=serializers.CharField(max_length=32),
        required=False,
        default=["sharpe"],
        min_length=1,
        max_length=5,
        help_text="Metrics that rank, the first one first; several only in a search",
    )
    min_round_trips = serializers.IntegerField(
        required=False, default=10, min_value=0, help_text="A set with fewer is never ranked"
    )
    memory_mb = serializers.IntegerField(
        required=False, default=500, min_value=1, max_value=100_000, help_text="Of one chunk"
    )

    def validate_grid(self, grid: dict[str, object]) -> Grid:
        """Return the grid of texts or lists.

        Raises
        ------
        ValidationError
            If an axis is neither.
        InvalidArgument
            If a range or a list makes no axis.
        """
        axes = []
        for name, given in grid.items():
            if isinstance(given, list):
                axes.append(Axis(name, self._written(given)))
            elif isinstance(given, str):
                axes.append(Axis.parse(f"{name}={given}"))
                self._check_count(axes[-1].values)
            else:
                raise serializers.ValidationError(
                    f"{name} is a {type(given).__name__}, must be FIRST:LAST:STEP or a list"
                )
        return Grid(tuple(axes))

    def sweep_question(self) -> SweepQuestion:
        """Return the question of valid data.

        Raises
        ------
        InvalidArgument
            If a value is malformed or out of range.
        """
        fields = self.validated_data
        objective, *further = map(Objective, fields["objectives"])
        return SweepQuestion(
            question=question_from_fields(fields),
            grid=fields["grid"],
            search=None if fields["search"] is None else Search(**fields["search"]),
            objective=objective,
            further=tuple(further),
            min_round_trips=fields["min_round_trips"],
            budget_bytes=fields["memory_mb"] * _MB,
        )

    def _written(self, given: list[object]) -> tuple[str, ...]:
        values = [ValueField().to_internal_value(value) for value in given]
        texts = tuple(map(as_written, values))
        if len(set(texts)) < len(texts) or not all(texts) or not texts:
            raise serializers.ValidationError("a list needs values, each once and none empty")
        self._check_count(texts)
        return texts

    def _check_count(self, texts: tuple[str, ...]) -> None:
        # Each is looked at while the client waits.
        if len(texts) > _MOST_VALUES:
            raise serializers.ValidationError(f"{len(texts)} values, at most {_MOST_VALUES}")
