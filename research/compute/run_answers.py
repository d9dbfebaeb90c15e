"""What a child answers to the question of a run: the facts of an engine."""

from pathlib import Path
from time import perf_counter

from common.domain.memory import peak_rss_bytes
from research.compute import job_files
from research.compute.answering import (
    await_market,
    check_unchanged,
    describe,
    noting_progress,
    request_of,
)
from research.compute.result_files import JobResult
from research.engines.registry import get_engine
from trading.strategies import registry
from trading.strategies.base import Contract, Strategy
from trading.strategies.quoting import QuotingStrategy
from trading.strategies.registry import WrongContract


def answer(job: Path) -> JobResult:
    """Run the question of a folder on its engine.

    Raises
    ------
    WrongContract
        If the strategy has neither targets nor quotes.
    PlatformError
        What the strategy and the engine refuse, and MarketChanged.
    """
    asked = job_files.read_request(job)
    question = asked.question
    definition = registry.get_definition(question.strategy_key, asked.strategy_folder)
    if not isinstance(definition, Strategy | QuotingStrategy):
        raise WrongContract(definition, Contract.TARGETS)
    request = request_of(question, definition, definition.admit(question.params))
    warm_up = definition.warm_up(request.params) if isinstance(definition, Strategy) else 0
    job_files.write_strategy(job, describe(definition, request.params, warm_up))
    market = await_market(job)
    began = perf_counter()
    facts = get_engine(question.engine).run(request, market.market, noting_progress(job))
    seconds = perf_counter() - began
    check_unchanged(market)
    return JobResult(
        facts=facts, error=None, engine_seconds=seconds, peak_rss_bytes=peak_rss_bytes()
    )
