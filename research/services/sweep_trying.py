"""The sets of one chunk, tried: on parts of the bars first where bad ones are given up."""

import os
from collections.abc import Container
from dataclasses import replace
from time import monotonic, time

from common.data_pipeline.store import SeriesStore
from common.domain.time import to_ns
from exchanges.selectors.market_data import get_instrument
from research.compute.set_files import TriedSet
from research.domain.backtest import Market
from research.domain.sweep import SweepQuestion
from research.exceptions import SweepDiffers
from research.models import Sweep, SweepChunk
from research.selectors.sweeps import dataset_of
from research.services.benches import Bench, SetsAsked
from research.services.datasets import LoadedMarket, load_market
from research.services.owners import process_name
from research.services.prepared import PreparedRun
from research.services.searches import Sets, sets_source
from research.services.sweep_results import Written
from research.services.sweep_rows import question_of
from trading.strategies.parameters import Value

type Found = dict[int, TriedSet]
type Pruned = dict[int, tuple[dict[str, Value], float]]


class BarsOfSweep:
    """The bars of a sweep, read once; again only where more is needed before the period."""

    def __init__(self, sweep: Sweep, question: SweepQuestion, store: SeriesStore) -> None:
        self._sweep, self._store = sweep, store
        # Those stored since are left out; the sets before them were tried without.
        self._question = replace(question.question, end_ns=to_ns(dataset_of(sweep).end_at))
        self._loaded: LoadedMarket | None = None
        self._warm_up = -1

    def market(self, warm_up: int) -> Market:
        """Return the bars with at least so many before the period, if they are stored.

        Raises
        ------
        SweepDiffers
            If they are not those that the sweep began with.
        PlatformError
            If they cannot be read.
        """
        return self.loaded(warm_up).market

    def loaded(self, warm_up: int = 0) -> LoadedMarket:
        """Return the same with its hashes.

        Raises
        ------
        SweepDiffers
            If they are not those that the sweep began with.
        PlatformError
            As `market`.
        """
        if self._loaded is None or warm_up > self._warm_up:
            instrument = get_instrument(self._question.instrument)
            found = load_market(
                store=self._store, spec=instrument.spec, question=self._question, warm_up=warm_up
            )
            dataset = dataset_of(self._sweep)
            if dataset.hash != found.hash:
                raise SweepDiffers(
                    f"{self._sweep} began with bars {dataset.hash[:12]}, stored are now"
                    f" {found.hash[:12]}",
                    sweep=self._sweep.pk,
                )
            self._loaded, self._warm_up = found, warm_up
        return self._loaded


class Trying:
    """Tries the sets of a sweep's chunks on a bench."""

    def __init__(self, sweep: Sweep, bench: Bench, store: SeriesStore) -> None:
        self._sweep, self._bench = sweep, bench
        self._question = question_of(sweep)
        self._bars = BarsOfSweep(sweep, self._question, store)
        self._source = sets_source(sweep, self._question)
        began = time()
        self._sitting = (f"{process_name()}/{os.urandom(4).hex()}", began)

    def results(self, chunk: SweepChunk) -> Written:
        """Return what the sets of a chunk came to.

        Raises
        ------
        SweepDiffers
            If the source or the bars are not those that the sweep began with.
        PlatformError
            What keeps every set from being tried.
        """
        began, peak = monotonic(), 0
        sets = self._source.sets_of(chunk)
        repeated = self._source.repeated(chunk)
        pruned: Pruned = {}
        for rung, fraction in enumerate(self._source.rungs):
            found, held = self._ask(sets, {*repeated, *pruned}, fraction)
            for place in self._source.judge(chunk, rung, found):
                each = found[place]
                if each is not None:
                    pruned[place] = each[0], fraction
            peak = max(peak, held)
        found, held = self._ask(sets, {*repeated, *pruned})
        self._source.tell(chunk, found)
        return Written(
            question=self._question,
            prepared=self._prepared(),
            found=found,
            pruned=pruned,
            peak_bytes=max(peak, held),
            seconds=monotonic() - began,
            sitting=self._sitting,
        )

    def close(self) -> None:
        """Let go of what is open."""
        self._source.close()

    def _ask(
        self, sets: Sets, without: Container[int], fraction: float = 1.0
    ) -> tuple[Found, int]:
        left = [place for place in range(len(sets)) if place not in without]
        if not left:
            return {}, 0
        answer = self._bench.try_sets(
            SetsAsked(
                question=self._question.question,
                sets=tuple(sets[place] for place in left),
                markets=self._bars.market,
                fraction=fraction,
            )
        )
        expected = self._sweep.strategy_version.source_hash
        if answer.source_hash != expected:
            raise SweepDiffers(
                f"{self._sweep} began with source {expected[:12]} of its strategy, here is"
                f" {answer.source_hash[:12]}",
                sweep=self._sweep.pk,
            )
        return dict(zip(left, answer.tried, strict=True)), answer.peak_bytes

    def _prepared(self) -> PreparedRun:
        return PreparedRun(
            question=self._question.question,
            request=self._question.question,
            strategy_version=self._sweep.strategy_version,
            series=dataset_of(self._sweep).series,
            loaded=self._bars.loaded(),
            engine_version=self._sweep.engine_version,
        )
