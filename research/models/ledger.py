"""The ledger of experiments: questions, the data they were put to, runs, and what runs left."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from common.domain.enums import RunStatus
from common.fields import ExactDecimalField
from exchanges.models import Series
from trading.models import StrategyVersion

FINAL_STATES = (RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELED, RunStatus.REFUSED)
HASH_LENGTH = 64


class Experiment(models.Model):
    """A question with its runs."""

    name = models.CharField(max_length=120, unique=True)
    question = models.TextField(blank=True)
    conclusion = models.TextField(blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name


class Dataset(models.Model):
    """A stretch of a series as it was when it was first used, named by its content."""

    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="datasets")
    hash = models.CharField(max_length=HASH_LENGTH)
    rows = models.BigIntegerField()
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "hash"], name="research_dataset_once"),
            models.CheckConstraint(
                condition=Q(end_at__gt=models.F("start_at")), name="research_dataset_has_a_period"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.series} {self.hash[:12]}"


class Run(models.Model):
    """One execution of one engine, with all that went in, what came out, and where it ran.

    A row in a final state is never changed or removed again; the database refuses it. What is
    not known before a queued run begins is empty until then.
    """

    experiment = models.ForeignKey(Experiment, on_delete=models.PROTECT, related_name="runs")
    strategy_version = models.ForeignKey(
        StrategyVersion, on_delete=models.PROTECT, related_name="runs"
    )
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="runs")
    dataset = models.ForeignKey(
        Dataset,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="runs",
        help_text="The stretch of the series; not known before its bars are read",
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    kind = models.CharField(max_length=20, default="BACKTEST")
    engine = models.CharField(max_length=32)
    engine_version = models.CharField(max_length=32, blank=True)
    question = models.JSONField(default=dict, help_text="As it was put to the queue")
    params = models.JSONField()
    cash = ExactDecimalField()
    fee_rate = ExactDecimalField()
    maker_fee_rate = ExactDecimalField()
    slippage = ExactDecimalField(help_text="Fraction of the price")
    funding = models.BooleanField()
    sizing = models.CharField(max_length=60)
    account = models.CharField(max_length=10)
    rebalance = models.CharField(max_length=20)
    settings = models.JSONField(
        default=dict, help_text="What only some engines know: latency, queue, protections"
    )
    seed = models.BigIntegerField()
    allow_dirty = models.BooleanField(help_text="Run although the data have errors")
    instrument_sizes = models.JSONField(
        default=dict, help_text="Lot, tick and minimum notional that applied"
    )
    warm_up_rows = models.BigIntegerField(
        default=0, help_text="Bars before the period, not counted in it"
    )
    warm_up_hash = models.CharField(max_length=HASH_LENGTH, blank=True)
    input_hash = models.CharField(
        max_length=HASH_LENGTH, blank=True, help_text="Equal inputs, equal hash"
    )
    trial_hash = models.CharField(
        max_length=HASH_LENGTH, blank=True, help_text="What counts as one trial of a strategy"
    )

    provenance = models.JSONField(
        default=dict,
        help_text="Platform version, git state, hashes of code and lock file, machine",
    )
    code_hash = models.CharField(max_length=HASH_LENGTH, blank=True)

    status = models.CharField(
        max_length=10, choices=[(status.value, status.value) for status in RunStatus]
    )
    owner = models.CharField(max_length=120, blank=True, help_text="The process that runs it")
    attempt = models.PositiveSmallIntegerField(
        default=0, help_text="How often it was begun; a run whose worker is lost begins anew once"
    )
    lease_until = models.DateTimeField(
        null=True,
        help_text="Until when its worker has it, which extends this; none of a run at a terminal",
    )
    progress = models.FloatField(default=0.0, help_text="Fraction done")
    cancel_requested_at = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=60, blank=True)
    error_detail = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    timings = models.JSONField(default=dict, help_text="Seconds of loading, engine, whole")
    peak_rss_bytes = models.BigIntegerField(null=True)

    n_fills = models.BigIntegerField(null=True)
    skipped_orders = models.BigIntegerField(null=True)
    equity = models.JSONField(null=True, help_text="First and last mark, and how many")
    metrics = models.JSONField(default=dict)
    undefined = models.JSONField(default=dict, help_text="Why a metric has no value")
    open_round_trip = models.JSONField(null=True)
    result_hash = models.CharField(max_length=HASH_LENGTH, blank=True)
    differs_from = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="An earlier run with equal inputs and another result: an alert",
    )

    class Meta:
        indexes = [
            models.Index(fields=["input_hash"], name="research_run_input"),
            models.Index(fields=["status"], name="research_run_status"),
            models.Index(fields=["-created_at", "-id"], name="research_run_newest"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in RunStatus]),
                name="research_run_status_is_known",
            ),
            models.CheckConstraint(
                condition=Q(status__in=FINAL_STATES, finished_at__isnull=False)
                | (~Q(status__in=FINAL_STATES) & Q(finished_at__isnull=True)),
                name="research_run_final_has_an_end",
            ),
            models.CheckConstraint(
                condition=~Q(status=RunStatus.SUCCEEDED)
                | Q(
                    dataset__isnull=False,
                    input_hash__gt="",
                    n_fills__isnull=False,
                    result_hash__gt="",
                    error_code="",
                ),
                name="research_run_success_has_facts",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[RunStatus.FAILED, RunStatus.REFUSED])
                | Q(error_code__gt=""),
                name="research_run_failure_has_an_error",
            ),
            models.CheckConstraint(
                condition=~Q(status=RunStatus.QUEUED) | Q(owner="", started_at__isnull=True),
                name="research_run_queued_has_no_owner",
            ),
            models.CheckConstraint(
                condition=~Q(status=RunStatus.RUNNING) | Q(owner__gt="", started_at__isnull=False),
                name="research_run_running_has_an_owner",
            ),
            models.CheckConstraint(
                condition=Q(lease_until__isnull=True) | Q(status=RunStatus.RUNNING),
                name="research_run_lease_while_running",
            ),
            models.CheckConstraint(
                condition=Q(progress__gte=0.0, progress__lte=1.0),
                name="research_run_progress_is_a_fraction",
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.pk}"


class Artefact(models.Model):
    """A file that a run left; its content is checked against its hash when it is read."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="artefacts")
    kind = models.CharField(max_length=20, help_text="fills, equity or funding")
    path = models.CharField(max_length=200, help_text="Below the artefact folder")
    sha256 = models.CharField(max_length=HASH_LENGTH)
    size_bytes = models.BigIntegerField()
    rows = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "kind"], name="research_artefact_once_per_kind")
        ]

    def __str__(self) -> str:
        return f"{self.kind} of run {self.run_id}"
