"""The chosen set on a second engine, over a stretch that both can run in a moment."""

from dataclasses import replace
from typing import Any, Final

from research.domain.verdict import Verdict
from research.engines.registry import list_engines
from research.models import Comparison
from research.services.comparisons import ComparisonQuestion
from research.services.executors import Executor
from research.services.prepared import PreparedRun
from research.validation.exceptions import NotComputable

# An engine that walks through events is the best witness against one that computes arrays.
_PREFERRED: Final = ("nautilus", "vectorbt", "freqtrade", "hftbacktest")


def second_engine(prepared: PreparedRun, executor: Executor) -> str:
    """Return an installed engine, other than the question's, that can run it.

    Raises
    ------
    NotComputable
        If there is none; the message says why each cannot.
    """
    own = prepared.question.engine
    installed = {each.name for each in list_engines() if each.installed}
    others = [name for name in _PREFERRED if name != own]
    refused = executor.ask(
        prepared, "supported", engines=[name for name in others if name in installed]
    )
    reasons = []
    for name in others:
        if name in installed and name not in refused:
            return name
        reasons.append(refused[name]["detail"] if name in refused else f"{name} is not installed")
    raise NotComputable(f"no engine beside {own} can run it: {'; '.join(reasons)}")


def question_of(prepared: PreparedRun, executor: Executor, *, n_bars: int) -> ComparisonQuestion:
    """Return the question on its own and a second engine, over the last bars of its period.

    Raises
    ------
    NotComputable
        If no second engine can run it.
    """
    period = prepared.loaded.period
    start_ns = int(period.open_ns[max(len(period) - n_bars, 0)])
    question = replace(prepared.question, start_ns=start_ns, end_ns=prepared.loaded.end_ns)
    engines = (question.engine, second_engine(prepared, executor))
    return ComparisonQuestion(question=question, engines=engines)


def unexplained(comparison: Comparison) -> float:
    """Return what no admissible cause explains, without its sign, as a fraction of equity.

    Raises
    ------
    NotComputable
        If an engine failed, or none of them traded.
    """
    engines: dict[str, dict[str, Any]] = comparison.document["engines"]
    if comparison.verdict not in {Verdict.EQUAL, Verdict.DIFFERENT}:
        failed = [
            f"{name}: {each['detail']}" for name, each in engines.items() if "detail" in each
        ]
        raise NotComputable(f"{comparison} is {comparison.verdict}; {'; '.join(failed)}")
    if not any(each["n_fills"] for each in engines.values()):
        raise NotComputable(
            f"{' and '.join(engines)} agree on a stretch without a fill, which shows nothing"
        )
    equity = next(iter(engines.values()))["final_equity"]
    money = sum(
        abs(each["money"]) for each in comparison.document["differences"] if not each["admissible"]
    )
    return float(money / abs(equity))
