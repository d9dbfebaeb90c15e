from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from common.domain.errors import NotPermitted
from common.roles import Role
from trading.domain.gates import REQUIRED
from trading.domain.proof import Evidence
from trading.domain.stages import Stage
from trading.exceptions import (
    AlreadyRequested,
    NotPromotable,
    ReasonMissing,
    StageNotBuilt,
    WrongTransition,
)
from trading.models import Promotion, PromotionRequest
from trading.tests.promoting import (
    NOW,
    ask,
    gate,
    person,
    promoted,
    proof,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


class TestRequest:
    def test_keeps_what_was_proven_and_waits(self) -> None:
        request = ask()

        request.refresh_from_db()
        assert (request.state, request.from_stage, request.to_stage) == (
            "PENDING",
            "research",
            "candidate",
        )
        assert (request.params, request.setting["timeframe"]) == ({"fast": 3, "slow": 12}, "1d")
        assert Evidence.from_json(request.evidence) == proof().evidence
        assert not Promotion.objects.exists()

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.TRADER, Role.RISK_OFFICER])
    def test_is_for_researchers_and_admins(self, role: Role) -> None:
        with pytest.raises(NotPermitted, match=r"trading\.add_promotionrequest is missing"):
            ask(person(role))

        assert not PromotionRequest.objects.exists()

    @pytest.mark.parametrize("reason", ["", "  \n ", "x" * 501])
    def test_needs_a_reason(self, reason: str) -> None:
        with pytest.raises(ReasonMissing):
            ask(reason=reason)

    @pytest.mark.parametrize(
        "to_stage", [Stage.RESEARCH, Stage.PAPER, Stage.LIVE_SMALL, Stage.LIVE]
    )
    def test_leads_from_research_to_candidate_only(self, to_stage: Stage) -> None:
        with pytest.raises(WrongTransition):
            ask(to_stage=to_stage)

    def test_for_paper_is_refused_as_not_built(self) -> None:
        promoted()

        with pytest.raises(StageNotBuilt, match="candidate to paper is not built"):
            ask(to_stage=Stage.PAPER)

    def test_is_made_once_at_a_time(self) -> None:
        ask()

        with pytest.raises(AlreadyRequested):
            ask()

        assert PromotionRequest.objects.count() == 1

    def test_is_another_for_other_parameters(self) -> None:
        subject = replace(proof().subject, params={"fast": 4, "slow": 12})

        hashes = {ask().config_hash, ask(proof=replace(proof(), subject=subject)).config_hash}

        assert len(hashes) == 2


class TestEvidence:
    def refused(self, **changes: Any) -> list[str]:
        with pytest.raises(NotPromotable) as caught:
            ask(proof=proof(**changes))
        assert not PromotionRequest.objects.exists()
        reasons = caught.value.extra["reasons"]
        assert isinstance(reasons, list)
        return [str(each) for each in reasons]

    def test_of_a_failed_verdict_admits_nothing(self) -> None:
        assert self.refused(passed=False) == ["the verdict is not a pass"]

    @pytest.mark.parametrize("name", REQUIRED)
    def test_without_a_gate_admits_nothing(self, name: str) -> None:
        gates = tuple(gate(each) for each in REQUIRED if each != name)

        (reason,) = self.refused(gates=gates)

        assert f"missing: {name}" in reason

    @pytest.mark.parametrize("name", REQUIRED)
    def test_with_a_gate_that_could_not_be_computed_admits_nothing(self, name: str) -> None:
        gates = tuple(gate(each, value=None) if each == name else gate(each) for each in REQUIRED)

        assert self.refused(gates=gates) == [f"{name} could not be computed"]

    def test_of_another_source_admits_nothing(self) -> None:
        (reason,) = self.refused(source_hash="b" * 64)

        assert reason == "the verdict is on the source bbbbbbbb, not on aaaaaaaa"

    def test_of_the_future_admits_nothing(self) -> None:
        (reason,) = self.refused(judged_at=NOW + timedelta(seconds=1))

        assert "after the time now" in reason

    def test_is_refused_with_everything_that_is_wrong(self) -> None:
        old = NOW - timedelta(days=91)

        assert len(self.refused(passed=False, source_hash="b" * 64, judged_at=old)) == 3
