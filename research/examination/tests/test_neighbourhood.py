"""A lone peak among its neighbours, and a plain."""

from typing import Any

import numpy as np
import pytest

from research.examination.facts import NeighbourFacts
from research.examination.neighbourhood import TOOL, NeighbourOptions
from trading.strategies.parameters import Value


def around(*results: float, chosen: float = 0.5) -> NeighbourFacts:
    sets: tuple[dict[str, Value], ...] = tuple({"fast": n} for n in range(len(results)))
    return NeighbourFacts(chosen=chosen, sets=sets, results=np.array(results), sweep=7)


def examined(*results: float) -> Any:
    return TOOL.find(around(*results), NeighbourOptions(), 0)


def test_a_lone_peak_does_not_pass() -> None:
    found = examined(-0.1, 0.1, -0.2, -0.05)

    assert (found.passed, found.numbers["share_positive"]) == (False, 0.25)
    assert (found.numbers["median"], found.numbers["worst"]) == (pytest.approx(-0.075), -0.2)
    assert (found.numbers["chosen"], found.numbers["share_better"]) == (0.5, 0.0)
    assert [row[0] for row in found.figures["neighbours"]["rows"]] == [
        "fast=1", "fast=3", "fast=0", "fast=2",
    ]  # fmt: skip


def test_a_plain_passes_and_names_its_trials() -> None:
    found = examined(0.4, 0.6, 0.3)

    assert (found.passed, found.numbers["share_better"]) == (True, pytest.approx(1 / 3))
    assert found.sentence.endswith("The sets moved by 20% are trials of sweep 7.")


def test_a_neighbour_that_failed_does_not_earn() -> None:
    found = examined(0.4, np.nan, np.nan, 0.2)

    assert (found.passed, found.numbers["share_positive"]) == (False, 0.5)
    assert (found.numbers["failed"], found.numbers["median"]) == (2.0, pytest.approx(0.3))
    assert [row[1] for row in found.figures["neighbours"]["rows"]][-2:] == ["failed", "failed"]


def test_neighbours_that_all_failed_have_no_median() -> None:
    found = examined(np.nan)

    assert (found.passed, found.numbers["share_positive"]) == (False, 0.0)
    assert found.undefined["median"] == "every neighbour failed"
