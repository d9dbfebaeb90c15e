"""Runs: one by number, equal ones, trials so far, and a run as a document."""

from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from common.domain.enums import RunStatus
from common.domain.time import format_utc, to_ns
from research.exceptions import ArtefactDamaged, UnknownRun
from research.models import Dataset, Experiment, Run, Trial
from research.selectors.fact_pages import describe_fills
from research.selectors.facts import artefact_of, read_artefact
from trading.selectors.lineage import lineage_ids

_RELATED = (
    "experiment",
    "strategy_version__strategy",
    "series__instrument__venue",
    "dataset__series__instrument__venue",
    "differs_from",
)


def list_runs() -> QuerySet[Run]:
    """Return all runs with what they name, in one query."""
    return Run.objects.select_related(*_RELATED)


def list_experiments() -> QuerySet[Experiment]:
    """Return all experiments with who asked and `run_count`, in one query.

    The runs are counted in a subquery: rows of a grouped query cannot be locked.
    """
    runs = Run.objects.filter(experiment=OuterRef("pk")).values("experiment")
    counted = runs.annotate(number=Count("pk")).values("number")
    return Experiment.objects.select_related("created_by").annotate(
        run_count=Coalesce(Subquery(counted), 0)
    )


def get_run(number: int) -> Run:
    """Return a run with its artefacts, in two queries.

    Raises
    ------
    UnknownRun
        If there is none of that number.
    """
    run = list_runs().prefetch_related("artefacts").filter(pk=number).first()
    if run is None:
        raise UnknownRun(f"no run {number}", run=number)
    return run


def find_equal(*, input_hash: str, code_hash: str, lock_hash: str) -> Run | None:
    """Return the newest successful run of equal inputs on equal code and libraries, or None."""
    equal = list_runs().filter(
        input_hash=input_hash,
        code_hash=code_hash,
        provenance__lock_hash=lock_hash,
        status=RunStatus.SUCCEEDED,
    )
    return equal.prefetch_related("artefacts").order_by("-pk").first()


def latest_dataset(experiment: str) -> Dataset | None:
    """Return the data of an experiment's last successful run, or None."""
    run = list_runs().filter(experiment__name=experiment, status=RunStatus.SUCCEEDED)
    latest = run.order_by("-pk").first()
    return latest.dataset if latest else None


def count_trials(*, strategy_id: int, symbol: str, start_at: datetime, end_at: datetime) -> int:
    """Return how many trials of a lineage an instrument has seen in an overlapping period.

    A trial is a distinct set of source, parameters, costs and sizing, run alone or
    swept; repeats and failed ones do not count, and neither venue nor timeframe starts anew.
    Two queries and one for each generation of the lineage.
    """
    runs, trials = lineage_trials(
        strategy_id=strategy_id, symbol=symbol, start_at=start_at, end_at=end_at
    )
    # A set that was swept and then run alone is one trial.
    return runs.values("trial_hash").union(trials.values("trial_hash")).count()


def lineage_trials(
    *, strategy_id: int, symbol: str, start_at: datetime, end_at: datetime
) -> tuple[QuerySet[Run], QuerySet[Trial]]:
    """Return the runs and the swept sets that are trials of a lineage, repeats included."""
    lineage = lineage_ids(strategy_id)
    runs = Run.objects.filter(
        status=RunStatus.SUCCEEDED,
        strategy_version__strategy_id__in=lineage,
        series__instrument__symbol=symbol,
        dataset__start_at__lt=end_at,
        dataset__end_at__gt=start_at,
    )
    trials = Trial.objects.filter(
        error="",
        sweep__strategy_version__strategy_id__in=lineage,
        sweep__dataset__series__instrument__symbol=symbol,
        sweep__dataset__start_at__lt=end_at,
        sweep__dataset__end_at__gt=start_at,
    )
    return runs, trials


def count_trials_like(run: Run) -> int:
    """Return the trials so far of a run's lineage on its instrument and period.

    While the bars of a queued run are not known, its period is all that is stored.
    """
    start_at, end_at = (
        (run.series.start_at, run.series.end_at)
        if run.dataset is None
        else (run.dataset.start_at, run.dataset.end_at)
    )
    if start_at is None or end_at is None:
        return 0
    return count_trials(
        strategy_id=run.strategy_version.strategy_id,
        symbol=run.series.instrument.symbol,
        start_at=start_at,
        end_at=end_at,
    )


def list_fills(run: Run) -> list[dict[str, Any]]:
    """Return the fills of a run as JSON values, oldest first; none if it left no facts.

    Raises
    ------
    ArtefactDamaged
        If the file is not what the run left, or is not named although there was one.
    """
    artefact = artefact_of(run, "fills")
    if artefact is None:
        if run.n_fills is not None:
            raise ArtefactDamaged(f"{run} had {run.n_fills} fills and names no file of them")
        return []
    return describe_fills(read_artefact(artefact))


def describe_run(run: Run, *, with_fills: bool) -> dict[str, Any]:
    """Return a run as the document that commands and the API show."""
    version = run.strategy_version
    document: dict[str, Any] = {
        "run_id": run.pk,
        "status": run.status,
        "experiment": run.experiment.name,
        "engine": {"name": run.engine, "version": run.engine_version},
        "strategy": {
            "key": version.strategy.key,
            "version": version.version,
            "source_hash": version.source_hash,
            "params": run.params,
        },
        "dataset": _describe_dataset(run),
        "costs": {
            "fee_rate": float(run.fee_rate),
            "maker_fee_rate": float(run.maker_fee_rate),
            "slippage_bps": float(run.slippage * 10_000),
            "funding": run.funding,
        },
        "cash": float(run.cash),
        "sizing": run.sizing,
        "account": run.account,
        "rebalance": run.rebalance,
        "settings": run.settings,
        "seed": run.seed,
        "allow_dirty": run.allow_dirty,
        "progress": run.progress,
        "attempt": run.attempt,
        "cancel_requested": run.cancel_requested_at is not None,
        "n_fills": run.n_fills,
        "skipped_orders": run.skipped_orders,
        # None of a run that ended before there were any: that is not "no fills".
        "fills": list_fills(run) if with_fills and run.n_fills is not None else None,
        "equity": run.equity,
        "metrics": run.metrics,
        "undefined": run.undefined,
        "open_round_trip": run.open_round_trip,
        "trials": count_trials_like(run),
        "result_hash": run.result_hash,
        "differs_from": run.differs_from_id,
        "provenance": {**run.provenance, "code_hash": run.code_hash},
        "timings": run.timings,
        "peak_rss_mb": None if run.peak_rss_bytes is None else run.peak_rss_bytes / 1e6,
    }
    if not with_fills:
        del document["fills"]
    if run.error_code:
        # The shape of every failure, beside what the run left.
        document |= {
            "code": run.error_code,
            "detail": run.error_detail,
            "extra": {"run_id": run.pk},
        }
    return document


def _describe_dataset(run: Run) -> dict[str, Any]:
    series, dataset = run.series, run.dataset
    named = {
        "venue": series.instrument.venue.code,
        "instrument": series.instrument.symbol,
        # Recorded events have none; the run says of what length its bars were.
        "timeframe": series.timeframe or run.settings.get("timeframe", ""),
    }
    if dataset is None:
        return {"hash": None, **named, "rows": None, "start": None, "end": None}
    return {
        "hash": dataset.hash,
        **named,
        "rows": dataset.rows,
        "start": format_utc(to_ns(dataset.start_at)),
        "end": format_utc(to_ns(dataset.end_at)),
    }
