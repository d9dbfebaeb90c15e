"""Strategy versions with what was found of them, for tests of promotion."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User

from common.roles import Role
from common.tests.factories import UserFactory
from trading.domain.gates import REQUIRED, FoundGate, Measures
from trading.domain.proof import Evidence, Proof, Subject
from trading.domain.stages import Stage
from trading.domain.thresholds import THRESHOLDS
from trading.models import Promotion, PromotionRequest, Strategy, StrategyVersion
from trading.services import promotions

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
# Each well beyond what is asked by default.
VALUES = {
    "sample": 240.0,
    "deflated_sharpe": 0.97,
    "overfitting": 0.1,
    "walk_forward_efficiency": 0.8,
    "walk_forward_windows": 1.0,
    "doubled_costs": 0.4,
    "delay": 0.9,
    "neighbourhood": 0.95,
    "bootstrap": 0.05,
    "parity": 0.0,
    "look_ahead": 0.0,
}


def version(key: str = "mine", source: str = "a") -> StrategyVersion:
    """Return the row of a strategy whose source has this hash, made if there is none."""
    strategy, _ = Strategy.objects.get_or_create(key=key)
    row, _ = StrategyVersion.objects.get_or_create(
        strategy=strategy,
        version="1",
        source_hash=source * 64,
        defaults={"parameters": [], "contract": "targets", "origin": "user"},
    )
    return row


def gate(name: str, **changes: Any) -> FoundGate:
    """Return a gate that passed."""
    rule = THRESHOLDS.get(name)
    facts: dict[str, Any] = {
        "value": VALUES[name],
        "comparison": "at least" if rule is None else rule.comparison.value,
        "threshold": 0.0 if rule is None else rule.default,
        "passed": True,
        "sentence": f"{name} is fine.",
    }
    return FoundGate(name=name, **{**facts, **changes})


def proof(**changes: Any) -> Proof:
    """Return a proof that admits a promotion, with these changes to its evidence."""
    evidence = Evidence(
        passed=True,
        source_hash="a" * 64,
        judged_at=NOW - timedelta(days=1),
        gates=tuple(gate(name) for name in REQUIRED),
        measures=Measures(round_trips=240.0, years=1.5, bootstrap_level=0.05),
        references={"validation_id": 7, "run_ids": [1, 2]},
    )
    setting = {"engine": "vectorbt", "venue": "TEST", "instrument": "BTC/USD", "timeframe": "1d"}
    return Proof(
        subject=Subject(params={"fast": 3, "slow": 12}, setting=setting),
        evidence=replace(evidence, **changes),
    )


def person(role: Role) -> User:
    """Return a new user of a role, who may enter the back office."""
    return UserFactory.create(role=role, is_staff=True)


def ask(user: User | None = None, **changes: Any) -> PromotionRequest:
    """Return a request for candidate, by a researcher unless by somebody else."""
    facts: dict[str, Any] = {
        "version": version(),
        "proof": proof(),
        "to_stage": Stage.CANDIDATE,
        "user": user or person(Role.RESEARCHER),
        "reason": "it works",
        "at": NOW,
    }
    return promotions.request_promotion(**{**facts, **changes})


def promoted() -> Promotion:
    """Return a promotion to candidate that a risk officer approved."""
    request = ask()
    return promotions.approve(request_id=request.pk, user=person(Role.RISK_OFFICER), at=LATER)


def approve(request: PromotionRequest, **changes: Any) -> Promotion:
    """Approve by a risk officer, an hour later, unless changed."""
    user = changes.pop("user", None) or person(Role.RISK_OFFICER)
    return promotions.approve(request_id=request.pk, user=user, at=changes.pop("at", LATER))
