"""Every gate at its threshold, on either side, and without a number."""

from dataclasses import replace
from typing import Any

import pytest

from common.domain.enums import Comparison
from common.domain.errors import InvalidArgument, InvalidInput
from research.validation import judging
from research.validation.exceptions import TooFewTrials
from research.validation.gates import KEYS, Gate, Undefined, Verdict, measured
from research.validation.judging import Evidence, verdict
from research.validation.lookahead import ColumnDisagreement, LookAhead
from research.validation.thresholds import DEFAULTS
from trading.strategies.causality import Disagreement

CLEAN = LookAhead(n_cuts=60, n_changes=12, targets=None)
# Each number exactly at its threshold, or the least above it.
GOOD = Evidence(
    round_trips=100,
    years=0.5,
    n_trials=46,
    deflated_sharpe=0.95,
    overfitting=0.20,
    walk_forward_efficiency=0.5,
    walk_forward_windows=0.60,
    doubled_costs=1e-9,
    sharpe=2.0,
    delayed_sharpe=1.0,
    neighbourhood=0.70,
    bootstrap=1e-9,
    parity=1e-6,
    look_ahead=CLEAN,
)
UNKNOWN = Undefined("nobody tried")


class TestVerdict:
    def test_passes_where_every_number_is_at_its_threshold(self) -> None:
        found = verdict(GOOD)

        assert found.passed
        assert [gate.key for gate in found.gates] == list(KEYS)
        assert [gate.threshold for gate in found.gates] == [
            100, 0.95, 0.20, 0.5, 0.60, 0.0, 0.5, 0.70, 0.0, 1e-6, 0.0
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("change", "key"),
        [
            ({"round_trips": 99}, "sample"),
            ({"deflated_sharpe": 0.9499999}, "deflated_sharpe"),
            ({"overfitting": 0.2000001}, "overfitting"),
            ({"walk_forward_efficiency": 0.4999}, "walk_forward_efficiency"),
            ({"walk_forward_windows": 0.5999}, "walk_forward_windows"),
            ({"doubled_costs": 0.0}, "doubled_costs"),
            ({"delayed_sharpe": 0.9999}, "delay"),
            ({"sharpe": -2.0, "delayed_sharpe": -2.0}, "delay"),
            ({"sharpe": 0.0}, "delay"),
            ({"neighbourhood": 0.6999}, "neighbourhood"),
            ({"bootstrap": 0.0}, "bootstrap"),
            ({"parity": 1.1e-6}, "parity"),
        ],
    )
    def test_fails_by_one_gate_alone(self, change: dict[str, float], key: str) -> None:
        found = verdict(replace(GOOD, **change))  # type: ignore[arg-type]

        assert not found.passed
        assert [gate.key for gate in found.failed] == [key]

    @pytest.mark.parametrize(
        "field",
        [name for name in Evidence.__dataclass_fields__ if name not in {"n_trials", "years"}],
    )
    def test_fails_where_a_number_cannot_be_computed(self, field: str) -> None:
        unknown: dict[str, Any] = {field: UNKNOWN}

        (gate,) = verdict(replace(GOOD, **unknown)).failed

        assert gate.number is None
        assert " cannot be computed: nobody tried; " in gate.sentence

    def test_fails_where_neither_round_trips_nor_years_are_known(self) -> None:
        assert verdict(replace(GOOD, years=UNKNOWN)).passed
        assert not verdict(replace(GOOD, years=UNKNOWN, round_trips=UNKNOWN)).passed
        assert verdict(replace(GOOD, years=2.0, round_trips=UNKNOWN)).passed

    def test_fails_by_a_difference_between_engines_of_either_sign(self) -> None:
        assert [gate.key for gate in verdict(replace(GOOD, parity=-0.1)).failed] == ["parity"]

    def test_refuses_to_judge_without_a_gate(self) -> None:
        gates = verdict(GOOD).gates

        with pytest.raises(InvalidInput, match="missing: look_ahead;"):
            Verdict(gates[:-1])
        with pytest.raises(InvalidInput, match="missing: none;"):
            Verdict((*gates, gates[0]))
        with pytest.raises(InvalidInput, match="missing: sample, deflated_sharpe"):
            Verdict(())


