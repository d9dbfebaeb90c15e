"""The checks of every strategy of the library, and of a user's where a folder is named."""

import os
from pathlib import Path

import pytest

from common.domain.bars import Bars
from trading.strategies.base import Contract
from trading.strategies.registry import (
    StrategyDescription,
    get_definition,
    get_strategy,
    list_strategies,
)
from trading.strategies.tests import checks
from trading.strategies.tests.market import random_walk

# A user runs these tests on his own strategies by naming their folder.
FOLDER = Path(os.environ["ASSAY_STRATEGIES"]) if "ASSAY_STRATEGIES" in os.environ else None
LISTED = list_strategies(FOLDER)
KEYS = [listed.key for listed in LISTED.strategies if listed.contract is Contract.TARGETS]

each_strategy = pytest.mark.parametrize("key", KEYS)
each_check = pytest.mark.parametrize("check", checks.ALL, ids=lambda check: check.__name__)


class TestEveryStrategy:
    @each_strategy
    @each_check
    def test_holds_on_real_bars(self, key: str, check: checks.Check, coinbase: Bars) -> None:
        check(get_strategy(key, FOLDER), coinbase.rows(2_000, 6_000))

    @each_strategy
    @each_check
    def test_holds_on_a_random_walk(self, key: str, check: checks.Check) -> None:
        check(get_strategy(key, FOLDER), random_walk(31, 2_500))

    @each_strategy
    @each_check
    def test_holds_where_bars_are_missing(self, key: str, check: checks.Check) -> None:
        check(get_strategy(key, FOLDER), random_walk(32, 2_500, holes=True))

    @pytest.mark.parametrize("listed", LISTED.strategies, ids=lambda listed: listed.key)
    def test_of_the_library_names_its_source(self, listed: StrategyDescription) -> None:
        documentation = type(get_definition(listed.key, FOLDER)).__doc__

        assert listed.origin == "user" or "References\n" in (documentation or "")

    def test_can_be_read(self) -> None:
        assert [str(problem) for problem in LISTED.problems] == []
