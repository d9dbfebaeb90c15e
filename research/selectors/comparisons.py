"""Comparisons of engines: rows, documents, and the facts of runs as what is compared."""

from typing import Any

import numpy as np
from django.db.models import Prefetch, QuerySet
from numpy.typing import NDArray

from common.domain.fills import FILL_DTYPE, Fills
from common.domain.funding import FUNDING_DTYPE, FundingEntries, no_funding
from research.exceptions import ArtefactDamaged
from research.models import ComparedRun, Comparison, Run
from research.parity.facts import Facts
from research.selectors.facts import artefact_of, read_artefact

_RELATED = (
    "experiment",
    "strategy_version__strategy",
    "dataset__series__instrument__venue",
)


def list_comparisons() -> QuerySet[Comparison]:
    """Return all comparisons with what they name and their runs, in two queries."""
    parts = ComparedRun.objects.select_related("run").order_by("pk")
    return Comparison.objects.select_related(*_RELATED).prefetch_related(
        Prefetch("compared_runs", queryset=parts)
    )


def describe_comparison(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as the document that the command and the API show."""
    return {
        "comparison_id": comparison.pk,
        "verdict": comparison.verdict,
        **comparison.document,
    }


def by_cause(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the number of differences and their money by pair and cause, the dearest first."""
    sums: dict[tuple[str, str, str], dict[str, Any]] = {}
    pooled = [
        {**each, "cause": "within_tolerance", "admissible": True, "count": 0}
        for each in document.get("within_tolerance", ())
    ]
    for each in [*document["differences"], *pooled]:
        key = (each["a"], each["b"], each["cause"])
        empty = {
            "a": each["a"],
            "b": each["b"],
            "cause": each["cause"],
            "admissible": each["admissible"],
            "count": 0,
            "money": 0.0,
        }
        row = sums.setdefault(key, empty)
        row["count"] += each["count"]
        row["money"] += each["money"]
    order = [(pair["a"], pair["b"]) for pair in document["pairs"]]
    return sorted(
        sums.values(), key=lambda row: (order.index((row["a"], row["b"])), -abs(row["money"]))
    )


def read_facts(run: Run) -> Facts | None:
    """Return the fills and the funding of a run, or None if it left none.

    Raises
    ------
    ArtefactDamaged
        If a file is not what the run left.
    """
    fills = artefact_of(run, "fills")
    if fills is None:
        return None
    funding = artefact_of(run, "funding")
    return Facts(
        name=run.engine,
        fills=_records(read_artefact(fills), FILL_DTYPE),
        funding=no_funding() if funding is None else _funding(read_artefact(funding)),
    )


def _funding(columns: dict[str, NDArray[Any]]) -> FundingEntries:
    return _records(columns, FUNDING_DTYPE)


def _records(columns: dict[str, NDArray[Any]], dtype: np.dtype[np.void]) -> Fills:
    names = dtype.names or ()
    if set(columns) != set(names):
        raise ArtefactDamaged(f"columns are {sorted(columns)}, must be {sorted(names)}")
    records = np.empty(len(columns[names[0]]), dtype)
    for name in names:
        records[name] = columns[name]
    return records
