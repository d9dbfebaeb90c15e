"""The ledger: experiments, runs, comparisons, sweeps and verdicts."""

from research.models.comparisons import ComparedRun, Comparison
from research.models.ledger import FINAL_STATES, Artefact, Dataset, Experiment, Run
from research.models.sweeps import Sweep, Trial
from research.models.validations import Validation

__all__ = [
    "FINAL_STATES",
    "Artefact",
    "ComparedRun",
    "Comparison",
    "Dataset",
    "Experiment",
    "Run",
    "Sweep",
    "Trial",
    "Validation",
]
