"""Validations: one by number, the trials behind it, and a validation as a document."""

from math import sqrt
from typing import Any

import numpy as np
from django.db.models import QuerySet

from common.domain.bars import Floats
from common.domain.time import format_utc, to_ns
from portfolio.metrics.returns import YEAR_DAYS
from research.exceptions import UnknownValidation
from research.models import Dataset, Validation
from research.selectors.command_lines import run_command
from research.selectors.runs import count_trials, lineage_trials
from trading.models import StrategyVersion

_RELATED = ("experiment", "strategy_version__strategy", "dataset__series__instrument__venue")


def list_validations() -> QuerySet[Validation]:
    """Return all validations with what they name, in one query."""
    return Validation.objects.select_related(*_RELATED)


def get_validation(number: int) -> Validation:
    """Return a validation.

    Raises
    ------
    UnknownValidation
        If there is none of that number.
    """
    validation = list_validations().filter(pk=number).first()
    if validation is None:
        raise UnknownValidation(f"no validation {number}", validation=number)
    return validation


def count_trials_of(version: StrategyVersion, dataset: Dataset) -> int:
    """Return the trials that the lineage of a version has on the instrument and the period."""
    return count_trials(**_where(version, dataset))


def trial_sharpes(version: StrategyVersion, dataset: Dataset) -> Floats:
    """Return the daily Sharpe ratio of each trial that `count_trials_of` counts.

    Returns
    -------
    ndarray of float64, shape (n_trials,)
        Per day, NaN where a trial has none. A trial that was made more than once has that of
        the last time that it had one: a search may have given it up. A sweep is taken before
        a run of the same set.
    """
    runs, trials = lineage_trials(**_where(version, dataset))
    annual: dict[str, float | None] = {}
    for rows in (runs, trials):
        for name, ratio in rows.order_by("pk").values_list("trial_hash", "metrics__sharpe"):
            annual[name] = annual.get(name) if ratio is None else ratio
    values = [np.nan if value is None else value for value in annual.values()]
    return np.array(values, np.float64) / sqrt(YEAR_DAYS)


def describe_validation(validation: Validation) -> dict[str, Any]:
    """Return a validation as the document that the command and the API show."""
    version, dataset = validation.strategy_version, validation.dataset
    series = dataset.series
    return {
        "validation_id": validation.pk,
        "verdict": validation.verdict,
        "strategy": {
            "key": version.strategy.key,
            "version": version.version,
            "source_hash": version.source_hash,
            "params": validation.params,
        },
        "dataset": {
            "hash": dataset.hash,
            "venue": series.instrument.venue.code,
            "instrument": series.instrument.symbol,
            "timeframe": series.timeframe,
            "rows": dataset.rows,
            "start": format_utc(to_ns(dataset.start_at)),
            "end": format_utc(to_ns(dataset.end_at)),
        },
        "gates": validation.gates,
        "n_trials": validation.n_trials,
        "question": validation.question,
        "command": None
        if validation.params is None
        else run_command(validation.question, validation.params),
        "windows": validation.figures.get("windows", []),
        "stability": validation.figures.get("stability", []),
        "evidence": {
            "sweep_id": validation.sweep_id,
            "neighbours_sweep_id": validation.neighbours_id,
            "run_id": validation.run_id,
            "doubled_run_id": validation.doubled_run_id,
            "comparison_id": validation.comparison_id,
        },
        "experiment": validation.experiment.name,
        "provenance": {**validation.provenance, "code_hash": validation.code_hash},
        "created_at": format_utc(to_ns(validation.created_at)),
    }


def _where(version: StrategyVersion, dataset: Dataset) -> dict[str, Any]:
    return {
        "strategy_id": version.strategy_id,
        "symbol": dataset.series.instrument.symbol,
        "start_at": dataset.start_at,
        "end_at": dataset.end_at,
    }
