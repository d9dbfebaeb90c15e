"""What a client sends to have a comparison, a verdict or an examination."""

from typing import Any

from rest_framework import serializers

from common.api.strict import StrictSerializer
from research.api.run_requests import RunRequestSerializer, ValueField
from research.api.sweep_requests import SweepRequestSerializer, as_written
from research.domain.asking import question_from_fields
from research.domain.examination_question import ExaminationQuestion
from research.domain.validation_question import ValidationQuestion
from research.examination.registry import TOOLS
from research.models import Run, Sweep
from research.selectors.runs import get_run
from research.selectors.sweeps import get_sweep
from research.services.comparisons import ComparisonQuestion


class ComparisonRequestSerializer(RunRequestSerializer):
    """A comparison for the queue, in the words of `compare_engines`."""

    engine = None  # type: ignore[assignment]  # one question, put to several
    engines = serializers.ListField(
        child=serializers.CharField(max_length=32),
        required=False,
        default=list,
        max_length=10,
        help_text="Without any, every installed one that can run it",
    )
    ladder = serializers.BooleanField(
        required=False, default=False, help_text="Climb the fidelity ladder too"
    )

    def comparison_question(self) -> ComparisonQuestion:
        """Return the question of valid data.

        Raises
        ------
        InvalidArgument
            If a value is malformed or out of range.
        """
        fields = self.validated_data
        return ComparisonQuestion(
            question=question_from_fields({**fields, "engine": ""}),
            engines=tuple(fields["engines"]),
            ladder=fields["ladder"],
        )


class ValidationRequestSerializer(SweepRequestSerializer):
    """A verdict for the queue, in the words of `validate_strategy`."""

    prior_trials = serializers.IntegerField(
        required=False, default=0, min_value=0, help_text="Trials made elsewhere"
    )
    windows = serializers.IntegerField(
        required=False, default=6, min_value=1, help_text="Of the walk-forward"
    )
    purge_days = serializers.IntegerField(required=False, default=5, min_value=0)
    embargo_days = serializers.IntegerField(required=False, default=5, min_value=0)
    parity_bars = serializers.IntegerField(
        required=False, default=2_000, min_value=1, help_text="The last ones, on a second engine"
    )
    choice = serializers.DictField(
        child=ValueField(),
        required=False,
        default=dict,
        help_text="Values that name the set to judge; without any it is the best one",
    )

    def validation_question(self) -> ValidationQuestion:
        """Return the question of valid data.

        Raises
        ------
        InvalidArgument
            If a value is malformed or out of range.
        """
        fields = self.validated_data
        return ValidationQuestion(
            sweep=self.sweep_question(),
            prior_trials=fields["prior_trials"],
            n_windows=fields["windows"],
            purge_days=fields["purge_days"],
            embargo_days=fields["embargo_days"],
            parity_bars=fields["parity_bars"],
            choice={name: as_written(value) for name, value in fields["choice"].items()},
        )


class ExaminationRequestSerializer(StrictSerializer):
    """An examination for the queue: one tool, and a run or a sweep."""

    tool = serializers.ChoiceField([*TOOLS])
    run = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=1)
    sweep = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=1)
    options = serializers.DictField(
        child=ValueField(), required=False, default=dict, help_text="As /validation-tools/ names"
    )
    seed = serializers.IntegerField(required=False, default=0, min_value=0)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse neither and both.

        Raises
        ------
        ValidationError
            If not exactly one of run and sweep is named.
        """
        if (attrs["run"] is None) is (attrs["sweep"] is None):
            raise serializers.ValidationError("name a run or a sweep, and not both")
        return attrs

    def subject(self) -> Run | Sweep:
        """Return the run or the sweep that is named.

        Raises
        ------
        UnknownRun, UnknownSweep
            If there is none of that number.
        """
        fields = self.validated_data
        return get_run(fields["run"]) if fields["run"] else get_sweep(fields["sweep"])

    def examination_question(self) -> ExaminationQuestion:
        """Return the question of valid data.

        Raises
        ------
        InvalidArgument
            If the seed is out of range.
        """
        fields = self.validated_data
        return ExaminationQuestion(
            tool=fields["tool"], options=fields["options"], seed=fields["seed"]
        )
