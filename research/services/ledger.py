"""Rows of runs: begun before the engine starts, ended once, never changed again."""

import logging
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from django.db import transaction

from common.domain.enums import RunStatus
from common.domain.errors import PlatformError
from common.domain.instruments import InstrumentSpec
from exchanges.models import Series
from research.domain.backtest import BacktestRequest, NativeRequest
from research.domain.question import LONGEST_EXPERIMENT, RunQuestion, canonical_hash
from research.exceptions import RunNotRunning
from research.models import Artefact, Experiment, Run
from research.services.artefacts import StoredFile
from research.services.datasets import LoadedMarket, books_funding, record_dataset
from research.services.provenance import code_hash, provenance
from trading.models import StrategyVersion

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedRun:
    """A question with everything it names looked up."""

    question: RunQuestion
    request: BacktestRequest | NativeRequest
    strategy_version: StrategyVersion
    series: Series
    loaded: LoadedMarket
    engine_version: str

    def inputs(self) -> dict[str, object]:
        """Return all that decides the result; equal descriptions must give equal results."""
        version, request, loaded = self.strategy_version, self.request, self.loaded
        instrument = loaded.market.instrument
        return {
            "engine": [self.question.engine, self.engine_version],
            "strategy": [version.strategy.key, version.version, version.source_hash],
            "params": dict(request.params),
            "dataset": [loaded.hash, loaded.warm_up_hash],
            "market_type": instrument.id.market_type.value,
            "sizes": sizes(instrument),
            "costs": self._costs(),
            "cash": request.cash,
            "sizing": str(request.sizing),
            "account": request.account.value,
            "rebalance": str(request.rebalance),
            "seed": request.seed,
            # Left out where there is nothing, so that a hash stays what it was before
            # there were settings.
            **({"settings": changed} if (changed := request.settings.changed()) else {}),
            **({"beside": dict(loaded.side_hashes)} if loaded.side_hashes else {}),
        }

    def trial(self) -> dict[str, object]:
        """Return what makes a trial distinct from others of the same lineage and instrument."""
        return {
            "source_hash": self.strategy_version.source_hash,
            "params": dict(self.request.params),
            "costs": self._costs(),
            "sizing": str(self.request.sizing),
        }

    def _costs(self) -> dict[str, float | bool]:
        costs = self.request.costs
        return {
            "fee_rate": costs.fee_rate,
            "maker_fee_rate": costs.maker_fee_rate,
            "slippage": costs.slippage,
            "funding": books_funding(self.request.costs, self.loaded.market.instrument),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run came to."""

    status: RunStatus
    error: PlatformError | None = None
    files: list[StoredFile] = field(default_factory=list)
    result_hash: str = ""
    n_fills: int | None = None
    skipped_orders: int | None = None
    equity: Mapping[str, float | int] | None = None
    metrics: Mapping[str, object] = field(default_factory=dict)
    undefined: Mapping[str, str] = field(default_factory=dict)
    open_round_trip: Mapping[str, object] | None = None
    timings: Mapping[str, float] = field(default_factory=dict)
    peak_rss_bytes: int | None = None


def sizes(instrument: InstrumentSpec) -> dict[str, str | None]:
    """Return lot, tick and minimum notional as canonical text."""
    values = {
        "lot": instrument.lot,
        "tick": instrument.tick,
        "min_notional": instrument.min_notional,
    }
    return {name: f"{size.normalize():f}" if size else None for name, size in values.items()}


def process_name() -> str:
    """Return a name of this process that no other on the machine has had since it started."""
    fields = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return f"{platform.node()}/{os.getpid()}/{fields[19]}"


def _exact(value: float) -> Decimal:
    return Decimal(repr(float(value)))


def begin_run(*, prepared: PreparedRun, user_id: int | None, at: datetime) -> Run:
    """Write the row of a run that starts now in this process."""
    question, request = prepared.question, prepared.request
    # The longest keys and symbols together are longer than a name may be.
    made = f"{prepared.strategy_version.strategy.key} on {prepared.loaded.key}"[
        :LONGEST_EXPERIMENT
    ]
    name = question.experiment or made
    # Before the transaction: on SQLite that has the only write lock, and git may be slow.
    origin, sources = provenance(), code_hash()
    with transaction.atomic():
        experiment, _ = Experiment.objects.get_or_create(
            name=name, defaults={"created_by_id": user_id}
        )
        return Run.objects.create(
            experiment=experiment,
            strategy_version=prepared.strategy_version,
            dataset=record_dataset(series=prepared.series, loaded=prepared.loaded),
            created_by_id=user_id,
            kind="BACKTEST" if question.native is None else "NATIVE",
            engine=question.engine,
            engine_version=prepared.engine_version,
            params=dict(request.params),
            cash=_exact(request.cash),
            fee_rate=_exact(request.costs.fee_rate),
            maker_fee_rate=_exact(request.costs.maker_fee_rate),
            slippage=_exact(request.costs.slippage),
            funding=books_funding(request.costs, prepared.loaded.market.instrument),
            sizing=str(request.sizing),
            account=request.account.value,
            rebalance=str(request.rebalance),
            settings=request.settings.changed(),
            seed=request.seed,
            allow_dirty=question.allow_dirty,
            instrument_sizes=sizes(prepared.loaded.market.instrument),
            warm_up_rows=prepared.loaded.market.first,
            warm_up_hash=prepared.loaded.warm_up_hash,
            input_hash=canonical_hash(prepared.inputs()),
            trial_hash=canonical_hash(prepared.trial()),
            provenance=origin,
            code_hash=sources,
            status=RunStatus.RUNNING,
            owner=process_name(),
            started_at=at,
        )


@transaction.atomic
def end_run(*, run: Run, outcome: Outcome, at: datetime) -> Run:
    """Write what a run of this process came to, once.

    Raises
    ------
    RunNotRunning
        If the run has ended already or another process owns it; nothing is written.
    """
    differs_from = _earlier_with_another_result(run, outcome.result_hash)
    error = outcome.error
    changed = Run.objects.filter(pk=run.pk, status=RunStatus.RUNNING, owner=run.owner).update(
        status=outcome.status,
        error_code=error.code if error else "",
        error_detail=_storable(error.detail) if error else "",
        finished_at=at,
        result_hash=outcome.result_hash,
        differs_from=differs_from,
        n_fills=outcome.n_fills,
        skipped_orders=outcome.skipped_orders,
        equity=outcome.equity,
        metrics=outcome.metrics,
        undefined=outcome.undefined,
        open_round_trip=outcome.open_round_trip,
        timings=outcome.timings,
        peak_rss_bytes=outcome.peak_rss_bytes,
    )
    if not changed:
        raise RunNotRunning(f"{run} has ended or is not of this process", run=run.pk)
    Artefact.objects.bulk_create(
        Artefact(
            run=run,
            kind=file.kind,
            path=file.path,
            sha256=file.sha256,
            size_bytes=file.size_bytes,
            rows=file.rows,
        )
        for file in outcome.files
    )
    run.refresh_from_db()
    if differs_from is not None:
        logger.error(
            "equal inputs, another result: run %s differs from run %s", run.pk, differs_from.pk
        )
    return run


def _storable(text: str) -> str:
    # A strategy's error may hold what no database takes: half a surrogate pair, or a NUL.
    return text.encode(errors="backslashreplace").decode().replace("\x00", "\\x00")


def _earlier_with_another_result(run: Run, result_hash: str) -> Run | None:
    if not result_hash:
        return None
    earlier = Run.objects.filter(input_hash=run.input_hash, pk__lt=run.pk).exclude(result_hash="")
    latest = earlier.order_by("-pk").first()
    return latest if latest is not None and latest.result_hash != result_hash else None


def _is_alive(owner: str) -> bool:
    host, pid, started = owner.split("/")
    if host != platform.node():
        return True  # Another machine's process: only that machine can tell.
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return False
    return fields[19] == started


def fail_lost_runs(*, at: datetime) -> int:
    """End the runs whose process on this machine is gone, and return how many there were.

    A process that was killed cannot write its end; whoever runs next does it,
    so that no run stays RUNNING for ever.
    """
    lost = [
        run for run in Run.objects.filter(status=RunStatus.RUNNING) if not _is_alive(run.owner)
    ]
    return sum(
        Run.objects.filter(pk=run.pk, status=RunStatus.RUNNING, owner=run.owner).update(
            status=RunStatus.FAILED,
            error_code="worker_lost",
            error_detail=f"the process {run.owner} ended without a word",
            finished_at=at,
        )
        for run in lost
    )
