"""Whether what was found of a strategy version admits a step up, then and now."""

from datetime import datetime, timedelta

from trading.domain.gates import shortcomings
from trading.domain.proof import Evidence
from trading.exceptions import NotPromotable
from trading.models import StrategyVersion
from trading.selectors.promotions import is_present_source


def check_evidence(
    version: StrategyVersion, evidence: Evidence, *, thresholds: dict[str, float], at: datetime
) -> None:
    """Refuse evidence that does not admit a step up.

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

    Raises
    ------
    NotPromotable
        If a gate is missing, did not pass, or would not pass now; if the source is another or
        gone; if the verdict is too old. All reasons are named.
    """
    reasons = [
        *([] if evidence.passed is True else ["the verdict is not a pass"]),
        *_about_source(version, evidence),
        *_about_age(evidence, days=thresholds["evidence_days"], at=at),
        *shortcomings(evidence.gates, evidence.measures, thresholds),
    ]
    if reasons:
        raise NotPromotable(
            f"{version.strategy.key} cannot be promoted: {'; '.join(reasons)}",
            reasons=[*reasons],
        )


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
