"""Answers to requests that must take effect once."""

from django.conf import settings
from django.db import models

KEY_LENGTH = 255
_PATH_LENGTH = 500
_HASH_LENGTH = 64


class IdempotencyRecord(models.Model):
    """The answer a user's request got under a key, written together with its effect.

    A row exists only once the request has been answered: while it runs, its key
    is held by a lock, and an answer that is not to be repeated leaves no row.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=_PATH_LENGTH)
    key = models.CharField(max_length=KEY_LENGTH)
    body_hash = models.CharField(max_length=_HASH_LENGTH)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField()
    # Text, because PostgreSQL's JSON would not keep the order of the keys.
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "method", "path", "key"], name="common_idempotencyrecord_scope"
            )
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.key} of user {self.user_id}"
