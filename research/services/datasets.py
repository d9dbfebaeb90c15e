"""The bars of a run: read from the store, checked, and named by their content."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from common.data_pipeline.exceptions import SeriesNotFound
from common.data_pipeline.hashing import bars_hash
from common.data_pipeline.quality import QualityReport, check_bars
from common.data_pipeline.store import SeriesStore
from common.domain.bars import Bars
from common.domain.costs import CostModel
from common.domain.enums import MarketType
from common.domain.instruments import InstrumentSpec, SeriesKey
from common.domain.time import format_utc, from_ns
from exchanges.models import Series
from research.domain.backtest import Market
from research.domain.question import RunQuestion
from research.engines.funding import due_rates
from research.engines.registry import capabilities
from research.exceptions import DirtyData, FundingMissing, MarketChanged, NoBarsInPeriod
from research.models import Dataset
from research.services.event_markets import events_key, has_events, load_event_market
from research.services.side_data import (
    first_missing_funding,
    funding_hash,
    load_detail,
    load_funding,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedMarket:
    """The market of a run with the hashes that name it and what is wrong with it.

    `side_hashes` name what was read beside the bars, by kind.
    """

    key: SeriesKey
    market: Market
    hash: str
    warm_up_hash: str
    quality: QualityReport
    side_hashes: Mapping[str, str] = field(default_factory=dict)

    @property
    def recorded(self) -> dict[str, str]:
        """What the ledger keeps of a run on events, whose series has no timeframe."""
        events = self.market.events
        if events is None:
            return {}
        return {"timeframe": self.period.timeframe.value, "events_hash": events.hash}

    @property
    def period(self) -> Bars:
        """The bars of the period."""
        return self.market.period

    @property
    def start_ns(self) -> int:
        """Open time of the first bar of the period."""
        return int(self.period.open_ns[0])

    @property
    def end_ns(self) -> int:
        """Close time of the last bar."""
        return int(self.period.open_ns[-1]) + self.period.timeframe.nanoseconds


def load_market(
    *, store: SeriesStore, spec: InstrumentSpec, question: RunQuestion, warm_up: int
) -> LoadedMarket:
    """Read the bars of the period and the warm-up before it, or recorded events.

    Raises
    ------
    SeriesNotFound
        If no such series is stored.
    NoBarsInPeriod
        If it has no bar in the period.
    DetailMissing
        If finer bars are asked for and do not cover it.
    NoRows, StoreCorrupted
        If events are asked for, and none are stored in the period or a file is damaged.
    """
    if uses_events(question):
        return _load_events(store=store, spec=spec, question=question, warm_up=warm_up)
    return _load_bars(store=store, spec=spec, question=question, warm_up=warm_up)


def uses_events(question: RunQuestion) -> bool:
    """Return whether a run replays recorded events: as asked, or for want of another way."""
    return question.settings.on_events or not capabilities(question.engine).bars


def _load_events(
    *, store: SeriesStore, spec: InstrumentSpec, question: RunQuestion, warm_up: int
) -> LoadedMarket:
    market = load_event_market(store=store, spec=spec, question=question, warm_up=warm_up)
    events = {} if market.events is None else {"events": market.events.hash}
    return LoadedMarket(
        key=events_key(spec),
        market=market,
        hash=bars_hash(market.period),
        warm_up_hash=bars_hash(market.bars.rows(0, market.first)),
        # Bars without a trade are as the market made them, not missing.
        quality=check_bars([], question.timeframe),
        side_hashes=events,
    )


def _load_bars(
    *, store: SeriesStore, spec: InstrumentSpec, question: RunQuestion, warm_up: int
) -> LoadedMarket:
    key = SeriesKey.bars(spec.id, question.timeframe)
    try:
        period = store.read_bars(key, question.start_ns, question.end_ns)
    except SeriesNotFound as e:
        if not has_events(store, spec):
            raise
        raise SeriesNotFound(
            f"{e.detail}; recorded events are, which --on-events replays", **e.extra
        ) from e
    if not len(period):
        manifest = store.manifest(key)
        raise NoBarsInPeriod(
            f"{key} has no bars in the period; stored are"
            f" {format_utc(manifest.start_ns)} to {format_utc(manifest.end_ns)}",
            series=str(key),
        )
    before = store.read_before(key, int(period.open_ns[0]), warm_up)
    bars = period if not len(before) else before.joined(period)
    funding = load_funding(store, spec.id) if books_funding(question.costs, spec) else None
    fine = question.settings.detail
    detail = None if fine is None else load_detail(store, SeriesKey.bars(spec.id, fine), period)
    hashes = {} if funding is None else {"funding": funding_hash(due_rates(funding, period))}
    if detail is not None:
        hashes["detail"] = bars_hash(detail)
    return LoadedMarket(
        key=key,
        market=Market(
            instrument=spec, bars=bars, first=len(before), funding=funding, detail=detail
        ),
        hash=bars_hash(period),
        warm_up_hash=bars_hash(before),
        quality=check_bars([period], question.timeframe),
        side_hashes=hashes,
    )


def books_funding(costs: CostModel, instrument: InstrumentSpec) -> bool:
    """Return whether funding is part of a run: a perpetual's, unless it is left out."""
    return costs.funding and instrument.id.market_type is MarketType.LINEAR_PERPETUAL


def check_market(*, loaded: LoadedMarket, question: RunQuestion) -> None:
    """Refuse data that a run must not use.

    Raises
    ------
    DirtyData
        If the bars have errors and the question does not accept them.
    FundingMissing
        If a perpetual lacks stored funding rates in the period.
    """
    if loaded.quality.has_errors and not question.allow_dirty:
        findings = "; ".join(finding.sentence for finding in loaded.quality.errors)
        raise DirtyData(
            f"{loaded.key} has errors: {findings}; --allow-dirty runs on it all the same",
            series=str(loaded.key),
        )
    missing = (
        first_missing_funding(loaded.market.funding, loaded.start_ns, loaded.end_ns)
        if books_funding(question.costs, loaded.market.instrument)
        else None
    )
    if missing is not None:
        raise FundingMissing(
            f"{loaded.key.instrument} is a perpetual and funding rates are missing from"
            f" {format_utc(missing[0])} to {format_utc(missing[1])};"
            " --no-funding runs without them, which the ledger records",
            instrument=str(loaded.key.instrument),
        )


def check_unchanged(loaded: LoadedMarket) -> None:
    """Refuse a result of other bars than those that name it.

    The arrays are read-only, but whoever has them can make them writeable again.

    Raises
    ------
    MarketChanged
        If a bar of the period or of the warm-up is not as it was loaded.
    """
    market = loaded.market
    before = market.bars.rows(0, market.first)
    if (bars_hash(loaded.period), bars_hash(before)) != (loaded.hash, loaded.warm_up_hash):
        raise MarketChanged(
            f"the bars of {loaded.key} were changed during the run: a strategy must only read"
            " them",
            series=str(loaded.key),
        )


def record_dataset(*, series: Series, loaded: LoadedMarket) -> Dataset:
    """Return the row of the bars of a run, made the first time."""
    dataset, _ = Dataset.objects.get_or_create(
        series=series,
        hash=loaded.hash,
        defaults={
            "rows": len(loaded.period),
            "start_at": from_ns(loaded.start_ns),
            "end_at": from_ns(loaded.end_ns),
        },
    )
    return dataset
