"""Whether what was found of a strategy version admits a step up, then and now."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from trading.domain.gates import shortcomings
from trading.domain.proof import Evidence
from trading.exceptions import NotPromotable
from trading.models import StrategyVersion
from trading.selectors.promotions import is_present_source


def check_evidence(
    version: StrategyVersion, evidence: Evidence, *, thresholds: Mapping[str, float], at: datetime
) -> None:
    """Refuse evidence that does not admit a step up.

    Parameters
    ----------
    version, evidence, thresholds, at
        As `objections` takes them.

    Raises
    ------
    NotPromotable
        If anything speaks against it; all reasons are named.
    """
    reasons = objections(version, evidence, thresholds=thresholds, at=at)
    if reasons:
        raise NotPromotable(
            f"{version.strategy.key} cannot be promoted: {'; '.join(reasons)}",
            reasons=[*reasons],
        )


def objections(
    version: StrategyVersion, evidence: Evidence, *, thresholds: Mapping[str, float], at: datetime
) -> list[str]:
    """Return what speaks against a step up: the verdict, the source, the age, or a gate.

    Parameters
    ----------
    version
        What is to be promoted.
    evidence
        What was found of it.
    thresholds
        What is asked now.
    at
        The time now, aware, UTC.
    """
    return [
        *([] if evidence.passed is True else ["the verdict is not a pass"]),
        *_about_source(version, evidence),
        *_about_age(evidence, days=thresholds["evidence_days"], at=at),
        *shortcomings(evidence.gates, evidence.measures, thresholds),
    ]


def _about_source(version: StrategyVersion, evidence: Evidence) -> list[str]:
    if evidence.source_hash != version.source_hash:
        judged, asked = evidence.source_hash[:8], version.source_hash[:8]
        return [f"the verdict is on the source {judged}, not on {asked}"]
    if not is_present_source(version):
        return [f"the source {version.source_hash[:8]} is not the present one any more"]
    return []


def _about_age(evidence: Evidence, *, days: float, at: datetime) -> list[str]:
    age = at - evidence.judged_at
    if age < timedelta(0):
        return [f"the verdict is of {evidence.judged_at:%Y-%m-%d %H:%M}, after the time now"]
    if age > timedelta(days=days):
        return [f"the verdict is {age / timedelta(days=1):.1f} days old, at most {days:g} may be"]
    return []
