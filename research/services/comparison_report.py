"""A comparison as a document: engines, pairs, differences and the ladder."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any, Final

import numpy as np

from common.domain.costs import SizingMode
from common.domain.enums import OrderSide, RunStatus
from common.domain.time import format_utc
from research.domain.verdict import Verdict
from research.exceptions import MarketChanged
from research.models import Run
from research.parity.attribution import Difference
from research.parity.causes import Cause
from research.parity.facts import Facts, Terms
from research.parity.ladder import Cost, Standing, cost_rungs
from research.parity.money import PairReport, compare_pair
from research.selectors.comparisons import read_facts
from research.services.ladders import PlannedRung
from research.services.prepared import PreparedRun

# What such a run left contradicts itself; that is worth a look, and no success.
_CONTRADICTED: Final = "invariant_violated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one question: a run in a final state, or the reason why there is none."""

    run: Run | None
    status: RunStatus
    code: str = ""
    detail: str = ""


def terms_of(prepared: PreparedRun) -> Terms:
    """Return what every engine was given."""
    instrument = prepared.loaded.market.instrument
    return Terms(
        bars=prepared.loaded.period,
        cash=prepared.question.cash,
        lot=instrument.lot,
        tick=instrument.tick,
        min_notional=instrument.min_notional,
        by_equity=prepared.question.sizing.mode is SizingMode.EQUITY_FRACTION,
    )


def report_engines(
    outcomes: Mapping[str, Outcome], prepared: PreparedRun
) -> tuple[dict[str, Any], list[bool]]:
    """Return engines, pairs and differences as a document, and whether each pair is equal.

    Raises
    ------
    MarketChanged
        If the engines ran on other bars than those prepared.
    ArtefactDamaged
        If what a run left cannot be read.
    """
    terms = terms_of(prepared)
    facts = {
        name: found
        for name, outcome in outcomes.items()
        if (found := _comparable(outcome, prepared)) is not None
    }
    pairs = [compare_pair(a=facts[a], b=facts[b], terms=terms) for a, b in combinations(facts, 2)]
    document = {
        "engines": {
            name: _describe_engine(outcome, facts.get(name), terms)
            for name, outcome in outcomes.items()
        },
        "pairs": [asdict(pair.summary) for pair in pairs],
        "differences": [
            _describe_difference(each, pair)
            for pair in pairs
            for each in pair.differences
            if each.cause is not Cause.WITHIN_TOLERANCE
        ],
        # No differences, but without their money the sum would not be that of the equities.
        "within_tolerance": [
            {"a": pair.summary.a, "b": pair.summary.b, "money": float(each.money)}
            for pair in pairs
            for each in pair.differences
            if each.cause is Cause.WITHIN_TOLERANCE
        ],
    }
    return document, [pair.is_equal for pair in pairs]


def judge(outcomes: Iterable[Outcome], equal: Sequence[bool], *, refusals_count: bool) -> Verdict:
    """Return what a comparison came to.

    Parameters
    ----------
    outcomes
        Of the engines.
    equal
        Of each pair, whether it is.
    refusals_count
        Whether an engine that refuses is one that failed: it is if it was asked by name.
    """
    allowed = {RunStatus.SUCCEEDED} if refusals_count else {RunStatus.SUCCEEDED, RunStatus.REFUSED}
    statuses = [outcome.status for outcome in outcomes]
    if not set(statuses) <= allowed or RunStatus.SUCCEEDED not in statuses:
        return Verdict.FAILED
    if not all(equal):
        return Verdict.DIFFERENT
    return Verdict.EQUAL if equal else Verdict.SINGLE


def report_ladder(
    rungs: Sequence[PlannedRung], outcomes: Sequence[Outcome | None], prepared: PreparedRun
) -> list[dict[str, Any]]:
    """Return the ladder's part of the document, from the ideal to the real."""
    first = next((outcome.run for outcome in outcomes if outcome and outcome.run), None)
    standings = [
        _stand(rung, outcome, first) for rung, outcome in zip(rungs, outcomes, strict=True)
    ]
    return [_describe_rung(cost) for cost in cost_rungs(standings, cash=prepared.question.cash)]


