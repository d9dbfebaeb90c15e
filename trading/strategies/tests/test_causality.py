"""Planted faults that the checks must find, and honest strategies that they must pass."""

from typing import override

import numpy as np
import pytest

from common.domain.bars import Bars, Floats
from common.indicators.technical import ema
from trading.strategies.base import Strategy
from trading.strategies.causality import (
    InvalidTargets,
    checked_targets,
    decisive_cuts,
    first_history_dependence,
    first_lookahead,
)
from trading.strategies.library.rsi_reversion import RsiReversion
from trading.strategies.library.sma_cross import SmaCross
from trading.strategies.parameters import Params
from trading.strategies.tests.market import make_bars, random_walk

NAN = float("nan")


class _Planted(Strategy):
    key = "planted"
    version = "1"
    summary = "Does what it must not"

    @override
    def warm_up(self, params: Params) -> int:
        return 0


class _NextClose(_Planted):
    @override
    def targets(self, bars: Bars, params: Params) -> Floats:
        return (np.append(bars.close[1:], bars.close[-1:]) > bars.close).astype(np.float64)


class _SeldomNextClose(_Planted):
    """Peeks one bar ahead, and acts on it about once in five hundred bars."""

    @override
    def targets(self, bars: Bars, params: Params) -> Floats:
        following = np.append(bars.close[1:], bars.close[-1:])
        return (following > bars.close * 1.029).astype(np.float64)


class _CentredMean(_Planted):
    @override
    def targets(self, bars: Bars, params: Params) -> Floats:
        padded = np.pad(bars.close, 2, mode="edge")
        mean = np.convolve(padded, np.full(5, 0.2), mode="valid")
        return (bars.close > mean).astype(np.float64)


class _FullSampleScore(_Planted):
    @override
    def targets(self, bars: Bars, params: Params) -> Floats:
        score: Floats = (bars.close - bars.close.mean()) / max(bars.close.std(), 1e-9)
        held: Floats = np.clip(score, 0.0, 1.0)
        return held


class _FilledBackwards(_Planted):
    """Knows its first value before it can be computed."""

    @override
    def targets(self, bars: Bars, params: Params) -> Floats:
        mean = ema(bars.close, 10)
        return np.where(np.isnan(mean), mean[9:10].sum(), mean) / 1e6


class _CountsTheBars(_Planted):
    @override
    def targets(self, bars: Bars, params: Params) -> Floats:
        return np.full(len(bars), 1.0 / (1 + len(bars)))


class _Given(_Planted):
    """Says what it is told, for as many bars as it is asked about."""

    def __init__(self, *targets: float) -> None:
        self._targets = np.array(targets)

    @override
    def targets(self, bars: Bars, params: Params) -> Floats:
        return self._targets


class _HastyMean(SmaCross):
    @override
    def warm_up(self, params: Params) -> int:
        return super().warm_up(params) - 1


class _HastyIndex(RsiReversion):
    @override
    def warm_up(self, params: Params) -> int:
        return int(params["period"])


class _HastyAndCold(RsiReversion):
    @override
    def warm_up(self, params: Params) -> int:
        return int(params["period"]) - 1


class TestFirstLookahead:
    @pytest.mark.parametrize(
        "planted",
        [
            _NextClose(),
            _SeldomNextClose(),
            _CentredMean(),
            _FullSampleScore(),
            _FilledBackwards(),
            _CountsTheBars(),
        ],
        ids=lambda planted: type(planted).__name__,
    )
    def test_finds_what_was_planted(self, planted: Strategy) -> None:
        bars = random_walk(11, 2_000)
        cuts = decisive_cuts(planted.targets(bars, {}), 10, np.random.default_rng(1))

        assert first_lookahead(planted, bars, {}, cuts=cuts) is not None

    def test_names_the_earliest_bar_and_both_targets(self) -> None:
        bars = make_bars([1, 2, 3, 4, 5])

        found = first_lookahead(_NextClose(), bars, {}, cuts=[4, 2, 3, 5])

        assert found is not None
        assert (found.row, found.whole, found.part, found.first, found.last) == (1, 1, 0, 0, 2)
        assert str(found) == (
            "the target at 1970-01-01T01:00:00Z (bar 1) is 1.0 with all bars, 0.0 with bars 0 to 1"
        )

    def test_passes_a_strategy_that_looks_back(self) -> None:
        strategy = SmaCross()
        bars = random_walk(11, 500)

        assert first_lookahead(strategy, bars, strategy.admit({}), cuts=range(501)) is None

    def test_takes_a_value_for_nan_as_a_difference(self) -> None:
        class Unsure(_Planted):
            @override
            def targets(self, bars: Bars, params: Params) -> Floats:
                return np.where(np.arange(len(bars)) < len(bars) - 1, 1.0, NAN)

        found = first_lookahead(Unsure(), make_bars([1, 2, 3]), {}, cuts=[2])

        assert found is not None
        assert found.row == 1


