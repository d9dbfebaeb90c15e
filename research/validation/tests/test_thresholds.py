from dataclasses import asdict, replace

from research.validation.gates import KEYS
from research.validation.thresholds import DEFAULTS, Thresholds
from trading.domain.gates import REQUIRED
from trading.domain.thresholds import THRESHOLDS


def test_the_gates_of_a_verdict_are_those_that_a_promotion_needs() -> None:
    assert KEYS == REQUIRED


def test_the_numbers_of_a_verdict_are_those_that_can_be_set() -> None:
    assert set(asdict(DEFAULTS)) == set(THRESHOLDS) - {"evidence_days"}


def test_are_read_by_their_names() -> None:
    values = {key: each.default for key, each in THRESHOLDS.items()}

    found = Thresholds.of({**values, "round_trips": 250.0, "delay": 0.75})

    assert found == replace(DEFAULTS, round_trips=250, delay=0.75)
    assert isinstance(found.round_trips, int)
