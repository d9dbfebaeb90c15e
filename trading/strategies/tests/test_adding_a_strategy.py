"""What the documentation tells users to write works as it stands."""

import re
from pathlib import Path

import pytest

from common.domain.bars import Bars
from trading.strategies.base import Strategy
from trading.strategies.registry import get_strategy, list_strategies
from trading.strategies.tests import checks
from trading.strategies.tests.market import random_walk
from trading.strategies.tests.user_files import write

PAGE = Path(__file__).parents[3] / "docs" / "development" / "adding_a_strategy.md"


@pytest.fixture
def pullback(tmp_path: Path) -> Strategy:
    """Return the strategy of the page's example, loaded as a user's file."""
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    write(tmp_path, "pullback.py", example)
    assert list_strategies(tmp_path).problems == ()
    return get_strategy("pullback", tmp_path)


class TestExampleOfThePage:
    @pytest.mark.parametrize("check", checks.ALL, ids=lambda check: check.__name__)
    def test_holds_as_every_strategy_must(
        self, pullback: Strategy, check: checks.Check, coinbase: Bars
    ) -> None:
        check(pullback, coinbase.rows(0, 4_000))
        check(pullback, random_walk(33, 2_500))

    def test_enters_and_leaves(self, pullback: Strategy) -> None:
        targets = pullback.targets(random_walk(33, 2_500), pullback.admit({}))

        assert {0.0, 1.0} <= set(targets)


class TestPage:
    def test_names_files_that_exist(self) -> None:
        named = re.findall(r"`([\w/]+\.(?:py|yaml|md))`", PAGE.read_text(encoding="utf-8"))
        root = PAGE.parents[2]

        missing = {name for name in named if "/" in name and not (root / name).exists()}
        assert missing == {"var/strategies/pullback.py"}
