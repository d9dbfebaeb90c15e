"""Put one question to several engines, and keep what they differ by."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import transaction

from common.domain.enums import RunStatus
from common.domain.errors import InvalidArgument
from research.domain.question import RunQuestion
from research.engines.registry import get_engine, list_engines
from research.models import ComparedRun, Comparison, Run
from research.services import ledger
from research.services.comparison_report import Outcome, judge, report_engines, report_ladder
from research.services.datasets import record_dataset
from research.services.executors import Executor
from research.services.ladders import PlannedRung, plan_ladder
from research.services.means import Means
from research.services.prepared import PreparedRun
from research.services.run_processes import Ended, Report, report_nothing

_OF_AN_ENGINE = "engine"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonQuestion:
    """What is asked of several engines.

    Parameters
    ----------
    question
        The run; its engine is not looked at.
    engines
        Those to compare, each with all that come after it; empty for every installed one
        that can run the question.
    ladder
        Whether to climb the fidelity ladder too.

    Raises
    ------
    InvalidArgument
        If an engine is named twice, or the strategy is a file of one engine.
    """

    question: RunQuestion
    engines: tuple[str, ...] = ()
    ladder: bool = False

    def __post_init__(self) -> None:
        if self.question.native is not None:
            raise InvalidArgument(
                f"{self.question.native.path.name} is a file of one engine: there is no other"
                " to compare it with"
            )
        if len(set(self.engines)) < len(self.engines):
            raise InvalidArgument(f"engines {','.join(self.engines)}: one is named twice")


def compare_engines(
    *,
    asked: ComparisonQuestion,
    means: Means,
    processes: int = 1,
    user_id: int | None = None,
    report: Report = report_nothing,
) -> Comparison:
    """Run a question on several engines, compare what they did, and return the row.

    Parameters
    ----------
    asked, means
        The question and the engines, and with what they are run.
    processes
        How many engines run at one time, each in a process of its own; 1 runs them here.
    user_id
        Who asks.
    report
        Called whenever a run has ended.

    Raises
    ------
    PlatformError
        As `run_backtest`, before there is any run; MarketChanged if the bars changed
        between the runs.
    KeyboardInterrupt
        As it came; the runs under way are CANCELED, and nothing is compared.
    """
    names = list(asked.engines) or [each.name for each in list_engines() if each.installed]
    for name in names:
        get_engine(name)
    executor = means.executor()
    prepared = executor.prepare(replace(asked.question, engine=names[0]))
    unable = _find_unable(names, prepared, executor)
    # One that was asked by name refuses in the ledger, like any run.
    questions = {
        name: replace(asked.question, engine=name)
        for name in names
        if asked.engines or name not in unable
    }
    able = [name for name in names if name not in unable]
    rungs = (
        plan_ladder(question=asked.question, engines=able, store=means.store)
        if asked.ladder
        else []
    )
    tasks = _distinct([*questions.values(), *(rung.question for rung in rungs if rung.question)])
    ended = executor.run_each(tasks, processes=processes, user_id=user_id, report=report)
    # A process that was killed could not write its end.
    ledger.fail_lost_runs(at=means.clock.now())
    outcomes = _read_outcomes(ended)
    return _record(
        asked=asked,
        prepared=prepared,
        engines={
            name: outcomes[tasks.index(questions[name])] if name in questions else unable[name]
            for name in names
        },
        rungs=[
            (rung, outcomes[tasks.index(rung.question)] if rung.question else None)
            for rung in rungs
        ],
        user_id=user_id,
    )


def _find_unable(
    names: Sequence[str], prepared: PreparedRun, executor: Executor
) -> dict[str, Outcome]:
    refused = executor.ask(prepared, "supported", engines=list(names))
    return {
        name: Outcome(run=None, status=RunStatus.REFUSED, code=why["code"], detail=why["detail"])
        for name, why in refused.items()
    }


def _distinct(questions: Sequence[RunQuestion]) -> list[RunQuestion]:
    """Return each question once: a rung may ask what an engine is asked anyway."""
    found: list[RunQuestion] = []
    for question in questions:
        if question not in found:
            found.append(question)
    return found


def _read_outcomes(ended: Sequence[Ended]) -> list[Outcome]:
    numbers = [each.run_id for each in ended if each.run_id is not None]
    runs = Run.objects.select_related("dataset").prefetch_related("artefacts").in_bulk(numbers)
    return [
        Outcome(run=None, status=RunStatus.FAILED, code=each.code, detail=each.detail)
        if each.run_id is None
        else _outcome_of(runs[each.run_id])
        for each in ended
    ]


def _outcome_of(run: Run) -> Outcome:
    return Outcome(
        run=run, status=RunStatus(run.status), code=run.error_code, detail=run.error_detail
    )


def _record(
    *,
    asked: ComparisonQuestion,
    prepared: PreparedRun,
    engines: dict[str, Outcome],
    rungs: Sequence[tuple[PlannedRung, Outcome | None]],
    user_id: int | None,
) -> Comparison:
    document, equal = report_engines(engines, prepared)
    if asked.ladder:
        document["ladder"] = report_ladder(
            [rung for rung, _ in rungs], [outcome for _, outcome in rungs], prepared
        )
    parts = [(_OF_AN_ENGINE, outcome) for outcome in engines.values()]
    parts += [(rung.rung.value, outcome) for rung, outcome in rungs if outcome is not None]
    with transaction.atomic():
        comparison = Comparison.objects.create(
            experiment=ledger.get_experiment(
                question=asked.question,
                key=prepared.strategy_version.strategy.key,
                user_id=user_id,
            ),
            strategy_version=prepared.strategy_version,
            dataset=record_dataset(series=prepared.series, loaded=prepared.loaded),
            created_by_id=user_id,
            verdict=judge(engines.values(), equal, refusals_count=bool(asked.engines)),
            document=document,
        )
        ComparedRun.objects.bulk_create(
            ComparedRun(comparison=comparison, run=outcome.run, part=part)
            for part, outcome in parts
            if outcome.run is not None
        )
    return comparison
