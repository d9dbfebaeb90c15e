"""What a tool of validation is, and what it finds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import isfinite
from typing import Any, Final

from common.domain.errors import InvalidInput
from research.examination.figures import Figure, table
from research.examination.options import describe_options
from research.validation.gates import Gate, Measured, Undefined

_VERDICT: Final = {True: "pass", False: "fail"}


class Subject(StrEnum):
    """Of what a tool says something."""

    RUN = "run"
    SWEEP = "sweep"


class Needs(StrEnum):
    """What a tool is given."""

    FACTS = "facts"  # RunFacts
    CODE = "code"  # Asked: the strategy's own code, and an engine
    NEIGHBOURS = "neighbours"  # NeighbourFacts: sets that were tried for it
    DAYS = "days"  # SweepFacts


class Form(StrEnum):
    """How a number is written for people."""

    COUNT = "count"
    NUMBER = "number"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True)
class Value:
    """A number that a tool finds: its key, what it is, and how it is written."""

    key: str
    label: str
    form: Form = Form.NUMBER


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a tool found.

    Parameters
    ----------
    values
        By key; what cannot be computed says why.
    sentence
        What it means for this strategy, in plain words.
    passed
        Whether what was looked for is absent; None of a tool that judges nothing. What cannot
        be computed has not passed.
    figures
        What charts and tables are drawn from.

    Raises
    ------
    InvalidInput
        If a value is neither finite nor said to be undefined.
    """

    values: Mapping[str, Measured]
    sentence: str
    passed: bool | None = None
    figures: Mapping[str, Figure] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key, value in self.values.items():
            if not isinstance(value, Undefined) and not isfinite(value):
                raise InvalidInput(f"value {key} is {value}, must be finite or say why not")

    @classmethod
    def judged(
        cls,
        values: Mapping[str, Measured],
        *gates: Gate,
        further: str = "",
        figures: Mapping[str, Figure] | None = None,
    ) -> "Finding":
        """Return a finding that passes if all gates do, with what was needed.

        Parameters
        ----------
        values
            By key.
        *gates
            What the values are held against; their sentences are those of the finding.
        further
            What is to be said besides, beginning with a space.
        figures
            Charts and tables.
        """
        sentences = [gate.sentence for gate in gates]
        rows = [
            [gate.key, gate.number, f"{gate.comparison} {gate.threshold:g}", _VERDICT[gate.passed]]
            for gate in gates
        ]
        return cls(
            values=values,
            sentence=" ".join(f"{each[0].upper()}{each[1:]}" for each in sentences) + further,
            passed=all(gate.passed for gate in gates),
            figures={
                "gates": table("Judged by", ["gate", "value", "needed", "verdict"], rows),
                **(figures or {}),
            },
        )

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Finding":
        """Return the finding of a document that `describe` made."""
        undefined = document["undefined"]
        return cls(
            values={
                key: Undefined(undefined[key]) if value is None else value
                for key, value in document["values"].items()
            },
            sentence=document["sentence"],
            passed=document["passed"],
            figures=document["figures"],
        )

    def describe(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        return {
            "values": self.numbers,
            "undefined": self.undefined,
            "passed": self.passed,
            "sentence": self.sentence,
            "figures": dict(self.figures),
        }

    @property
    def numbers(self) -> dict[str, Any]:
        """The values as JSON: floats, None where undefined."""
        return {
            key: None if isinstance(value, Undefined) else float(value)
            for key, value in self.values.items()
        }

    @property
    def undefined(self) -> dict[str, str]:
        """Why those that are None are."""
        return {
            key: value.reason for key, value in self.values.items() if isinstance(value, Undefined)
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One tool of validation.

    Parameters
    ----------
    key, title
        Its name, and the same for people.
    question
        What it answers, one sentence.
    subject, needs
        What it is applied to, and what it is given.
    options
        A dataclass of `option` fields.
    values
        All that it finds, in the order in which it is shown.
    examine
        Given the facts, the options and a seed, what it found. Equal arguments give equal
        findings.
    """

    key: str
    title: str
    question: str
    subject: Subject
    needs: Needs
    options: type[Any]
    values: tuple[Value, ...]
    examine: Callable[[Any, Any, int], Finding]

    @property
    def runs_code(self) -> bool:
        """Whether it runs the code of a strategy."""
        return self.needs in {Needs.CODE, Needs.NEIGHBOURS}

    def find(self, facts: Any, options: Any, seed: int) -> Finding:
        """Examine, and return what was found in the order of the tool's values.

        Raises
        ------
        InvalidInput
            If the tool found other values than it states.
        PlatformError
            As the tool.
        """
        found = self.examine(facts, options, seed)
        stated = [value.key for value in self.values]
        if set(found.values) != set(stated):
            raise InvalidInput(
                f"{self.key} found {', '.join(sorted(found.values))}, states"
                f" {', '.join(sorted(stated))}"
            )
        return replace(
            found,
            values={key: found.values[key] for key in stated},
            # A database keeps JSON objects in an order of its own.
            figures={
                name: {**figure, "place": place}
                for place, (name, figure) in enumerate(found.figures.items())
            },
        )

    def describe(self) -> dict[str, Any]:
        """Return what a list shows of it, as JSON values."""
        return {
            "key": self.key,
            "title": self.title,
            "subject": self.subject.value,
            "question": self.question,
            "runs_code": self.runs_code,
            "options": describe_options(self.options),
            "values": [
                {"key": value.key, "label": value.label, "form": value.form.value}
                for value in self.values
            ],
        }
