"""A validation as tests ask for it, and its verdict as they read it."""

from dataclasses import dataclass
from typing import Any

from common.domain.costs import CostModel
from common.domain.instruments import InstrumentId
from common.domain.timeframe import Timeframe
from research.domain.grid import Grid
from research.domain.question import RunQuestion
from research.domain.set_list import SetList
from research.domain.sweep import SweepQuestion
from research.domain.validation_question import ValidationQuestion
from research.models import Sweep, Validation
from research.selectors.sweeps import best_trials
from research.validation.gates import KEYS


def asked(*axes: str, **changes: Any) -> ValidationQuestion:
    """Return a question on daily bars; changes go where they belong."""
    params = changes.pop("params", {})
    grid = Grid.parse(axes) if "grid" not in changes else SetList((params,))
    changes.pop("grid", None)
    fee_rate = changes.pop("fee_rate", 0.001)
    run = RunQuestion(
        strategy_key=changes.pop("strategy_key", "sma_cross"),
        engine="vectorbt",
        instrument=InstrumentId("BTC/USD", "TEST"),
        timeframe=Timeframe.D1,
        params=params,
        costs=CostModel(fee_rate=fee_rate, maker_fee_rate=fee_rate),
    )
    sweep = SweepQuestion(
        question=run, grid=grid, min_round_trips=changes.pop("min_round_trips", 5)
    )
    return ValidationQuestion(sweep=sweep, **changes)


@dataclass(frozen=True)
class Found:
    """A verdict by the names of its gates."""

    verdict: str
    values: dict[str, Any]
    sentences: dict[str, str]
    failed: set[str]


def verdict_of(validation: Validation) -> Found:
    """Return the verdict by the names of its gates."""
    gates = validation.gates
    return Found(
        verdict="PASS" if validation.passed else "FAIL",
        values={gate["name"]: gate["value"] for gate in gates},
        sentences={gate["name"]: gate["sentence"] for gate in gates},
        failed={gate["name"] for gate in gates if not gate["passed"]},
    )


def gate(name: str, value: float | None = 1.0, **changes: Any) -> dict[str, Any]:
    """Return a gate as a row has it."""
    return {
        "name": name,
        "value": value,
        "comparison": "at least",
        "threshold": 0.5,
        "passed": value is not None and value >= 0.5,
        "sentence": f"the {name} is what it is.",
        **changes,
    }


def written(sweep: Sweep, **changes: Any) -> Validation:
    """Write a verdict on the best set of a sweep; all gates pass, and there are no figures."""
    best = best_trials(sweep, count=1)[0]
    values = {
        "experiment": sweep.experiment,
        "strategy_version": sweep.strategy_version,
        "dataset": sweep.dataset,
        "sweep": sweep,
        "passed": True,
        "params": best.params,
        "question": {**sweep.question, "prior_trials": 2},
        "n_trials": 1_234,
        "gates": [gate(name) for name in KEYS],
        "provenance": {},
        "code_hash": "0" * 64,
        **changes,
    }
    return Validation.objects.create(**values)
