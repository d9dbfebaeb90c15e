"""What a tool found, as it is told and read again."""

import json
from dataclasses import dataclass

import numpy as np
import pytest

from common.domain.errors import InvalidInput
from research.examination.figures import bars, growth, histogram, lines, table
from research.examination.tool import Finding, Needs, Subject, Tool, Value
from research.validation.gates import Undefined
from research.validation.judging import doubled_costs


@dataclass(frozen=True)
class NoOptions:
    """None."""


def tool(found: Finding) -> Tool:
    return Tool(
        key="odd",
        title="Odd",
        question="Is it?",
        subject=Subject.RUN,
        needs=Needs.FACTS,
        options=NoOptions,
        values=(Value("b", "second"), Value("a", "first")),
        examine=lambda facts, options, seed: found,
    )


FOUND = Finding(
    values={"a": 1.0, "b": Undefined("there is none")},
    sentence="It is.",
    figures={"z": table("First", ["x"], [[1]]), "y": lines("Second", [1], {"s": [2.0]})},
)


class TestFinding:
    def test_is_read_as_it_was_described(self) -> None:
        described = json.loads(json.dumps(FOUND.describe(), allow_nan=False))

        assert Finding.read(described) == FOUND

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_has_no_number_that_is_none(self, value: float) -> None:
        with pytest.raises(InvalidInput, match="must be finite or say why not"):
            Finding(values={"a": value}, sentence="")


class TestTool:
    def test_finds_in_the_order_of_its_values_and_figures(self) -> None:
        found = tool(FOUND).find(None, NoOptions(), 0)

        assert list(found.numbers) == ["b", "a"]
        assert [figure["place"] for figure in found.figures.values()] == [0, 1]

    def test_finds_all_that_it_states_and_nothing_else(self) -> None:
        with pytest.raises(InvalidInput, match="odd found a, states a, b"):
            tool(Finding(values={"a": 1.0}, sentence="")).find(None, NoOptions(), 0)


def test_a_verdict_of_several_gates_needs_all_of_them() -> None:
    gates = doubled_costs(0.5), doubled_costs(Undefined("nobody knows"))
    found = Finding.judged({}, *gates, further=" So be it.")

    assert found.passed is False
    assert found.sentence.count("The total return at doubled costs") == 2
    assert found.sentence.endswith(" So be it.")
    assert found.figures["gates"]["rows"] == [
        ["doubled_costs", 0.5, "above 0", "pass"],
        ["doubled_costs", None, "above 0", "fail"],
    ]


class TestFigures:
    def test_a_histogram_counts_every_value_once(self) -> None:
        figure = histogram("Drawn", np.random.default_rng(1).random(91))

        assert sum(figure["series"]["histories"]) == 91
        assert len(figure["x"]) == 30

    def test_values_that_are_all_alike_make_one_bar(self) -> None:
        figure = histogram("Drawn", np.array([0.1, 0.1 + 1e-17, 0.1, 0.1, 0.1]))

        assert (figure["x"], figure["series"]) == (["0.1"], {"histories": [5]})

    def test_growth_ends_where_the_returns_lead(self) -> None:
        days = [f"day {n}" for n in range(1_000)]
        figure = growth("Growth", days, {"one": np.full(1_000, 0.001)})

        assert (figure["x"][0], figure["x"][-1], len(figure["x"])) == ("day 0", "day 999", 400)
        assert figure["series"]["one"][-1] == pytest.approx(1.001**1_000)

    def test_what_is_missing_stays_missing(self) -> None:
        assert bars("", ["a", "b"], {"s": [1.0, None]})["series"] == {"s": [1.0, None]}
