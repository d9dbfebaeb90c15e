"""One question put to many sets of parameters."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from common.domain.enums import RunStatus
from research.models.ledger import FINAL_STATES, HASH_LENGTH, Dataset, Experiment
from trading.models import StrategyVersion


class Sweep(models.Model):
    """A question put to many sets of parameters at once; each set is a trial.

    A row in a final state is never changed or removed again; the database refuses it.
    """

    experiment = models.ForeignKey(Experiment, on_delete=models.PROTECT, related_name="sweeps")
    strategy_version = models.ForeignKey(
        StrategyVersion, on_delete=models.PROTECT, related_name="sweeps"
    )
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="sweeps")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    engine = models.CharField(max_length=32)
    engine_version = models.CharField(max_length=32)
    question = models.JSONField(help_text="Strategy, bars, costs and the fixed parameters")
    grid = models.JSONField(help_text="The values of each parameter")
    objective = models.CharField(max_length=32, help_text="The metric that ranks")
    min_round_trips = models.PositiveIntegerField()
    input_hash = models.CharField(max_length=HASH_LENGTH, help_text="Equal inputs, equal hash")
    provenance = models.JSONField()
    code_hash = models.CharField(max_length=HASH_LENGTH)

    status = models.CharField(
        max_length=10, choices=[(status.value, status.value) for status in RunStatus]
    )
    owner = models.CharField(max_length=120, blank=True, help_text="The process that runs it")
    progress = models.FloatField(default=0.0, help_text="Fraction done")
    error_code = models.CharField(max_length=60, blank=True)
    error_detail = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    n_sets = models.PositiveIntegerField(help_text="Sets on the grid")
    n_contradictory = models.PositiveIntegerField(help_text="Sets that contradict themselves")
    timings = models.JSONField(default=dict, help_text="Seconds of each sitting")
    peak_rss_bytes = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["-created_at", "-id"], name="research_sweep_newest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in RunStatus]),
                name="research_sweep_status_is_known",
            ),
            models.CheckConstraint(
                condition=Q(status__in=FINAL_STATES, finished_at__isnull=False)
                | (~Q(status__in=FINAL_STATES) & Q(finished_at__isnull=True)),
                name="research_sweep_final_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return f"sweep {self.pk}"


class Trial(models.Model):
    """What one set of parameters came to; written once and never changed."""

    sweep = models.ForeignKey(Sweep, on_delete=models.PROTECT, related_name="trials")
    number = models.PositiveIntegerField(help_text="Its place on the grid")
    params = models.JSONField()
    trial_hash = models.CharField(max_length=HASH_LENGTH)
    metrics = models.JSONField(help_text="Null where undefined; empty where the set failed")
    value = models.FloatField(null=True, help_text="What ranks it; null where it must not rank")
    error = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["sweep", "value"], name="research_trial_ranked"),
            models.Index(fields=["trial_hash"], name="research_trial_hash"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["sweep", "number"], name="research_trial_once")
        ]

    def __str__(self) -> str:
        return f"trial {self.number} of {self.sweep_id}"
