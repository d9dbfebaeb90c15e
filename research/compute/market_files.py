"""The market of a job in its folder: columns as Arrow files, everything else as JSON."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from common.data_pipeline.hashing import bars_hash
from common.domain.bars import PRICE_COLUMNS, Bars
from common.domain.events import EventFiles
from common.domain.funding import FundingRates
from common.domain.instruments import InstrumentId, InstrumentSpec
from common.domain.timeframe import Timeframe
from research.compute.arrow_files import read_columns, write_columns
from research.compute.job_files import MARKET, read_document, write_document
from research.domain.backtest import Market

_BARS: Final = "bars.arrow"
_DETAIL: Final = "detail.arrow"
_FUNDING: Final = "funding.arrow"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobMarket:
    """The market of a job, with the hashes of its bars as the ledger names them."""

    market: Market
    hash: str
    warm_up_hash: str

    @property
    def is_unchanged(self) -> bool:
        """Whether the bars are still those that the hashes name."""
        period, before = self.market.period, self.market.bars.rows(0, self.market.first)
        return (bars_hash(period), bars_hash(before)) == (self.hash, self.warm_up_hash)


def write_market(folder: Path, given: JobMarket) -> None:
    """Write the market; `market.json` comes last."""
    market = given.market
    _write_bars(folder / _BARS, market.bars)
    if market.detail is not None:
        _write_bars(folder / _DETAIL, market.detail)
    if market.funding is not None:
        columns = {name: getattr(market.funding, name) for name in FundingRates.__slots__}
        write_columns(folder / _FUNDING, columns)
    spec, detail = market.instrument, market.detail
    document = {
        "instrument": {
            "symbol": spec.id.symbol,
            "venue": spec.id.venue,
            "lot": str(spec.lot),
            "tick": None if spec.tick is None else str(spec.tick),
            "min_notional": None if spec.min_notional is None else str(spec.min_notional),
        },
        "timeframe": market.bars.timeframe.value,
        "first": market.first,
        "funding": market.funding is not None,
        "detail": None if detail is None else detail.timeframe.value,
        "events": None if market.events is None else _describe_events(market.events),
        "hash": given.hash,
        "warm_up_hash": given.warm_up_hash,
    }
    write_document(folder / MARKET, document)


def read_market(folder: Path) -> JobMarket:
    """Return the market; its arrays are the mapped files, which nobody can write to.

    Raises
    ------
    InvalidJobFile
        If a file is missing or does not hold what it must.
    """
    document = read_document(folder / MARKET)
    detail, events = document["detail"], document["events"]
    return JobMarket(
        market=Market(
            instrument=_read_spec(document["instrument"]),
            bars=_read_bars(folder / _BARS, Timeframe(document["timeframe"])),
            first=document["first"],
            funding=FundingRates(**read_columns(folder / _FUNDING))
            if document["funding"]
            else None,
            detail=_read_bars(folder / _DETAIL, Timeframe(detail)) if detail else None,
            events=_read_events(events) if events else None,
        ),
        hash=document["hash"],
        warm_up_hash=document["warm_up_hash"],
    )


def _write_bars(path: Path, bars: Bars) -> None:
    write_columns(path, {name: getattr(bars, name) for name in ("open_ns", *PRICE_COLUMNS)})


def _read_bars(path: Path, timeframe: Timeframe) -> Bars:
    return Bars(timeframe, **read_columns(path))


def _read_spec(document: dict[str, Any]) -> InstrumentSpec:
    sizes = {
        name: None if document[name] is None else Decimal(document[name])
        for name in ("tick", "min_notional")
    }
    return InstrumentSpec(
        id=InstrumentId(document["symbol"], document["venue"]),
        lot=Decimal(document["lot"]),
        **sizes,
    )


def _describe_events(events: EventFiles) -> dict[str, Any]:
    return {
        "paths": [str(path) for path in events.paths],
        "tick": str(events.tick),
        "lot": str(events.lot),
        "start_ns": events.start_ns,
        "end_ns": events.end_ns,
        "hash": events.hash,
        "counts": list(events.counts),
        "snapshot": None if events.snapshot is None else str(events.snapshot),
    }


def _read_events(document: dict[str, Any]) -> EventFiles:
    snapshot = document["snapshot"]
    return EventFiles(
        paths=tuple(map(Path, document["paths"])),
        tick=Decimal(document["tick"]),
        lot=Decimal(document["lot"]),
        start_ns=document["start_ns"],
        end_ns=document["end_ns"],
        hash=document["hash"],
        counts=tuple(document["counts"]),
        snapshot=None if snapshot is None else Path(snapshot),
    )
