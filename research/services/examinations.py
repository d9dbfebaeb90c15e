"""Apply one tool of validation to a run or a sweep of the ledger, and keep what it found."""

from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from django.db import transaction

from common.domain.errors import InvalidArgument
from research.domain.examination_question import ExaminationQuestion
from research.examination.facts import NeighbourFacts, RunFacts, SweepFacts
from research.examination.options import read_options, write_options
from research.examination.registry import get_tool
from research.examination.tool import Finding, Needs, Subject, Tool
from research.models import Examination, Run, Sweep
from research.services.examined_runs import (
    ask_again,
    check_examinable,
    read_run_facts,
)
from research.services.examined_sweeps import read_sweep_facts, try_neighbours
from research.services.means import Means
from research.services.provenance import judging_hash, provenance
from research.validation.thresholds import Thresholds
from trading.selectors.thresholds import threshold_values


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A question about a run or a sweep whose tool and options are known to be right."""

    subject: Run | Sweep
    question: ExaminationQuestion
    tool: Tool
    options: Any


def check(*, subject: Run | Sweep, question: ExaminationQuestion) -> Checked:
    """Look up the tool of a question and read what it is told.

    Raises
    ------
    UnknownTool
        If there is none of that name.
    InvalidArgument
        If an option is unknown or out of range, or the tool looks at the other kind of subject.
    """
    tool = get_tool(question.tool)
    kind = Subject.RUN if isinstance(subject, Run) else Subject.SWEEP
    if tool.subject is not kind:
        raise InvalidArgument(
            f"tool {tool.key} looks at a {tool.subject}, {subject} is a {kind}", tool=tool.key
        )
    options = read_options(tool.options, question.options)
    return Checked(subject=subject, question=question, tool=tool, options=options)


def examine(*, checked: Checked, means: Means, user_id: int | None = None) -> Examination:
    """Apply the tool and return the row of what it found.

    Parameters
    ----------
    checked
        What is asked.
    means
        Where bars are read, and with what sets are tried that a tool needs.
    user_id
        Who asks.

    Raises
    ------
    NotExaminable
        If the subject is in no state to be examined.
    ArtefactDamaged, MarketChanged, SourceChanged
        If what the subject was made of, or left, is not there any more.
    StrategyRaised
        If the code of the strategy raises an error of its own.
    PlatformError
        As the tool; there is then no row.
    """
    began = perf_counter()
    found = _find(checked, means, user_id)
    return record(checked=checked, found=found, seconds=perf_counter() - began, user_id=user_id)


def _find(checked: Checked, means: Means, user_id: int | None) -> Finding:
    subject, tool, asked = checked.subject, checked.tool, checked.question
    in_force = threshold_values()
    if isinstance(subject, Run) and tool.needs is Needs.CODE:
        check_examinable(subject)
        answer = means.executor().ask(
            ask_again(subject, means=means, native=asked.native),
            "tool",
            key=tool.key,
            options=write_options(checked.options),
            seed=asked.seed,
            thresholds=in_force,
        )
        return Finding.read(answer)
    facts = _facts(checked, means, user_id)
    judged_by = replace(facts, thresholds=Thresholds.of(in_force))
    return tool.find(judged_by, checked.options, asked.seed)


def _facts(
    checked: Checked, means: Means, user_id: int | None
) -> RunFacts | SweepFacts | NeighbourFacts:
    subject = checked.subject
    if isinstance(subject, Sweep):
        return read_sweep_facts(subject)
    check_examinable(subject)
    if checked.tool.needs is Needs.FACTS:
        return read_run_facts(subject, store=means.store)
    prepared = ask_again(subject, means=means, native=checked.question.native)
    fraction = checked.options.fraction
    return try_neighbours(subject, prepared, fraction=fraction, means=means, user_id=user_id)


def record(
    *, checked: Checked, found: Finding, seconds: float, user_id: int | None
) -> Examination:
    """Write the row of what a tool found."""
    subject = checked.subject
    origin, sources = provenance(), judging_hash()
    with transaction.atomic():
        return Examination.objects.create(
            tool=checked.tool.key,
            run=subject if isinstance(subject, Run) else None,
            sweep=subject if isinstance(subject, Sweep) else None,
            created_by_id=user_id,
            options=write_options(checked.options),
            seed=checked.question.seed,
            passed=found.passed,
            sentence=found.sentence,
            values=found.numbers,
            undefined=found.undefined,
            figures=dict(found.figures),
            provenance=origin,
            code_hash=sources,
            seconds=seconds,
        )
