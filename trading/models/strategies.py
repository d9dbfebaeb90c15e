"""Strategies as rows, so that the web process lists them without running their code."""

from django.db import models


class Strategy(models.Model):
    """A strategy under its key: the lineage by which trials are counted."""

    key = models.CharField(max_length=64, unique=True)
    derived_from = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="descendants"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "strategies"

    def __str__(self) -> str:
        return self.key


class StrategyVersion(models.Model):
    """One state of a strategy's source; written once, then only marked absent or present."""

    strategy = models.ForeignKey(Strategy, on_delete=models.PROTECT, related_name="versions")
    version = models.CharField(max_length=32)
    source_hash = models.CharField(max_length=64)
    contract = models.CharField(max_length=10, help_text="targets or quotes")
    summary = models.CharField(max_length=200)
    origin = models.CharField(max_length=10, help_text="library or user")
    parameters = models.JSONField(help_text="Name, type, default and bounds of each")
    is_present = models.BooleanField(
        default=True, help_text="Whether the source on this machine still has this hash"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["strategy", "version", "source_hash"], name="trading_strategyversion_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.strategy.key} {self.version} ({self.source_hash[:8]})"