class TestSample:
    def test_takes_two_years_for_a_hundred_round_trips(self) -> None:
        found = judging.sample(3, 2.0)

        assert found.passed
        assert (found.value, found.threshold) == (2.0, 2.0)
        assert "for the 100 round trips there are not" in found.sentence

    def test_names_the_round_trips_that_are_missing(self) -> None:
        found = judging.sample(3, 1.99)

        assert not found.passed
        assert found.sentence == (
            "the number of closed round trips out of sample is 3, at least 100 is needed."
            " Fewer prove nothing in less than 2 years."
        )


class TestLookAheadGate:
    LEAK = Disagreement(row=4, open_ns=0, whole=1.0, part=0.0, first=0, last=5)
    COLUMN = ColumnDisagreement(column="rsi", row=2, whole=1.0, part=0.5, last=3)

    def test_fails_by_a_target(self) -> None:
        found = judging.look_ahead(replace(CLEAN, targets=self.LEAK))

        assert not found.passed
        assert found.value == 1
        assert "(bar 4) is 1.0 with all bars, 0.0 with bars 0 to 4" in found.sentence

    def test_fails_by_a_column_alone(self) -> None:
        found = judging.look_ahead(replace(CLEAN, columns=(self.COLUMN,)))

        assert not found.passed
        assert "column rsi at bar 2" in found.sentence

    def test_says_how_much_was_tried(self) -> None:
        assert "60 cuts, with 12 changes" in judging.look_ahead(CLEAN).sentence


class TestGate:
    @pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
    @pytest.mark.parametrize("comparison", Comparison)
    def test_never_passes_what_is_no_number(self, value: float, comparison: Comparison) -> None:
        gate = Gate(
            key="x",
            subject="it",
            value=value,
            comparison=comparison,
            threshold=0.0,
            meaning="",
        )

        assert gate.number is None
        assert not gate.passed
        assert f"it cannot be computed: it is {value};" in gate.sentence

    def test_says_what_was_found_and_needed(self) -> None:
        gate = judging.deflated_sharpe(0.949996, n_trials=46)

        assert gate.sentence.startswith(
            "the deflated Sharpe ratio is 0.949996, at least 0.95 is needed."
        )
        assert "best of 46 trials" in gate.sentence

    def test_says_why_there_is_no_number(self) -> None:
        gate = judging.deflated_sharpe(Undefined("one trial only"), n_trials=1)

        assert "cannot be computed: one trial only; at least 0.95 is needed" in gate.sentence


class TestMeasured:
    def test_turns_a_refusal_into_its_reason(self) -> None:
        def refuse() -> float:
            raise TooFewTrials("the number of trials is 1")

        assert measured(refuse) == Undefined("the number of trials is 1")
        assert measured(lambda: 0.5) == 0.5

    @pytest.mark.parametrize("error", [InvalidInput("wrong"), ZeroDivisionError()])
    def test_hides_no_other_error(self, error: Exception) -> None:
        def fail() -> float:
            raise error

        with pytest.raises(type(error)):
            measured(fail)


class TestThresholds:
    def test_are_kept_by_the_gates(self) -> None:
        strict = replace(
            DEFAULTS,
            round_trips=200,
            years=3.0,
            deflated_sharpe=0.99,
            overfitting=0.1,
            walk_forward_efficiency=0.6,
            walk_forward_windows=0.7,
            doubled_costs=0.1,
            delay=0.6,
            neighbourhood=0.8,
            bootstrap=0.1,
            parity=1e-7,
        )

        assert len(verdict(GOOD, strict).failed) == 10

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("overfitting", 1.1),
            ("deflated_sharpe", -0.1),
            ("years", float("nan")),
            ("delay", float("inf")),
            ("round_trips", -1),
        ],
    )
    def test_refuse_what_makes_no_sense(self, name: str, value: Any) -> None:
        changed: Any = {name: value}
        with pytest.raises(InvalidArgument, match=f"the threshold {name} is {value}"):
            replace(DEFAULTS, **changed)
