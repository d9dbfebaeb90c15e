from dataclasses import replace
from math import inf, nan

import pytest

from trading.domain.gates import REQUIRED, FoundGate, Measures, shortcomings
from trading.domain.thresholds import THRESHOLDS

NOW = {key: threshold.default for key, threshold in THRESHOLDS.items()}
MEASURES = Measures(round_trips=120.0, years=1.5, bootstrap_level=0.05)
# Each a little better than what is asked by default.
VALUES = {
    "sample": 120.0,
    "deflated_sharpe": 0.96,
    "overfitting": 0.15,
    "walk_forward_efficiency": 0.6,
    "walk_forward_windows": 0.7,
    "doubled_costs": 0.1,
    "delay": 0.55,
    "neighbourhood": 0.8,
    "bootstrap": 0.02,
    "parity": 1e-7,
    "look_ahead": 0.0,
}
# What is asked when a little more than was found is asked.
TIGHTER = {
    "deflated_sharpe": 0.97,
    "overfitting": 0.14,
    "walk_forward_efficiency": 0.7,
    "walk_forward_windows": 0.75,
    "doubled_costs": 0.1,
    "delay": 0.6,
    "neighbourhood": 0.9,
    "bootstrap": 0.02,
    "parity": 1e-8,
}


def gate(name: str, value: float | None) -> FoundGate:
    return FoundGate(
        name=name, value=value, comparison="at least", threshold=0.0, passed=True, sentence=""
    )


GATES = [gate(name, VALUES[name]) for name in REQUIRED]


def changed(name: str, **changes: object) -> list[FoundGate]:
    return [replace(each, **changes) if each.name == name else each for each in GATES]  # type: ignore[arg-type]


class TestGates:
    def test_admit_what_passes_all(self) -> None:
        assert shortcomings(GATES, MEASURES, NOW) == []

    @pytest.mark.parametrize("name", REQUIRED)
    def test_refuse_what_lacks_one(self, name: str) -> None:
        some = [each for each in GATES if each.name != name]

        (reason,) = shortcomings(some, MEASURES, NOW)

        assert reason.endswith(f"missing: {name}")

    def test_refuse_one_that_is_there_twice_or_unknown(self) -> None:
        for more in (GATES[0], gate("luck", 1.0)):
            (reason,) = shortcomings([*GATES, more], MEASURES, NOW)
            assert "once each" in reason

    @pytest.mark.parametrize("name", REQUIRED)
    @pytest.mark.parametrize("value", [None, nan, inf])
    def test_refuse_what_could_not_be_computed(self, name: str, value: float | None) -> None:
        found = shortcomings(changed(name, value=value), MEASURES, NOW)

        assert found == [f"{name} could not be computed"]

    @pytest.mark.parametrize("name", REQUIRED)
    def test_refuse_what_did_not_pass_then_though_it_would_now(self, name: str) -> None:
        (reason,) = shortcomings(changed(name, passed=False), MEASURES, NOW)

        assert reason.startswith(f"{name} did not pass")

    @pytest.mark.parametrize(("key", "value"), TIGHTER.items())
    def test_refuse_what_passed_then_but_would_not_now(self, key: str, value: float) -> None:
        (reason,) = shortcomings(GATES, MEASURES, {**NOW, key: value})

        assert reason.startswith(f"{key} is {VALUES[key]:.6g}")
        assert reason.endswith(f"{value:g} is asked now")

    def test_refuse_any_leak_whatever_is_asked(self) -> None:
        (reason,) = shortcomings(changed("look_ahead", value=1.0), MEASURES, NOW)

        assert reason == "look_ahead is 1, at most 0 is asked now"


class TestSample:
    @pytest.mark.parametrize(
        ("round_trips", "years", "suffices"),
        [
            (100.0, 0.1, True),
            (99.0, 2.0, True),
            (99.0, 1.9, False),
            (None, 2.5, True),
            (150.0, None, True),
            (None, None, False),
            (nan, 1.9, False),
        ],
    )
    def test_needs_round_trips_or_years(
        self, round_trips: float | None, years: float | None, suffices: bool
    ) -> None:
        measures = replace(MEASURES, round_trips=round_trips, years=years)

        assert (shortcomings(GATES, measures, NOW) == []) is suffices

    def test_is_not_saved_by_the_value_that_the_gate_showed(self) -> None:
        (reason,) = shortcomings(GATES, MEASURES, {**NOW, "round_trips": 121.0})

        assert reason == (
            "sample has 120 round trips in 1.5 years, at least 121 or 2 years are asked now"
        )


class TestBootstrap:
    @pytest.mark.parametrize("level", [0.06, None, nan])
    def test_at_an_easier_quantile_shows_too_little(self, level: float | None) -> None:
        (reason,) = shortcomings(GATES, replace(MEASURES, bootstrap_level=level), NOW)

        assert "at most 0.05 is asked now" in reason

    def test_at_a_harder_quantile_shows_enough(self) -> None:
        assert shortcomings(GATES, replace(MEASURES, bootstrap_level=0.01), NOW) == []
