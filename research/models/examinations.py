"""What one tool of validation found."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from research.models.ledger import HASH_LENGTH, Run
from research.models.sweeps import Sweep


class Examination(models.Model):
    """What one tool of validation found about a run or a sweep.

    A row is never changed or removed; the database refuses it.
    """

    tool = models.CharField(max_length=40)
    run = models.ForeignKey(
        Run, null=True, blank=True, on_delete=models.PROTECT, related_name="examinations"
    )
    sweep = models.ForeignKey(
        Sweep, null=True, blank=True, on_delete=models.PROTECT, related_name="examinations"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    options = models.JSONField(help_text="What the tool was told, in full")
    seed = models.BigIntegerField(default=0)
    passed = models.BooleanField(
        null=True, help_text="Whether what was looked for is absent; null where nothing is judged"
    )
    sentence = models.TextField(help_text="What was found, in words")
    values = models.JSONField(help_text="What was found, in numbers; null where undefined")
    undefined = models.JSONField(default=dict, help_text="Why a value is null")
    figures = models.JSONField(default=dict, help_text="What charts are drawn from")
    provenance = models.JSONField()
    code_hash = models.CharField(max_length=HASH_LENGTH)
    seconds = models.FloatField(help_text="What it took")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["-created_at", "-id"], name="research_examination_newest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(run__isnull=True, sweep__isnull=False)
                | Q(run__isnull=False, sweep__isnull=True),
                name="research_examination_of_one_thing",
            )
        ]

    def __str__(self) -> str:
        return f"examination {self.pk}"
