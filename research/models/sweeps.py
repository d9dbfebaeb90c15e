"""One question put to many sets of parameters."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from common.domain.enums import RunStatus
from research.models.ledger import FINAL_STATES, HASH_LENGTH, Dataset, Experiment
from trading.models import StrategyVersion


class Sweep(models.Model):
    """A question put to many sets of parameters; each set that is tried is a trial.

    Any number of processes work on it, chunk by chunk. A row in a final state is never changed
    or removed again; the database refuses it. What is not known before the bars of a queued
    sweep are read is empty until then.
    """

    experiment = models.ForeignKey(Experiment, on_delete=models.PROTECT, related_name="sweeps")
    strategy_version = models.ForeignKey(
        StrategyVersion, on_delete=models.PROTECT, related_name="sweeps"
    )
    dataset = models.ForeignKey(
        Dataset,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="sweeps",
        help_text="The stretch of the series; not known before its bars are read",
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    engine = models.CharField(max_length=32)
    engine_version = models.CharField(max_length=32, blank=True)
    question = models.JSONField(help_text="Strategy, bars, costs and the fixed parameters")
    grid = models.JSONField(help_text="The values of each parameter")
    method = models.CharField(
        max_length=10, default="grid", help_text="How the next sets are found"
    )
    search = models.JSONField(
        default=dict, help_text="What the method needs: trials, seed, pruning, or the sets"
    )
    objective = models.CharField(max_length=32, help_text="The metric that ranks")
    objectives = models.JSONField(
        default=list, help_text="All metrics sought at once, where there is more than one"
    )
    min_round_trips = models.PositiveIntegerField()
    budget_bytes = models.BigIntegerField(default=500_000_000, help_text="Memory of one chunk")
    input_hash = models.CharField(
        max_length=HASH_LENGTH, blank=True, help_text="Equal inputs, equal hash"
    )
    provenance = models.JSONField(default=dict)
    code_hash = models.CharField(max_length=HASH_LENGTH, blank=True)

    status = models.CharField(
        max_length=10, choices=[(status.value, status.value) for status in RunStatus]
    )
    is_shared = models.BooleanField(default=False, help_text="Whether workers join it")
    paused_at = models.DateTimeField(null=True, help_text="No chunk is begun from then on")
    progress = models.FloatField(default=0.0, help_text="Fraction done")
    error_code = models.CharField(max_length=60, blank=True)
    error_detail = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    n_sets = models.PositiveIntegerField(help_text="Sets on the grid, or trials of a search")
    n_contradictory = models.PositiveIntegerField(
        default=0, help_text="Sets that contradict themselves"
    )
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
            models.CheckConstraint(
                condition=~Q(status__in=[RunStatus.RUNNING, RunStatus.SUCCEEDED])
                | Q(dataset__isnull=False, input_hash__gt=""),
                name="research_sweep_begun_has_its_bars",
            ),
        ]

    def __str__(self) -> str:
        return f"sweep {self.pk}"


class Trial(models.Model):
    """What one set of parameters came to; written once and never changed."""

    sweep = models.ForeignKey(Sweep, on_delete=models.PROTECT, related_name="trials")
    number = models.PositiveIntegerField(help_text="Its place on the grid or in the search")
    params = models.JSONField()
    trial_hash = models.CharField(max_length=HASH_LENGTH)
    metrics = models.JSONField(help_text="Null where undefined; empty where the set failed")
    value = models.FloatField(null=True, help_text="What ranks it; null where it must not rank")
    values = models.JSONField(
        null=True, help_text="Of all objectives, where there is more than one; null likewise"
    )
    pruned_after = models.FloatField(
        null=True, help_text="Fraction of the bars after which it was given up"
    )
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


class SweepChunk(models.Model):
    """Some sets of a sweep, which one process at a time tries and writes together.

    A process that is lost loses the chunk it has and no other.
    """

    class State(models.TextChoices):
        """How far it is."""

        OPEN = "OPEN"
        TAKEN = "TAKEN"
        DONE = "DONE"

    sweep = models.ForeignKey(Sweep, on_delete=models.PROTECT, related_name="chunks")
    index = models.PositiveIntegerField()
    first = models.PositiveIntegerField(help_text="Number of its first trial")
    size = models.PositiveIntegerField(help_text="Places on the grid, or trials of a search")
    asked = models.JSONField(
        null=True, help_text="What a search asked for: the study's number and the set of each"
    )
    state = models.CharField(max_length=5, choices=State.choices, default=State.OPEN)
    owner = models.CharField(max_length=120, blank=True, help_text="The process that has it")
    attempt = models.PositiveSmallIntegerField(default=0, help_text="How often it was begun")
    lease_until = models.DateTimeField(
        null=True,
        help_text="Until when its worker has it, which extends this; none at a terminal",
    )
    seconds = models.FloatField(null=True, help_text="What it took")
    days_path = models.CharField(
        max_length=200, blank=True, help_text="Daily returns of its sets, below the artefacts"
    )
    days_sha256 = models.CharField(max_length=HASH_LENGTH, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sweep", "index"], name="research_chunk_once"),
            models.CheckConstraint(
                condition=Q(state="TAKEN", owner__gt="") | (~Q(state="TAKEN") & Q(owner="")),
                name="research_chunk_taken_has_an_owner",
            ),
            models.CheckConstraint(
                condition=Q(lease_until__isnull=True) | Q(state="TAKEN"),
                name="research_chunk_lease_while_taken",
            ),
        ]

    def __str__(self) -> str:
        return f"chunk {self.index} of sweep {self.sweep_id}"
