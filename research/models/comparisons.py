"""One question put to several engines."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from research.domain.verdict import Verdict
from research.models.ledger import Dataset, Experiment, Run
from trading.models import StrategyVersion


class Comparison(models.Model):
    """One question put to several engines: their runs, and what they differ by in money.

    A row is never changed or removed; the database refuses it.
    """

    experiment = models.ForeignKey(
        Experiment, on_delete=models.PROTECT, related_name="comparisons"
    )
    strategy_version = models.ForeignKey(
        StrategyVersion, on_delete=models.PROTECT, related_name="comparisons"
    )
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="comparisons")
    runs = models.ManyToManyField(Run, through="ComparedRun", related_name="comparisons")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    verdict = models.CharField(
        max_length=10, choices=[(verdict.value, verdict.value) for verdict in Verdict]
    )
    document = models.JSONField(help_text="As compare_engines prints it")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["-created_at", "-id"], name="research_comparison_newest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict__in=[verdict.value for verdict in Verdict]),
                name="research_comparison_verdict_is_known",
            )
        ]

    def __str__(self) -> str:
        return f"comparison {self.pk}"


class ComparedRun(models.Model):
    """A run as part of a comparison: that of an engine, or of a rung of the ladder."""

    comparison = models.ForeignKey(
        Comparison, on_delete=models.PROTECT, related_name="compared_runs"
    )
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="compared_as")
    part = models.CharField(max_length=40, help_text="engine, or the name of a rung")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["comparison", "part", "run"], name="research_compared_run_once_per_part"
            )
        ]

    def __str__(self) -> str:
        return f"{self.part} of {self.comparison_id}"
