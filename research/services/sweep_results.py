"""What a chunk came to, written once: its trials, its days, and how far the sweep is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Sum

from common.domain.canonical import canonical_hash
from common.domain.enums import RunStatus
from common.domain.errors import PlatformError
from common.locks import locked
from research.compute.set_files import TriedSet
from research.compute.set_trials import RUINED
from research.domain.sweep import SweepQuestion
from research.exceptions import SweepFailed, SweepNotRunning
from research.models import Sweep, SweepChunk, Trial
from research.services import sweep_chunks
from research.services.ledger import storable
from research.services.prepared import PreparedRun
from research.services.sweep_days import days_of_bars, write_days
from trading.strategies.parameters import Params

_DONE = SweepChunk.State.DONE
# How many sets a search may ask for, by how many it is to try: beyond that its space has none
# left that it has not asked for, or hardly any that do not contradict themselves.
MOST_ASKED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What the sets of a chunk came to, by their place in it.

    Parameters
    ----------
    prepared
        What was asked, with the bars it was asked of.
    found
        Those that were tried to the end; None where one contradicts itself.
    pruned
        Those that were given up, in full, and after which fraction of the bars.
    peak_bytes
        The most memory that was held.
    seconds
        What it took.
    sitting
        Name of the sitting, and when it began, seconds since 1970.
    """

    question: SweepQuestion
    prepared: PreparedRun
    found: Mapping[int, TriedSet]
    pruned: Mapping[int, tuple[dict[str, Any], float]]
    peak_bytes: int
    seconds: float
    sitting: tuple[str, float]


def write(chunk: SweepChunk, written: Written, *, at: datetime) -> float:
    """Write what a chunk came to, and return the fraction of the sweep that is done.

    Where it was the last one, the sweep ends with it.

    Raises
    ------
    SweepNotRunning
        If the chunk is not this process's any more, or the sweep has ended: nothing is
        written.
    ArtefactNotWritten
        If the disk refuses the days.
    """
    days = {
        chunk.first + place: each[1].daily
        for place, each in written.found.items()
        if each is not None and each[1].daily is not None
    }
    day_ns = days_of_bars(written.prepared.loaded.period.open_ns)
    file = write_days(chunk, days, day_ns)
    with transaction.atomic():
        sweep = locked(Sweep.objects.filter(pk=chunk.sweep_id)).get()
        if sweep.status != RunStatus.RUNNING or not sweep_chunks.held(chunk).update(
            state=_DONE, owner="", lease_until=None, seconds=written.seconds, **file
        ):
            raise SweepNotRunning(f"{chunk} is not of this process any more", sweep=sweep.pk)
        Trial.objects.bulk_create(_new(sweep, list(_trials(chunk, written))))
        _note(sweep, written, at=at)
        return sweep.progress


def end(sweep: Sweep, error: PlatformError, *, status: RunStatus, at: datetime) -> bool:
    """End a sweep before it is done; return False if it has ended already."""
    return bool(
        Sweep.objects.filter(pk=sweep.pk, status__in=(RunStatus.QUEUED, RunStatus.RUNNING)).update(
            status=status,
            error_code=error.code,
            error_detail=storable(error.detail),
            finished_at=at,
        )
    )


def _new(sweep: Sweep, trials: list[Trial]) -> Iterator[Trial]:
    """Yield the trials of sets that the sweep has not tried yet: a search may ask for one again.

    The row of the sweep is locked: of two workers that try one set the second sees the first.
    """
    hashes = [trial.trial_hash for trial in trials]
    known = set(sweep.trials.filter(trial_hash__in=hashes).values_list("trial_hash", flat=True))
    for trial in trials:
        if trial.trial_hash not in known:
            known.add(trial.trial_hash)
            yield trial


def _trials(chunk: SweepChunk, written: Written) -> Iterator[Trial]:
    question = written.question
    several = len(question.objectives) > 1
    for place, each in written.found.items():
        if each is None:
            continue
        params, tried = each
        values = question.values_of(tried.metrics)
        yield Trial(
            sweep_id=chunk.sweep_id,
            number=chunk.first + place,
            params=params,
            trial_hash=_trial_hash(written.prepared, params),
            metrics=tried.metrics,
            value=None if values is None else values[0],
            values=values if several else None,
            error=storable(tried.error),
        )
    for place, (params, fraction) in written.pruned.items():
        yield Trial(
            sweep_id=chunk.sweep_id,
            number=chunk.first + place,
            params=params,
            trial_hash=_trial_hash(written.prepared, params),
            metrics={},
            pruned_after=fraction,
        )


def _trial_hash(prepared: PreparedRun, params: Params) -> str:
    request = replace(prepared.question, params=dict(params))
    return canonical_hash(replace(prepared, request=request).trial())


def _note(sweep: Sweep, written: Written, *, at: datetime) -> None:
    """Note how far the sweep is, and end it with its last chunk."""
    name, began = written.sitting
    sittings = sweep.timings.get("sittings", {})
    sweep.timings = {**sweep.timings, "sittings": {**sittings, name: [began, at.timestamp()]}}
    sweep.peak_rss_bytes = max(sweep.peak_rss_bytes or 0, written.peak_bytes)
    if written.question.search is None:
        done = sweep.chunks.filter(state=_DONE).aggregate(places=Sum("size"))["places"]
        sweep.progress = done / sweep.n_sets
    else:
        sweep.n_contradictory += sum(each is None for each in written.found.values())
        sweep.progress = sweep.trials.count() / sweep.n_sets
    if not (sweep.chunks.exclude(state=_DONE).exists() or _extend(sweep, written)):
        _finish(sweep, at=at)
    sweep.save()


def _extend(sweep: Sweep, written: Written) -> bool:
    """Let a search ask for as many sets more as it lacks trials; return False if it may not."""
    missing = sweep.n_sets - sweep.trials.count()
    places = sweep.chunks.aggregate(places=Sum("size"))["places"]
    if written.question.search is None or not missing or places >= MOST_ASKED * sweep.n_sets:
        return False
    batch = sweep.chunks.values_list("size", flat=True).get(index=0)
    SweepChunk.objects.bulk_create(
        sweep_chunks.plan_more(sweep, size=batch, first=places, count=missing)
    )
    return True


def _finish(sweep: Sweep, *, at: datetime) -> None:
    sweep.finished_at, sweep.progress = at, 1.0
    try:
        _check_any_ran(sweep)
    except SweepFailed as error:
        sweep.status = RunStatus.FAILED
        sweep.error_code, sweep.error_detail = error.code, error.detail
    else:
        sweep.status = RunStatus.SUCCEEDED


def _check_any_ran(sweep: Sweep) -> None:
    # A set that ruins the account is an answer; a sweep of nothing but errors is none.
    failed = sweep.trials.exclude(error__in=("", RUINED))
    first = failed.order_by("number").first()
    if first is not None and failed.count() == sweep.trials.count():
        raise SweepFailed(
            f"all {failed.count()} sets failed, the first with: {first.error}", sweep=sweep.pk
        )
