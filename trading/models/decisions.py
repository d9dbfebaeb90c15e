"""What requests that a second look decides have in common."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from trading.domain.confirmations import LONGEST_REASON, RequestState


class Request(models.Model):
    """A wish that waits for a second look; once decided it is never changed or removed."""

    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=LONGEST_REASON)
    requested_at = models.DateTimeField()
    state = models.CharField(
        max_length=10,
        choices=[(state.value, state.value) for state in RequestState],
        default=RequestState.PENDING.value,
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_reason = models.CharField(max_length=LONGEST_REASON, blank=True)

    class Meta:
        abstract = True


IS_DECIDED_BY_SOMEBODY = Q(
    state=RequestState.PENDING.value, decided_by__isnull=True, decided_at__isnull=True
) | Q(
    state__in=[RequestState.APPROVED.value, RequestState.DECLINED.value],
    decided_by__isnull=False,
    decided_at__isnull=False,
)