def _comparable(outcome: Outcome, prepared: PreparedRun) -> Facts | None:
    run = outcome.run
    if run is None or run.dataset is None:
        return None
    if (run.dataset.hash, run.warm_up_hash) != (
        prepared.loaded.hash,
        prepared.loaded.warm_up_hash,
    ):
        raise MarketChanged(
            f"the bars of {prepared.loaded.key} changed between the runs: compare again",
            series=str(prepared.loaded.key),
        )
    if run.status != RunStatus.SUCCEEDED and run.error_code != _CONTRADICTED:
        return None  # One that was ruined or interrupted did not see the whole period.
    facts = read_facts(run)
    return facts if facts is not None and _is_sound(facts, prepared) else None


def _is_sound(facts: Facts, prepared: PreparedRun) -> bool:
    """Return whether fills are executions in time order on the bars, right or wrong."""
    fills, start_ns = facts.fills, prepared.loaded.start_ns
    numbers = np.stack([fills[name] for name in ("price", "quantity", "fee")])
    positive = (fills["price"] > 0) & (fills["quantity"] > 0) & (np.abs(fills["side"]) == 1)
    inside = (fills["ts_ns"] >= start_ns) & (fills["ts_ns"] < prepared.loaded.end_ns)
    in_order = np.diff(fills["ts_ns"]) >= 0
    return bool(np.isfinite(numbers).all() and positive.all() and inside.all() and in_order.all())


def _describe_engine(outcome: Outcome, facts: Facts | None, terms: Terms) -> dict[str, Any]:
    run = outcome.run
    document: dict[str, Any] = {
        "run_id": None if run is None else run.pk,
        "n_fills": None if facts is None else len(facts.fills),
        "final_equity": None if facts is None else terms.final_equity(facts),
        "status": outcome.status.value,
    }
    if outcome.code:
        document |= {"code": outcome.code, "detail": outcome.detail}
    return document


def _describe_difference(difference: Difference, pair: PairReport) -> dict[str, Any]:
    return {
        "a": pair.summary.a,
        "b": pair.summary.b,
        "cause": difference.cause.value,
        "admissible": difference.is_admissible,
        "ts": format_utc(difference.ts_ns) if difference.side or difference.ts_ns else None,
        "side": OrderSide(difference.side).name if difference.side else None,
        "round_trip": difference.round_trip,
        "count": difference.count,
        "money": difference.money,
    }


def _stand(rung: PlannedRung, outcome: Outcome | None, first: Run | None) -> Standing:
    if outcome is None:
        return Standing(rung=rung.rung, engine=rung.engine, reason=rung.reason)
    run = outcome.run
    run_id = None if run is None else run.pk
    reason = "" if run and outcome.status is RunStatus.SUCCEEDED else outcome.detail
    if run is not None and first is not None and not reason:
        reason = _other_period(run, first)
    equity = run.equity["last"] if run is not None and run.equity and not reason else None
    return Standing(
        rung=rung.rung, run_id=run_id, engine=rung.engine, final_equity=equity, reason=reason
    )


def _other_period(run: Run, first: Run) -> str:
    ours, theirs = run.dataset, first.dataset
    if ours is None or theirs is None:
        return "it names no bars"
    if (ours.start_at, ours.end_at, ours.rows) == (theirs.start_at, theirs.end_at, theirs.rows):
        return ""
    return (
        f"it ran on {ours.rows} bars from {ours.start_at:%Y-%m-%d %H:%M} to"
        f" {ours.end_at:%Y-%m-%d %H:%M}, the first rung on {theirs.rows} from"
        f" {theirs.start_at:%Y-%m-%d %H:%M} to {theirs.end_at:%Y-%m-%d %H:%M}: ask for the period"
        " of the recorded events"
    )


def _describe_rung(cost: Cost) -> dict[str, Any]:
    standing = cost.standing
    return {
        "rung": standing.rung.value,
        "run_id": standing.run_id,
        "engine": standing.engine or None,
        "final_equity": standing.final_equity,
        "total_return": cost.total_return,
        "cost": cost.cost,
        "cost_share": cost.share,
        "reason": standing.reason or None,
    }
