"""The thresholds of the gates as rows with history."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from common.domain.enums import Comparison
from trading.domain.confirmations import LONGEST_REASON, RequestState
from trading.domain.thresholds import THRESHOLDS
from trading.models.decisions import IS_DECIDED_BY_SOMEBODY, Request

_LONGEST_KEY = 40


class ThresholdRequest(Request):
    """A wish to ask less of strategies; decided once."""

    key = models.CharField(max_length=_LONGEST_KEY)
    from_value = models.FloatField()
    from_sequence = models.PositiveIntegerField(help_text="Of the value that it would replace")
    to_value = models.FloatField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [
            models.Index(fields=["-requested_at", "-id"], name="trading_thresholdrequest_new")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(key__in=sorted(THRESHOLDS)), name="trading_thresholdrequest_key"
            ),
            models.CheckConstraint(
                condition=IS_DECIDED_BY_SOMEBODY, name="trading_thresholdrequest_decided_by"
            ),
            models.UniqueConstraint(
                fields=["key"],
                condition=Q(state=RequestState.PENDING.value),
                name="trading_thresholdrequest_one_pending",
            ),
        ]

    def __str__(self) -> str:
        return f"request {self.pk} for {self.key} {self.to_value:g}"


class GateThreshold(models.Model):
    """What a threshold was set to, when and why; the newest row of a key holds.

    A row is never changed or removed; the database refuses it. Where there is none, the
    default holds.
    """

    key = models.CharField(max_length=_LONGEST_KEY)
    sequence = models.PositiveIntegerField(help_text="Its place in the history, from 1")
    request = models.OneToOneField(
        ThresholdRequest,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="threshold",
        help_text="None where more is asked than before: that needs no second look",
    )
    value = models.FloatField()
    comparison = models.CharField(
        max_length=10, choices=[(each.value, each.value) for each in Comparison]
    )
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=LONGEST_REASON)
    valid_from = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["-valid_from", "-id"], name="trading_gatethreshold_newest")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["key", "sequence"], name="trading_gatethreshold_once_per_place"
            ),
            models.CheckConstraint(
                condition=Q(key__in=sorted(THRESHOLDS)), name="trading_gatethreshold_key"
            ),
            models.CheckConstraint(
                condition=Q(sequence__gte=1), name="trading_gatethreshold_counts_from_one"
            ),
            models.CheckConstraint(
                condition=Q(request__isnull=True, confirmed_by__isnull=True)
                | Q(request__isnull=False, confirmed_by__isnull=False),
                name="trading_gatethreshold_request_confirmed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.comparison} {self.value:g}"
