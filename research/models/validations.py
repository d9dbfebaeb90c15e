"""The verdict of all gates on a strategy."""

from django.conf import settings
from django.db import models

from research.models.comparisons import Comparison
from research.models.ledger import HASH_LENGTH, Dataset, Experiment, Run
from research.models.sweeps import Sweep
from trading.models import StrategyVersion


class Validation(models.Model):
    """The verdict of all gates on one strategy: what each found, and what it was found from.

    A row is never changed or removed; the database refuses it.
    """

    experiment = models.ForeignKey(
        Experiment, on_delete=models.PROTECT, related_name="validations"
    )
    strategy_version = models.ForeignKey(
        StrategyVersion, on_delete=models.PROTECT, related_name="validations"
    )
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="validations")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    sweep = models.ForeignKey(
        Sweep,
        on_delete=models.PROTECT,
        related_name="validations",
        help_text="The sets that it was chosen from",
    )
    neighbours = models.ForeignKey(
        Sweep,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The sets around the chosen one",
    )
    run = models.ForeignKey(
        Run,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="validations",
        help_text="The chosen set over the period",
    )
    doubled_run = models.ForeignKey(
        Run,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The chosen set at doubled costs",
    )
    comparison = models.ForeignKey(
        Comparison,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="validations",
        help_text="The chosen set on two engines",
    )

    passed = models.BooleanField(help_text="Whether every gate did")
    params = models.JSONField(null=True, help_text="The chosen set; null where none could be")
    question = models.JSONField(help_text="How it was split, and the trials made elsewhere")
    n_trials = models.PositiveIntegerField(help_text="Trials counted, those elsewhere included")
    gates = models.JSONField(help_text="Name, value, threshold, passed, and a sentence of each")
    figures = models.JSONField(default=dict, help_text="What charts are drawn from")
    provenance = models.JSONField()
    code_hash = models.CharField(max_length=HASH_LENGTH)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["-created_at", "-id"], name="research_validation_newest")]

    def __str__(self) -> str:
        return f"validation {self.pk}"

    @property
    def verdict(self) -> str:
        """`PASS` where every gate did, else `FAIL`."""
        return "PASS" if self.passed else "FAIL"

    @property
    def failed(self) -> list[str]:
        """The names of the gates that did not pass, in their order."""
        return [gate["name"] for gate in self.gates if not gate["passed"]]
