"""A question that the ledger could not hold is refused before anything is looked up."""

from typing import Any

import pytest

from common.domain.canonical import canonical_hash
from common.domain.costs import CostModel
from common.domain.errors import InvalidArgument, InvalidPeriod
from common.domain.instruments import InstrumentId
from common.domain.timeframe import Timeframe
from research.domain.question import LONGEST_EXPERIMENT, RunQuestion
from research.models import Experiment


def ask(**changes: Any) -> RunQuestion:
    asked: dict[str, Any] = {
        "strategy_key": "sma_cross",
        "engine": "vectorbt",
        "instrument": InstrumentId("BTC/USD", "TEST"),
        "timeframe": Timeframe.H1,
        **changes,
    }
    return RunQuestion(**asked)


class TestRunQuestion:
    @pytest.mark.parametrize(
        "changes",
        [
            {"cash": 99_999_999_999_999_990_000.0},
            {"cash": 1e-18},
            {"costs": CostModel(fee_rate=0.0)},
            {"costs": CostModel(slippage=0.000_073)},
            {"costs": CostModel(maker_fee_rate=-0.000_25)},
            {"seed": 2**63 - 1},
            {"experiment": "é" * 120},
            {"start_ns": 1, "end_ns": 2},
        ],
    )
    def test_takes_what_the_ledger_holds(self, changes: dict[str, Any]) -> None:
        ask(**changes)

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"cash": 1e20}, "cash is 1e[+]20, must have at most 20 digits before"),
            ({"cash": 1e-19}, "cash is 1e-19"),
            ({"costs": CostModel(fee_rate=1e-25)}, "fee_rate is 1e-25"),
            ({"costs": CostModel(slippage=1 / 30_000)}, "slippage is 3.33333"),
            ({"costs": CostModel(maker_fee_rate=-1e-19)}, "maker_fee_rate is -1e-19"),
            ({"seed": -1}, "seed is -1, must be in"),
            ({"seed": 2**63}, "seed is 9223372036854775808"),
            ({"experiment": "x" * 121}, "has 121 characters"),
            ({"experiment": "two\nlines"}, "must be one line"),
            ({"experiment": "a\x00"}, "must be one line"),
        ],
    )
    def test_refuses_what_it_does_not(self, changes: dict[str, Any], sentence: str) -> None:
        with pytest.raises(InvalidArgument, match=sentence):
            ask(**changes)

    @pytest.mark.parametrize("end_ns", [5, 4])
    def test_refuses_a_period_that_does_not_end_after_its_start(self, end_ns: int) -> None:
        with pytest.raises(InvalidPeriod):
            ask(start_ns=5, end_ns=end_ns)

    def test_knows_how_long_a_name_may_be(self) -> None:
        assert Experiment._meta.get_field("name").max_length == LONGEST_EXPERIMENT


class TestCanonicalHash:
    def test_is_that_of_the_sorted_text_without_blanks(self) -> None:
        # printf '{"a":[1,null],"b":0.5}' | sha256sum
        expected = "e538351a"
        found = canonical_hash({"b": 0.5, "a": [1, None]})

        assert found == canonical_hash({"a": [1, None], "b": 0.5})
        assert found.startswith(expected)

    def test_refuses_what_is_no_json(self) -> None:
        with pytest.raises(ValueError, match="not JSON compliant"):
            canonical_hash({"a": float("nan")})
