"""A user proves a strategy of his own, asks for its promotion, and changes it too early."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from common.roles import Role
from common.tests.factories import UserFactory
from tests.e2e.terminal import run
from trading.models import PromotionRequest

pytestmark = [
    pytest.mark.engine("vectorbt"),
    pytest.mark.engine("nautilus"),
    pytest.mark.timeout(120),
]

DAYS = 1_200
STRATEGY = '''
"""One of a user's own."""

import numpy as np

from trading.strategies.base import Strategy
from trading.strategies.parameters import IntParameter


class Riser(Strategy):
    """Holds what is higher than it was."""

    key = "riser"
    version = "1"
    summary = "Holds what is higher than it was"
    parameters = (IntParameter(name="ago", default=5, low=1, high=100),)

    def warm_up(self, params):
        return int(params["ago"])

    def targets(self, bars, params):
        ago = int(params["ago"])
        targets = np.full(len(bars), np.nan)
        targets[ago:] = bars.close[ago:] > bars.close[:-ago]
        return targets
'''


@pytest.fixture
def folder(installation: Path) -> Path:
    """Give the folder of strategies, with one that finds trends on a market that has them."""
    drift = np.where(np.arange(DAYS) // 30 % 2 == 0, 0.01, -0.01)
    returns = drift + np.random.default_rng(1).normal(0.0, 0.01, DAYS)
    close = 100 * np.exp(np.cumsum(returns))
    open_ = np.concatenate([[100.0], close[:-1]])
    first = datetime(2020, 1, 1, tzinfo=UTC)
    lines = ["time,open,high,low,close,volume"] + [
        f"{(first + timedelta(days=day)).isoformat()},{a},{max(a, b)},{min(a, b)},{b},1"
        for day, (a, b) in enumerate(zip(open_.tolist(), close.tolist(), strict=True))
    ]
    (installation / "trends.csv").write_text("\n".join(lines), encoding="utf-8")
    market = ("--instrument", "BTC/USD.TEST", "--timeframe", "1d")
    assert run("import_bars", installation / "trends.csv", *market).status == 0
    strategies = installation / "strategies"
    strategies.mkdir()
    (strategies / "riser.py").write_text(STRATEGY, encoding="utf-8")
    return strategies


@pytest.fixture
def validation(folder: Path) -> int:
    """Give the number of a verdict that is a pass."""
    done = run(
        "validate_strategy", "--strategy", "riser", "--grid", "ago=2,3,4,5,6,8,10,12",
        "--instrument", "BTC/USD.TEST", "--timeframe", "1d", "--processes", "1", "--json",
    )  # fmt: skip
    failed = [gate["sentence"] for gate in done.json["gates"] if not gate["passed"]]
    assert failed == []
    number: int = done.json["validation_id"]
    return number


class TestPromotion:
    def test_leads_from_a_verdict_to_a_candidate_and_back(self, validation: int) -> None:
        ada = UserFactory.create(username="ada", role=Role.ADMIN).username
        bob = UserFactory.create(username="bob", role=Role.RISK_OFFICER).username
        ask = ("promote_strategy", "--validation", validation, "--as", ada, "--reason", "passed")

        asked = run(*ask)
        request = PromotionRequest.objects.get().pk
        alone = run("approve_promotion", request, "--as", ada, "--json")
        waits = run("list_promotions")
        together = run("approve_promotion", request, "--as", bob)
        listed = run("list_promotions", "--json").json

        assert asked.out.startswith(f"request {request}: riser from research to candidate")
        assert (alone.status, alone.json["code"]) == (1, "confirmed_too_soon")
        assert "research -> candidate" in waits.out
        assert "riser is candidate" in together.out
        (step,) = listed["promotions"]
        assert listed["pending"] == []
        assert (run(*ask, "--json").status, run(*ask, "--to", "paper", "--json").json["code"]) == (
            1,
            "stage_not_built",
        )
        back = run("demote_strategy", step["promotion_id"], "--as", bob, "--reason", "it broke")
        assert "riser is research again" in back.out

    def test_is_refused_once_the_file_has_changed(self, validation: int, folder: Path) -> None:
        ada = UserFactory.create(username="ada", role=Role.RESEARCHER).username
        bob = UserFactory.create(username="bob", role=Role.RISK_OFFICER).username
        ask = ("promote_strategy", "--validation", validation, "--as", ada, "--reason", "passed")
        approve = ("approve_promotion", run(*ask, "--json").json["request_id"], "--as", bob)

        (folder / "riser.py").write_text(STRATEGY.replace(">", ">="), encoding="utf-8")
        changed = run(*approve, "--json")
        (folder / "riser.py").write_text(STRATEGY, encoding="utf-8")
        restored = run(*approve, "--json")

        assert (changed.status, changed.json["code"]) == (1, "not_promotable")
        assert "is not the present one any more" in changed.json["detail"]
        assert (restored.status, restored.json["to_stage"]) == (0, "candidate")
