"""Stops that rest at NautilusTrader's venue, where the shared cases do not reach."""

import pytest

from common.domain.costs import AccountType, CostModel, Sizing
from common.domain.enums import FillReason
from research.engines.nautilus.engine import NautilusEngine
from research.engines.nautilus.levels import RoundTrip
from research.engines.nautilus.sizing import exact
from research.engines.tests.conformance import facts
from research.engines.tests.scripted import ask, quoted
from trading.strategies.base import StopSpec

pytestmark = [pytest.mark.engine("nautilus"), pytest.mark.timeout(120)]

ENGINE = NautilusEngine()
FREE = CostModel(fee_rate=0.0)
FLAT = (100, 100, 100, 100)


class TestOrdersAtTheVenue:
    def test_take_no_profit_of_what_the_stop_has_closed_at_once(self) -> None:
        # At 85, half is sold to the target; the rest is beyond its stop of 90 there, so
        # that no order to take a profit of it may follow.
        bars = quoted(FLAT, FLAT, (85, 125, 80, 90), FLAT)
        both = StopSpec(stop_loss=0.1, take_profit=0.1)

        result = ENGINE.run(ask([0.5, 0.25, 0.25, 0.25], stop=both, costs=FREE), bars)

        assert facts(result)[0] == (1, 1, 100, 50, 0)
        assert {(fact[0], fact[1], fact[2]) for fact in facts(result)[1:]} == {(2, -1, 85)}
        assert result.quantity == 0

    def test_follow_a_second_buy_with_their_size_and_level(self) -> None:
        # 25 at 100 and 25 more at 120: 110 on average, 99 a tenth below; an aim of 121.
        bars = quoted(FLAT, FLAT, (120, 120, 120, 120), (120, 120.5, 98, 100))
        both = StopSpec(stop_loss=0.1, take_profit=0.1)
        sizing = Sizing.parse("fixed_quantity=50")

        result = ENGINE.run(ask([0.5, 1, 1, 1], stop=both, costs=FREE, sizing=sizing), bars)

        assert facts(result) == [
            (1, 1, 100, 25, 0),
            (2, 1, 120, 25, 0),
            (3, -1, 99, 50, 0),
        ]

    def test_of_a_short_buy_no_more_than_cash_pays(self) -> None:
        # 200 sold at 100: cash 30,000, which pays for 187.5 at the stop of 160. The other
        # 12.5 are worth more than the nothing that is left.
        bars = quoted(FLAT, FLAT, (150, 170, 150, 170), FLAT)
        request = ask(
            [-1, -1, -1, -1],
            stop=StopSpec(stop_loss=0.6),
            costs=FREE,
            account=AccountType.MARGIN,
            sizing=Sizing.parse("fixed_notional=20000"),
        )

        result = ENGINE.run(request, bars)

        assert facts(result) == [(1, -1, 100, 200, 0), (2, 1, 160, 187.5, 0)]
        assert result.ruined
        assert result.equity.tolist() == [10_000, 10_000, -12.5 * 170]

    def test_wait_for_another_target_after_a_stop_at_every_bar_too(self) -> None:
        bars = quoted(FLAT, FLAT, (95, 97, 85, 88), FLAT, FLAT, FLAT)
        stop = StopSpec(trailing=0.1)
        request = ask([0.5, 0.5, 0.5, 0.5, 0.2, 0.2], stop=stop, costs=FREE)

        result = ENGINE.run(request, bars)

        assert [fact[:2] for fact in facts(result)] == [(1, 1), (2, -1), (5, 1)]
        assert result.fills["reason"].tolist()[1] == FillReason.TRAILING


class TestRoundTrip:
    def test_trails_the_best_close_and_never_loosens(self) -> None:
        trip = RoundTrip(side=1, average=exact(100), best=exact(100))
        spec = StopSpec(trailing=0.1)

        levels = []
        for close in (95.0, 120.0, 110.0):
            trip.mark(close)
            levels.append(trip.stop(spec))

        assert levels == [
            (exact(90), FillReason.TRAILING),
            (exact(108), FillReason.TRAILING),
            (exact(108), FillReason.TRAILING),
        ]

    def test_of_a_short_is_the_mirror_image(self) -> None:
        trip = RoundTrip(side=-1, average=exact(100), best=exact(100))
        both = StopSpec(stop_loss=0.05, take_profit=1.5, trailing=0.1)

        trip.mark(80.0)

        assert trip.stop(both) == (exact(88), FillReason.TRAILING)
        assert trip.aim(both) is None
        assert trip.aim(StopSpec(take_profit=0.25)) == 75

    def test_calls_equal_levels_a_stop_loss(self) -> None:
        trip = RoundTrip(side=1, average=exact(100), best=exact(100))

        assert trip.stop(StopSpec(stop_loss=0.1, trailing=0.1)) == (
            exact(90),
            FillReason.STOP_LOSS,
        )