class TestDecisiveCuts:
    def test_cuts_before_and_after_each_bar_that_changes_the_target(self) -> None:
        targets = np.array([NAN, NAN, 0, 0, 1, 1, NAN])

        assert {2, 3, 4, 5, 6, 7} <= set(decisive_cuts(targets, 5, np.random.default_rng(1)))

    def test_takes_as_many_changes_as_it_is_told(self) -> None:
        targets = np.tile([0.0, 1.0], 500)

        cuts = decisive_cuts(targets, 10, np.random.default_rng(1))

        assert len(cuts) <= 30 + 11
        assert cuts == sorted(set(cuts))
        assert 1 <= cuts[0] <= cuts[-1] <= 1_000

    @pytest.mark.parametrize(("count", "expected"), [(0, []), (1, [1])])
    def test_copes_with_markets_of_hardly_any_bars(self, count: int, expected: list[int]) -> None:
        assert decisive_cuts(np.ones(count), 5, np.random.default_rng(1)) == expected


class TestFirstHistoryDependence:
    @pytest.mark.parametrize("hasty", [_HastyMean(), _HastyIndex(), _HastyAndCold()])
    def test_finds_a_warm_up_that_is_too_short(self, hasty: Strategy) -> None:
        params = hasty.admit({})

        found = first_history_dependence(
            hasty, random_walk(12, 2_000), params, starts=range(100, 2_000, 100)
        )

        assert found is not None
        assert found.last == 2_000

    @pytest.mark.parametrize("honest", [SmaCross(), RsiReversion()])
    def test_passes_the_declared_warm_up(self, honest: Strategy) -> None:
        params = honest.admit({})

        found = first_history_dependence(
            honest, random_walk(12, 2_000), params, starts=range(0, 2_000, 100)
        )

        assert found is None

    def test_passes_over_starts_without_room_for_the_warm_up(self) -> None:
        strategy = _HastyMean()

        assert (
            first_history_dependence(
                strategy, random_walk(12, 200), strategy.admit({}), starts=[0, 47]
            )
            is None
        )

    def test_excuses_an_older_position_only_until_the_next_event(self) -> None:
        class Remembers(_Planted):
            """In since the first bar ever; leaves at close 2; late at close 3 by plan."""

            stateful = True

            @override
            def targets(self, bars: Bars, params: Params) -> Floats:
                old = bars.open_ns[0] == 0
                held = {1.0: float(old), 2.0: 0.0, 3.0: float(old)}
                return np.array([held[close] for close in bars.close])

        forgiven = make_bars([1, 1, 1, 2, 2])
        assert first_history_dependence(Remembers(), forgiven, {}, starts=[1]) is None

        found = first_history_dependence(Remembers(), make_bars([1, 1, 1, 2, 3]), {}, starts=[1])
        assert found is not None
        assert (found.row, found.whole, found.part, found.first) == (4, 1.0, 0.0, 1)


class TestCheckedTargets:
    def test_returns_what_obeys_the_contract(self) -> None:
        targets = checked_targets(_Given(NAN, 0.0, 1.0), make_bars([1, 2, 3]), {})

        np.testing.assert_array_equal(targets, [NAN, 0.0, 1.0])

    @pytest.mark.parametrize("wrong", [1.0001, -0.0001, float("inf"), -float("inf")])
    def test_refuses_a_target_out_of_range(self, wrong: float) -> None:
        with pytest.raises(InvalidTargets, match=r"\(bar 1\) is .*, must be in \[0, 1\]") as bad:
            checked_targets(_Given(0.0, wrong), make_bars([1, 2]), {})

        assert bad.value.extra == {"row": 1}

    def test_admits_a_short_target_where_the_strategy_says_so(self) -> None:
        class Short(_Given):
            @override
            def can_short(self, params: Params) -> bool:
                return True

        assert checked_targets(Short(-1.0), make_bars([1]), {}).tolist() == [-1.0]
        with pytest.raises(InvalidTargets, match=r"is -1.5, must be in \[-1, 1\]"):
            checked_targets(Short(-1.5), make_bars([1]), {})

    def test_refuses_another_number_of_targets(self) -> None:
        with pytest.raises(InvalidTargets, match=r"shape \(2,\), must be float64 and \(1,\)"):
            checked_targets(_Given(0.0, 1.0), make_bars([1]), {})
