"""From a verdict to a candidate: evidence as it is gathered, and planted faults in it."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from common.domain.clock import SystemClock
from common.roles import Role
from common.tests.clients import browser, script
from common.tests.factories import UserFactory
from research.models import Run, Validation
from research.services.promotions import gather, request_promotion
from research.tests.test_validate_strategy import judged, stored, trends
from trading.domain.stages import Stage
from trading.exceptions import NotPromotable
from trading.models import PromotionRequest, StrategyVersion
from trading.services import promotions

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.both_databases,
    pytest.mark.engine("vectorbt"),
    pytest.mark.engine("nautilus"),
    pytest.mark.timeout(120),
]


@pytest.fixture
def passed(db: None) -> Validation:
    return judged(stored(trends(1)))


def copy(validation: Validation, **changes: Any) -> Validation:
    """Return a row like this one but for the changes: rows themselves cannot be changed."""
    facts = {
        field.attname: getattr(validation, field.attname)
        for field in Validation._meta.concrete_fields
        if field.name != "id"
    }
    return Validation.objects.create(**{**facts, **changes})


def copy_run(run: Run | None, **changes: Any) -> Run:
    facts = {
        field.attname: getattr(run, field.attname)
        for field in Run._meta.concrete_fields
        if field.name != "id"
    }
    return Run.objects.create(**{**facts, **changes})


def ask(validation: Validation, **changes: Any) -> PromotionRequest:
    facts: dict[str, Any] = {
        "to_stage": Stage.CANDIDATE,
        "user": UserFactory.create(role=Role.RESEARCHER),
        "reason": "all gates passed",
        "at": SystemClock().now(),
    }
    return request_promotion(validation=validation, **{**facts, **changes})


def refused(validation: Validation) -> str:
    with pytest.raises(NotPromotable) as caught:
        ask(validation)
    assert not PromotionRequest.objects.exists()
    return caught.value.detail


class TestEvidence:
    def test_is_what_the_verdict_found_and_where_that_can_be_looked_up(
        self, passed: Validation
    ) -> None:
        proof = gather(passed)

        assert passed.passed
        assert proof.subject.params == passed.params
        assert proof.subject.setting == {
            "engine": "vectorbt",
            "venue": "TEST",
            "instrument": "BTC/USD",
            "timeframe": "1d",
            "sizing": "equity_fraction",
            "account": "cash",
            "rebalance": "on_change",
            "settings": {},
            "costs": {
                "fee_rate": 0.001, "maker_fee_rate": 0.001, "slippage": 0.0, "funding": False
            },
        }  # fmt: skip
        evidence = proof.evidence
        assert [gate.name for gate in evidence.gates] == [each["name"] for each in passed.gates]
        assert evidence.source_hash == passed.strategy_version.source_hash
        assert evidence.measures.round_trips == passed.figures["sample"]["round_trips"]
        assert evidence.measures.bootstrap_level == 0.05
        references = evidence.references
        assert passed.run is not None
        assert references["run_id"] == passed.run_id
        assert references["dataset_hash"] == passed.run.dataset.hash  # type: ignore[union-attr]
        assert len(references["compared_run_ids"]) == 2
        assert references["code_hash"] == passed.code_hash

    def test_leads_to_a_candidate(self, passed: Validation) -> None:
        request = ask(passed)

        promotion = promotions.approve(
            request_id=request.pk,
            user=UserFactory.create(role=Role.RISK_OFFICER),
            at=SystemClock().now(),
        )

        assert promotion.to_stage == "candidate"
        assert promotion.strategy_version == passed.strategy_version
        assert promotion.evidence["references"]["validation_id"] == passed.pk

    def test_names_the_same_thing_for_another_period_seed_or_cash(
        self, passed: Validation
    ) -> None:
        version = passed.strategy_version
        names = {
            gather(copy(passed, question={**passed.question, **changes})).subject.config_hash(
                strategy=version.strategy.key, source_hash=version.source_hash
            )
            for changes in ({}, {"seed": 5}, {"cash": 500.0}, {"start_ns": 1}, {"end_ns": 2})
        }
        others = {
            gather(copy(passed, **changes)).subject.config_hash(
                strategy=version.strategy.key, source_hash=version.source_hash
            )
            for changes in (
                {"params": {"fast": 9}},
                {"question": {**passed.question, "sizing": "fixed_notional=10"}},
            )
        }

        assert len(names) == 1
        assert len(others - names) == 2


class TestPlantedFaults:
    def test_a_failed_verdict_is_refused(self, passed: Validation) -> None:
        assert "the verdict is not a pass" in refused(copy(passed, passed=False))

    def test_a_verdict_without_a_gate_is_refused(self, passed: Validation) -> None:
        assert "missing: look_ahead" in refused(copy(passed, gates=passed.gates[:-1]))

    def test_a_gate_without_a_value_is_refused(self, passed: Validation) -> None:
        gates = [{**gate, "value": None} for gate in passed.gates]

        assert "parity could not be computed" in refused(copy(passed, gates=gates))

    def test_a_sample_of_unknown_size_is_refused(self, passed: Validation) -> None:
        assert "(unknown) round trips" in refused(copy(passed, figures={}))

    def test_runs_of_another_source_are_refused(self, passed: Validation) -> None:
        version = passed.strategy_version
        other = StrategyVersion.objects.create(
            strategy=version.strategy, version="0", source_hash="f" * 64, parameters=[],
            is_present=False,
        )  # fmt: skip
        run = copy_run(passed.run, strategy_version_id=other.pk)

        assert f"{run} is on another source" in refused(copy(passed, run_id=run.pk))
        assert "is on another source" in refused(copy(passed, strategy_version_id=other.pk))

    def test_runs_of_other_parameters_are_refused(self, passed: Validation) -> None:
        run = copy_run(passed.doubled_run, params={"fast": 1})

        assert "of other parameters" in refused(copy(passed, doubled_run_id=run.pk))

    def test_bars_with_errors_are_refused(self, passed: Validation) -> None:
        question = {**passed.question, "allow_dirty": True}

        assert "allowed to have errors" in refused(copy(passed, question=question))

    def test_a_source_that_is_gone_is_refused(self, passed: Validation) -> None:
        StrategyVersion.objects.update(is_present=False)

        assert "is not the present one any more" in refused(passed)

    def test_a_verdict_of_long_ago_is_refused(self, passed: Validation) -> None:
        with pytest.raises(NotPromotable, match=r"91\.\d days old"):
            ask(passed, at=SystemClock().now() + timedelta(days=91))


class TestApi:
    def post(self, client: APIClient, number: int, **body: Any) -> Any:
        return client.post(
            f"/api/v1/validations/{number}/promote/",
            body,
            format="json",
            headers={"Idempotency-Key": "one"},
        )

    def test_answers_201_with_the_request_and_its_address(self, passed: Validation) -> None:
        researcher = script(Role.RESEARCHER)

        answer = self.post(researcher, passed.pk, reason="all gates passed")
        again = self.post(researcher, passed.pk, reason="all gates passed")

        document = answer.json()
        assert (answer.status_code, document["state"]) == (201, "PENDING")
        assert again.json() == document
        assert PromotionRequest.objects.get().pk == document["id"]
        shown = researcher.get(answer.headers["Location"])
        assert shown.json()["evidence"]["references"]["validation_id"] == passed.pk

    def test_refuses_what_is_wrong(self, passed: Validation) -> None:
        researcher, failed = script(Role.RESEARCHER), copy(passed, passed=False)
        gone = self.post(researcher, 999, reason="x")
        too_far = script(Role.RESEARCHER)

        assert gone.status_code == 404
        assert self.post(script(Role.RESEARCHER), passed.pk).status_code == 400
        answer = self.post(script(Role.RESEARCHER), failed.pk, reason="x")
        assert (answer.status_code, answer.json()["code"]) == (409, "not_promotable")
        answer = self.post(too_far, passed.pk, reason="x", to_stage="live")
        assert (answer.status_code, answer.json()["code"]) == (409, "wrong_transition")
        assert not PromotionRequest.objects.exists()

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.TRADER, Role.RISK_OFFICER])
    def test_is_for_researchers(self, client: APIClient, role: Role) -> None:
        assert self.post(script(role), 1, reason="x").status_code == 403
        assert client.post("/api/v1/validations/1/promote/").status_code == 401


class TestCommand:
    def call(self, capsys: pytest.CaptureFixture[str], *arguments: Any) -> tuple[int, Any]:
        status = 0
        try:
            call_command("promote_strategy", *map(str, arguments), "--json")
        except SystemExit as e:
            status = int(str(e.code))
        return status, json.loads(capsys.readouterr().out)

    def test_asks_and_says_what_waits(
        self, passed: Validation, capsys: pytest.CaptureFixture[str]
    ) -> None:
        researcher = UserFactory.create(role=Role.RESEARCHER).username
        asked = ("--validation", passed.pk, "--as", researcher, "--reason", "it works")

        status, document = self.call(capsys, *asked)
        again = self.call(capsys, *asked)

        assert (status, document["state"], document["requested_by"]) == (0, "PENDING", researcher)
        assert document["evidence"]["references"]["validation_id"] == passed.pk
        assert (again[0], again[1]["code"]) == (1, "already_requested")

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"--validation": 999}, 1, "unknown_validation"),
            ({"--as": "nobody"}, 2, "unknown_user"),
            ({"--to": "nowhere"}, 2, "unknown_stage"),
            ({"--reason": " "}, 2, "reason_missing"),
            ({"--to": "paper"}, 1, "wrong_transition"),
        ],
    )
    def test_refuses_what_is_wrong(
        self,
        passed: Validation,
        capsys: pytest.CaptureFixture[str],
        changes: dict[str, Any],
        status: int,
        code: str,
    ) -> None:
        researcher = UserFactory.create(role=Role.RESEARCHER).username
        asked = {"--validation": passed.pk, "--as": researcher, "--reason": "it works", **changes}

        found = self.call(capsys, *(word for pair in asked.items() for word in pair))

        assert (found[0], found[1]["code"]) == (status, code)
        assert not PromotionRequest.objects.exists()


class TestPage:
    def test_asks_before_it_makes_the_request(self, passed: Validation) -> None:
        researcher = browser(user=UserFactory.create(role=Role.RESEARCHER, is_staff=True))
        page = f"/admin/research/validation/{passed.pk}/"

        offered = researcher.get(f"{page}change/").content.decode()
        question = researcher.get(f"{page}promote/").content.decode()
        assert not PromotionRequest.objects.exists()
        answer = researcher.post(f"{page}promote/", {"reason": "all passed"}, follow=True)

        assert f"{page}promote/" in offered
        assert "Ask that sma_cross be made a candidate" in question
        assert "waits for a second look" in answer.content.decode()
        assert PromotionRequest.objects.get().reason == "all passed"

    def test_is_not_there_on_a_failed_verdict_or_for_others(self, passed: Validation) -> None:
        failed = copy(passed, passed=False)
        researcher = browser(user=UserFactory.create(role=Role.RESEARCHER, is_staff=True))
        viewer = browser(user=UserFactory.create(role=Role.VIEWER, is_staff=True))

        for client, validation in ((researcher, failed), (viewer, passed)):
            page = f"/admin/research/validation/{validation.pk}/"
            assert "/promote/" not in client.get(f"{page}change/").content.decode()
            assert client.post(f"{page}promote/", {"reason": "x"}).status_code == 403
