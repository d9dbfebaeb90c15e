"""What a child answers to the question of a run: the facts of an engine."""

from pathlib import Path
from time import perf_counter

from common.domain.memory import peak_rss_bytes
from research.compute import job_files
from research.compute.answering import (
    await_market,
    check_unchanged,
    describe,
    load,
    noting_progress,
    request_of,
    warm_up_of,
)
from research.compute.result_files import JobResult
from research.engines.registry import get_engine


def answer(job: Path) -> JobResult:
    """Run the question of a folder on its engine.

    Raises
    ------
    PlatformError
        What the strategy and the engine refuse, and MarketChanged.
    """
    asked = job_files.read_request(job)
    question = asked.question
    strategy = load(question.strategy_key, asked.strategy_folder)
    request = request_of(question, strategy, strategy.admit(question.params))
    warm_up = warm_up_of(strategy, request.params)
    job_files.write_strategy(job, describe(strategy, request.params, warm_up))
    market = await_market(job)
    began = perf_counter()
    facts = get_engine(question.engine).run(request, market.market, noting_progress(job))
    seconds = perf_counter() - began
    check_unchanged(market)
    return JobResult(
        facts=facts, error=None, engine_seconds=seconds, peak_rss_bytes=peak_rss_bytes()
    )
