"""The ledger: experiments, runs, comparisons, sweeps, examinations, verdicts; and jobs."""

from research.models.comparisons import ComparedRun, Comparison
from research.models.examinations import Examination
from research.models.jobs import Job
from research.models.ledger import FINAL_STATES, Artefact, Dataset, Experiment, Run
from research.models.sweeps import Sweep, SweepChunk, Trial
from research.models.validations import Validation

__all__ = [
    "FINAL_STATES",
    "Artefact",
    "ComparedRun",
    "Comparison",
    "Dataset",
    "Examination",
    "Experiment",
    "Job",
    "Run",
    "Sweep",
    "SweepChunk",
    "Trial",
    "Validation",
]
