"""How examinations and the tools that make them are written."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from common.api.serializers import ModelSerializer
from research.examination.tool import Form, Subject
from research.models import Examination
from research.selectors.examinations import describe_examination


class ExaminationListSerializer(ModelSerializer[Examination]):
    """An examination in a list."""

    run = serializers.IntegerField(source="run_id", allow_null=True)
    sweep = serializers.IntegerField(source="sweep_id", allow_null=True)

    class Meta:
        model = Examination
        fields = [
            "id",
            "tool",
            "run",
            "sweep",
            "seed",
            "passed",
            "sentence",
            "seconds",
            "created_at",
        ]


class FoundValueSerializer(serializers.Serializer[None]):
    """A number that a tool found."""

    key = serializers.CharField()
    label = serializers.CharField(help_text="What it is")  # type: ignore[assignment]
    form = serializers.ChoiceField([form.value for form in Form], help_text="How it is written")
    value = serializers.FloatField(allow_null=True)
    undefined = serializers.CharField(allow_null=True, help_text="Why the value is null")


class ExaminationSerializer(serializers.Serializer[Examination]):
    """An examination as `examine_run` and `examine_sweep` print it."""

    examination_id = serializers.IntegerField()
    tool = serializers.CharField()
    title = serializers.CharField()
    run_id = serializers.IntegerField(allow_null=True)
    sweep_id = serializers.IntegerField(allow_null=True)
    strategy = serializers.CharField()
    options = serializers.DictField(help_text="What the tool was told, in full")
    seed = serializers.IntegerField()
    passed = serializers.BooleanField(
        allow_null=True, help_text="Null of a tool that judges nothing"
    )
    sentence = serializers.CharField(help_text="What it means for this strategy")
    values = FoundValueSerializer(many=True)
    figures = serializers.DictField(
        child=serializers.DictField(),
        help_text="By name a title and a kind: `table` has headers and rows, `bars` and `lines`"
        " have x and by name the series",
    )
    seconds = serializers.FloatField(help_text="What it took")
    provenance = serializers.DictField()

    def to_representation(self, instance: Examination) -> dict[str, Any]:
        """Return the examination's document."""
        return describe_examination(instance)


class ToolOptionSerializer(serializers.Serializer[None]):
    """Something a tool can be told."""

    name = serializers.CharField()
    type = serializers.CharField()
    default = serializers.JSONField()
    low = serializers.FloatField(allow_null=True, help_text="The least that is admitted")
    high = serializers.FloatField(allow_null=True, help_text="The largest that is admitted")
    choices = serializers.ListField(child=serializers.CharField(), allow_null=True)
    help = serializers.CharField()


class ToolValueSerializer(serializers.Serializer[None]):
    """A number that a tool finds."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    form = serializers.ChoiceField([form.value for form in Form])


class ToolSerializer(serializers.Serializer[None]):
    """A tool of validation."""

    key = serializers.CharField()
    title = serializers.CharField()
    subject = serializers.ChoiceField([subject.value for subject in Subject])
    question = serializers.CharField(help_text="What it answers")
    runs_code = serializers.BooleanField(help_text="Whether it runs the code of the strategy")
    options = ToolOptionSerializer(many=True)
    values = ToolValueSerializer(many=True)


@extend_schema_serializer(many=False)
class ToolsSerializer(serializers.Serializer[None]):
    """All tools, in the order of their names."""

    tools = ToolSerializer(many=True)
