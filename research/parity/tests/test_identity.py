"""The money of all differences is the difference in final equity, whatever the fills."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.domain.fills import FILL_DTYPE, Fills
from common.domain.funding import FUNDING_DTYPE, FundingEntries
from research.parity.facts import Facts, merge_fills
from research.parity.matching import match, summarise
from research.parity.tests.making import HOUR_NS, differences, hourly, terms

HOURS = 12
prices = st.floats(1.0, 1_000.0)
fill_rows = st.tuples(
    st.integers(1, HOURS - 1),
    st.sampled_from([1, -1]),
    prices,
    st.floats(1e-6, 100.0),
    st.floats(-1.0, 10.0),
    st.integers(0, 3),
)
funding_rows = st.tuples(
    st.integers(1, HOURS - 1), st.floats(-0.01, 0.01), prices, st.floats(-100.0, 100.0)
)


def make_fills(rows: list[tuple[int, int, float, float, float, int]]) -> Fills:
    made = np.zeros(len(rows), FILL_DTYPE)
    for fill, row in zip(made, sorted(rows, key=lambda row: row[0]), strict=True):
        hour, fill["side"], fill["price"], fill["quantity"], fill["fee"], fill["reason"] = row
        fill["ts_ns"] = hour * HOUR_NS
    return made


def make_funding(rows: list[tuple[int, float, float, float]]) -> FundingEntries:
    made = np.zeros(len({hour for hour, *_ in rows}), FUNDING_DTYPE)
    for entry, (hour, row) in zip(
        made, sorted({row[0]: row for row in rows}.items()), strict=True
    ):
        _, entry["rate"], entry["mark"], entry["quantity"] = row
        entry["ts_ns"] = hour * HOUR_NS
        entry["amount"] = -entry["quantity"] * entry["mark"] * entry["rate"]
    return made


facts = st.builds(
    Facts,
    name=st.just("x"),
    fills=st.lists(fill_rows, max_size=12).map(make_fills),
    funding=st.lists(funding_rows, max_size=4).map(make_funding),
)


class TestMoney:
    @settings(max_examples=400, deadline=None)
    @given(
        a=facts,
        b=facts,
        shared=st.lists(fill_rows, max_size=8).map(make_fills),
        closes=st.lists(prices, min_size=HOURS, max_size=HOURS),
        by_equity=st.booleans(),
        lot=st.sampled_from(["1e-8", "0.001", "1"]),
        most=st.integers(0, 5),
    )
    def test_of_all_differences_is_the_difference_in_final_equity(
        self,
        a: Facts,
        b: Facts,
        shared: Fills,
        closes: list[float],
        by_equity: bool,
        lot: str,
        most: int,
    ) -> None:
        on = terms(closes, by_equity=by_equity, lot=Decimal(lot))
        one, two = with_shared(a, shared), with_shared(b, shared)

        found = differences(one, two, on, most=most)

        turnover = sum(
            float(np.sum(each.fills["quantity"] * 1_000))
            + float(np.sum(np.abs(each.funding["amount"])))
            for each in (one, two)
        )
        # Summed here, not read from the code under test: in exact integers of binary fractions.
        expected = exact_equity(two, closes) - exact_equity(one, closes)
        assert sum(each.money for each in found) == pytest.approx(
            expected, rel=1e-9, abs=1e-10 * (turnover + on.cash)
        )

    @settings(max_examples=100, deadline=None)
    @given(a=facts, b=facts)
    def test_and_every_fill_is_counted_once(self, a: Facts, b: Facts) -> None:
        on = terms((100.0,) * HOURS)
        matching = match(a, b, on)
        pair = summarise(a=a, b=b, terms=on, matching=matching)

        assert pair.matched + pair.missing == len(merge_fills(a.fills))
        assert pair.matched + pair.extra == len(merge_fills(b.fills))
        seen = [[step.a for step in matching.steps], [step.b for step in matching.steps]]
        for positions, fills in zip(seen, (matching.fills_a, matching.fills_b), strict=True):
            assert sorted(i for i in positions if i is not None) == list(range(len(fills)))

    @settings(max_examples=100, deadline=None)
    @given(a=facts)
    def test_of_one_engine_against_itself_is_nothing(self, a: Facts) -> None:
        assert differences(a, a, terms((100.0,) * HOURS, by_equity=True)) == []


def with_shared(facts: Facts, shared: Fills) -> Facts:
    both = np.concatenate([facts.fills, shared])
    return Facts(
        name=facts.name,
        fills=both[np.argsort(both["ts_ns"], kind="stable")],
        funding=facts.funding,
    )


def exact_equity(facts: Facts, closes: list[float]) -> float:
    last = Decimal(hourly(closes).close[-1].item())
    cash = Decimal(10_000)
    for fill in facts.fills:
        signed = int(fill["side"]) * Decimal(fill["quantity"].item())
        cash += signed * (last - Decimal(fill["price"].item())) - Decimal(fill["fee"].item())
    return float(cash + sum((Decimal(x) for x in facts.funding["amount"].tolist()), Decimal(0)))
