"""The chosen set on a second engine, over a stretch that both can run in a moment."""

from dataclasses import replace
from typing import Any, Final

from common.data_pipeline.store import SeriesStore
from common.domain.clock import Clock
from research.domain.backtest import BacktestRequest
from research.domain.verdict import Verdict
from research.engines.capabilities import check_supported
from research.engines.exceptions import UnsupportedFeature
from research.engines.registry import get_engine, list_engines
from research.models import Comparison
from research.services.comparisons import ComparisonQuestion, compare_engines
from research.services.prepared import PreparedRun
from research.validation.exceptions import NotComputable

# An engine that walks through events is the best witness against one that computes arrays.
_PREFERRED: Final = ("nautilus", "vectorbt", "freqtrade", "hftbacktest")


def second_engine(prepared: PreparedRun) -> str:
    """Return an installed engine, other than the question's, that can run it.

    Raises
    ------
    NotComputable
        If there is none; the message says why each cannot.
    """
    own = prepared.question.engine
    installed = {each.name for each in list_engines() if each.installed}
    reasons = []
    for name in (each for each in _PREFERRED if each != own):
        reason = _refusal(name, prepared) if name in installed else f"{name} is not installed"
        if not reason:
            return name
        reasons.append(reason)
    raise NotComputable(f"no engine beside {own} can run it: {'; '.join(reasons)}")


def _refusal(name: str, prepared: PreparedRun) -> str:
    if not isinstance(prepared.request, BacktestRequest):
        return f"{name} does not run it"
    try:
        check_supported(
            engine=name,
            can=get_engine(name).capabilities,
            request=prepared.request,
            market=prepared.loaded.market,
        )
    except UnsupportedFeature as e:
        return e.detail
    return ""


def compare(
    prepared: PreparedRun,
    *,
    n_bars: int,
    processes: int,
    store: SeriesStore,
    clock: Clock,
    user_id: int | None,
) -> Comparison:
    """Run the question on its own and a second engine over the last bars of its period.

    Raises
    ------
    NotComputable
        If no second engine can run it.
    PlatformError
        As `compare_engines`.
    """
    period = prepared.loaded.period
    start_ns = int(period.open_ns[max(len(period) - n_bars, 0)])
    question = replace(prepared.question, start_ns=start_ns, end_ns=prepared.loaded.end_ns)
    engines = (question.engine, second_engine(prepared))
    return compare_engines(
        asked=ComparisonQuestion(question=question, engines=engines),
        store=store,
        clock=clock,
        processes=processes,
        user_id=user_id,
    )


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
