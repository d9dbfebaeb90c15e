"""The questions of a fidelity ladder, from ideal fills to a queue in the recorded book."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from common.data_pipeline.store import SeriesStore
from common.domain.costs import CostModel
from common.domain.enums import MarketType, SeriesKind
from common.domain.instruments import SeriesKey
from research.domain.question import RunQuestion
from research.domain.settings import EngineSettings, ExecutionStyle
from research.engines.registry import EngineDescription, list_engines
from research.parity.ladder import Rung

# Where it can run it is the fastest on bars, and the others fill the same.
_FASTEST = "vectorbt"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRung:
    """A rung to run, or the reason why it cannot be."""

    rung: Rung
    engine: str = ""
    question: RunQuestion | None = None
    reason: str = ""


def plan_ladder(
    *, question: RunQuestion, engines: Sequence[str], store: SeriesStore
) -> list[PlannedRung]:
    """Return every rung, those that cannot be run with the reason.

    Parameters
    ----------
    question
        Its costs and settings are what the ladder leads to.
    engines
        Those that can run it on bars.
    store
        Where recorded events would be.
    """
    return [*_plan_on_bars(question, engines), *_plan_on_events(question, store)]


def _plan_on_bars(question: RunQuestion, engines: Sequence[str]) -> Iterator[PlannedRung]:
    asked = question.costs
    funded = _books_funding(question)
    free = CostModel(
        fee_rate=0.0,
        maker_fee_rate=0.0,
        slippage=0.0,
        # Where none is booked the last rung is the question itself.
        funding=asked.funding and not funded,
    )
    charged = replace(free, fee_rate=asked.fee_rate, maker_fee_rate=asked.maker_fee_rate)
    slipping = replace(charged, slippage=asked.slippage)
    costs = {Rung.FRICTIONLESS: free, Rung.FEES: charged, Rung.SLIPPAGE: slipping}
    if funded:
        costs[Rung.FUNDING] = asked
    if not engines:
        reason = "no engine here can run this question on bars"
        yield from (PlannedRung(rung=rung, reason=reason) for rung in costs)
    else:
        engine = _FASTEST if _FASTEST in engines else engines[0]
        for rung, model in costs.items():
            asks = replace(question, engine=engine, costs=model)
            yield PlannedRung(rung=rung, engine=engine, question=asks)
    if Rung.FUNDING not in costs:
        yield PlannedRung(rung=Rung.FUNDING, reason=_why_no_funding(question))


def _books_funding(question: RunQuestion) -> bool:
    return question.costs.funding and (
        question.instrument.market_type is MarketType.LINEAR_PERPETUAL
    )


def _why_no_funding(question: RunQuestion) -> str:
    if question.costs.funding:
        return "spot pays no funding"
    return "funding is left out, as asked"


def _plan_on_events(question: RunQuestion, store: SeriesStore) -> Iterator[PlannedRung]:
    events = SeriesKey(question.instrument, SeriesKind.EVENTS)
    # What has no bars cannot take a question on events for one on bars.
    replaying = [
        each
        for each in list_engines()
        if each.installed and each.capabilities["order_book"] and not each.capabilities["bars"]
    ]
    rungs = (Rung.BOOK, Rung.LATENCY, Rung.QUEUE)
    if not replaying:
        reason = "no engine that replays an order book is installed"
        yield from (PlannedRung(rung=rung, reason=reason) for rung in rungs)
        return
    engine = replaying[0]
    if events not in {manifest.key for manifest in store.list_manifests()}:
        reason = f"no recorded events of {question.instrument} are stored"
        yield from (PlannedRung(rung=rung, engine=engine.name, reason=reason) for rung in rungs)
        return
    for rung in rungs:
        yield _plan_replay(rung, engine, question)


def _plan_replay(rung: Rung, engine: EngineDescription, question: RunQuestion) -> PlannedRung:
    settings = _settings(rung, engine, question.settings)
    if settings is None:
        reason = f"{engine.name} cannot: it lacks the capability {_NEEDS[rung]}"
        return PlannedRung(rung=rung, engine=engine.name, reason=reason)
    asks = replace(
        question,
        engine=engine.name,
        # The book itself says how far from the open a fill is.
        costs=replace(question.costs, slippage=0.0),
        settings=settings,
    )
    return PlannedRung(rung=rung, engine=engine.name, question=asks)


_NEEDS = {Rung.BOOK: "events", Rung.LATENCY: "latency", Rung.QUEUE: "maker_orders"}


def _settings(
    rung: Rung, engine: EngineDescription, asked: EngineSettings
) -> EngineSettings | None:
    if not engine.capabilities[_NEEDS[rung]]:
        return None
    at_once = EngineSettings(
        on_events=True, queue=asked.queue, queue_power=asked.queue_power,
        partial_fills=asked.partial_fills,
    )  # fmt: skip
    if rung is Rung.BOOK:
        return replace(at_once, partial_fills=False)
    constant = asked.order_latency_ns or asked.response_latency_ns
    late = replace(
        at_once,
        order_latency_ns=asked.order_latency_ns,
        response_latency_ns=asked.response_latency_ns,
        recorded_latency=not constant and engine.capabilities["recorded_latency"],
    )
    if rung is Rung.LATENCY:
        return replace(late, partial_fills=False)
    return replace(late, execution=ExecutionStyle.MAKER)
