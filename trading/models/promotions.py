"""The stages of strategies: who asked for a step, on what evidence, and who took it."""

from functools import reduce
from operator import or_

from django.conf import settings
from django.db import models
from django.db.models import Q

from trading.domain.confirmations import LONGEST_REASON, RequestState
from trading.domain.stages import TRANSITIONS, Stage
from trading.models.decisions import IS_DECIDED_BY_SOMEBODY, Request
from trading.models.strategies import StrategyVersion

_HASH_LENGTH = 64
STAGES = [(stage.value, stage.value) for stage in Stage]
_IS_A_STEP = reduce(
    or_,
    (
        Q(from_stage=from_stage.value, to_stage__in=sorted(stage.value for stage in to_stages))
        for from_stage, to_stages in TRANSITIONS.items()
    ),
)
_LEADS_UP = reduce(
    or_,
    (
        Q(from_stage=from_stage.value, to_stage=to_stage.value)
        for from_stage, to_stages in TRANSITIONS.items()
        for to_stage in sorted(to_stages)
        if to_stage.rank > from_stage.rank
    ),
)


class Step(models.Model):
    """A step of one strategy version, with one set of parameters in one setting."""

    strategy_version = models.ForeignKey(
        StrategyVersion, on_delete=models.PROTECT, related_name="%(class)ss"
    )
    from_stage = models.CharField(max_length=10, choices=STAGES)
    to_stage = models.CharField(max_length=10, choices=STAGES)
    params = models.JSONField(help_text="The set that was judged")
    setting = models.JSONField(help_text="Engine, instrument, timeframe, costs and sizing")
    config_hash = models.CharField(
        max_length=_HASH_LENGTH, help_text="Of source, parameters and setting: what has a stage"
    )
    evidence = models.JSONField(help_text="The verdict's gates, rows and hashes")

    class Meta:
        abstract = True


class PromotionRequest(Step, Request):
    """A wish to take a step up, with its evidence; decided once."""

    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [
            models.Index(fields=["-requested_at", "-id"], name="trading_promotionrequest_new")
        ]
        constraints = [
            models.CheckConstraint(condition=_LEADS_UP, name="trading_promotionrequest_leads_up"),
            models.CheckConstraint(
                condition=IS_DECIDED_BY_SOMEBODY, name="trading_promotionrequest_decided_by"
            ),
            models.UniqueConstraint(
                fields=["config_hash"],
                condition=Q(state=RequestState.PENDING.value),
                name="trading_promotionrequest_one_pending",
            ),
        ]

    def __str__(self) -> str:
        return f"request {self.pk} for {self.to_stage}"


class Promotion(Step):
    """A step that was taken, up or down; the newest one says which stage holds.

    A row is never changed or removed; the database refuses it.
    """

    request = models.OneToOneField(
        PromotionRequest,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="promotion",
        help_text="None for a step down",
    )
    sequence = models.PositiveIntegerField(help_text="Its place among the steps, from 1")
    thresholds = models.JSONField(help_text="What was asked when the step was taken")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=LONGEST_REASON)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["-created_at", "-id"], name="trading_promotion_newest")]
        constraints = [
            # Whoever decides on a step has read which is the last one: of two who take the
            # next at the same time, one finds the place taken.
            models.UniqueConstraint(
                fields=["config_hash", "sequence"], name="trading_promotion_once_per_place"
            ),
            models.CheckConstraint(condition=_IS_A_STEP, name="trading_promotion_is_a_step"),
            models.CheckConstraint(
                condition=Q(request__isnull=False) | ~_LEADS_UP,
                name="trading_promotion_up_was_requested",
            ),
            models.CheckConstraint(
                condition=Q(sequence__gte=1), name="trading_promotion_counts_from_one"
            ),
        ]

    def __str__(self) -> str:
        return f"promotion {self.pk} to {self.to_stage}"
