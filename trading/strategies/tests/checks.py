"""What must hold for every strategy with targets, whoever wrote it."""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from common.domain.bars import Bars
from trading.strategies.base import Strategy
from trading.strategies.causality import (
    checked_targets,
    decisive_cuts,
    first_history_dependence,
    first_lookahead,
)
from trading.strategies.contract import first_fault
from trading.strategies.parameters import InvalidParameter, Value
from trading.strategies.source import source_hash
from trading.strategies.tests.market import make_bars

type Check = Callable[[Strategy, Bars], None]

SETS: Final = 6
TRIES: Final = 2_000


def parameter_sets(strategy: Strategy, bars: Bars) -> Iterator[dict[str, Value]]:
    """Yield the defaults, then random sets that get warm within half of the bars."""
    yield strategy.admit({})
    rng = np.random.default_rng(20)
    found = 0
    for _ in range(TRIES if strategy.parameters else 0):
        drawn = {parameter.name: parameter.draw(rng) for parameter in strategy.parameters}
        try:
            params = strategy.admit(drawn)
        except InvalidParameter:
            continue
        if strategy.warm_up(params) < len(bars) // 2:
            found += 1
            yield params
        if found == SETS:
            return
    assert found or not strategy.parameters, f"no set of {strategy.key} fits {len(bars)} bars"


def no_later_bar_changes_a_target(strategy: Strategy, bars: Bars) -> None:
    rng = np.random.default_rng(21)
    for params in parameter_sets(strategy, bars):
        cuts = decisive_cuts(strategy.targets(bars, params), 12, rng)
        found = first_lookahead(strategy, bars, params, cuts=cuts)
        assert found is None, f"{strategy.key} {params}: {found}"


def no_bar_before_the_warm_up_changes_a_target(strategy: Strategy, bars: Bars) -> None:
    rng = np.random.default_rng(22)
    for params in parameter_sets(strategy, bars):
        # From the first start on there are bars before the warm-up that could matter.
        starts = rng.integers(strategy.warm_up(params) + 1, len(bars), 12).tolist()
        found = first_history_dependence(strategy, bars, params, starts=starts)
        assert found is None, f"{strategy.key} {params}: {found}"


def every_target_is_a_wanted_exposure(strategy: Strategy, bars: Bars) -> None:
    for params in parameter_sets(strategy, bars):
        targets = checked_targets(strategy, bars, params)
        assert not np.isnan(targets).all(), f"{strategy.key} {params} never says anything"


def the_same_question_gets_the_same_answer(strategy: Strategy, bars: Bars) -> None:
    for params in parameter_sets(strategy, bars):
        first, again = (strategy.targets(bars, params).tobytes() for _ in range(2))
        fresh = type(strategy)().targets(bars, dict(params)).tobytes()
        assert first == again == fresh, f"{strategy.key} {params} changes its mind"


def hardly_any_bars_and_standing_markets_work(strategy: Strategy, bars: Bars) -> None:
    markets = [Bars.empty(bars.timeframe), bars.rows(0, 1), bars.rows(0, 2)]
    markets += [make_bars(np.full(600, price)) for price in (1e-8, 100.1, 1e5)]
    for params in parameter_sets(strategy, bars):
        for market in markets:
            checked_targets(strategy, market, params)


def it_says_what_it_is(strategy: Strategy, bars: Bars) -> None:
    assert first_fault(type(strategy)) is None
    assert len(bytes.fromhex(source_hash(strategy))) == 32


ALL: Final[tuple[Check, ...]] = (
    no_later_bar_changes_a_target,
    no_bar_before_the_warm_up_changes_a_target,
    every_target_is_a_wanted_exposure,
    the_same_question_gets_the_same_answer,
    hardly_any_bars_and_standing_markets_work,
    it_says_what_it_is,
)
