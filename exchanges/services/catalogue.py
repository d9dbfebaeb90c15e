"""Rows that mirror the store: which venues, instruments and series there are."""

from collections.abc import Mapping
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction

from common.data_pipeline.events.hashing import series_hash
from common.data_pipeline.manifest import Manifest
from common.data_pipeline.store import SeriesStore
from common.data_pipeline.synthetic import SYNTH_VENUE
from common.domain.errors import InvalidArgument
from common.domain.instruments import InstrumentId, InstrumentSpec, SeriesKey
from common.domain.time import from_ns
from common.fields import parse_exact
from common.locks import locked
from exchanges.models import Instrument, Series, Venue


def ensure_instrument(instrument_id: InstrumentId) -> Instrument:
    """Return the instrument's row, with its venue, made if need be."""
    venue, _ = Venue.objects.get_or_create(
        code=instrument_id.venue,
        defaults={"is_synthetic": instrument_id.venue == SYNTH_VENUE},
    )
    instrument, _ = Instrument.objects.get_or_create(
        venue=venue,
        symbol=instrument_id.symbol,
        defaults={"market_type": instrument_id.market_type.value},
    )
    return instrument


def exact_sizes(sizes: Mapping[str, Decimal | None]) -> dict[str, Decimal]:
    """Return the sizes that are stated, by name.

    Raises
    ------
    InvalidArgument
        If one is not positive, or has more digits than the database keeps.
    """
    exact = {}
    for name, size in sizes.items():
        if size is None:
            continue
        try:
            exact[name] = parse_exact(size)
        except ValidationError as e:
            raise InvalidArgument(f"{name}: {e.messages[0]}") from e
        if exact[name] <= 0:
            raise InvalidArgument(f"{name} is {size}, must be positive")
    return exact


@transaction.atomic
def set_sizes(
    *,
    instrument_id: InstrumentId,
    lot: Decimal | None = None,
    tick: Decimal | None = None,
    min_notional: Decimal | None = None,
) -> Instrument:
    """Write the sizes that are stated; None is not stated, and keeps what is known.

    Raises
    ------
    InvalidArgument
        As `exact_sizes`.
    """
    stated = exact_sizes({"lot": lot, "tick": tick, "min_notional": min_notional})
    instrument = ensure_instrument(instrument_id)
    changed = {name: size for name, size in stated.items() if getattr(instrument, name) != size}
    for name, size in changed.items():
        setattr(instrument, name, size)
    if changed:
        instrument.save(update_fields=[*changed, "updated_at"])
    return instrument


@transaction.atomic
def register_series(
    *, store: SeriesStore, key: SeriesKey, spec: InstrumentSpec | None = None
) -> Series:
    """Write what the store's manifest says of a series into its row.

    The manifest is the truth; this can be repeated at any time, and is, when a
    process ended between the commit in the store and the one here.

    Raises
    ------
    SeriesNotFound
        If the store has no such series.
    """
    instrument = ensure_instrument(key.instrument)
    # Read under the lock: of two processes the later one writes the later manifest.
    locked(Instrument.objects.filter(pk=instrument.pk)).get()
    manifest = store.manifest(key)
    if spec is not None:
        set_sizes(
            instrument_id=spec.id, lot=spec.lot, tick=spec.tick, min_notional=spec.min_notional
        )
    series, _ = Series.objects.update_or_create(
        instrument=instrument,
        kind=key.kind.value,
        timeframe=key.timeframe.value if key.timeframe else "",
        defaults={
            "rows": manifest.rows,
            "start_at": from_ns(manifest.start_ns),
            "end_at": from_ns(manifest.end_ns),
            "gaps": manifest.gaps,
            "dataset_hash": series_hash(manifest) or "",
            "manifest_version": manifest.version,
        },
    )
    return series


def register_all(*, store: SeriesStore) -> list[Manifest]:
    """Write the row of every series whose row tells of an older state, and return all states."""
    facts = ("instrument__venue__code", "instrument__symbol", "kind", "timeframe")
    written = set(Series.objects.values_list(*facts, "manifest_version"))
    manifests = store.list_manifests()
    for manifest in manifests:
        key, version = manifest.key, manifest.version
        instrument, timeframe = key.instrument, str(key.timeframe or "")
        if (instrument.venue, instrument.symbol, key.kind, timeframe, version) not in written:
            register_series(store=store, key=key)
    return manifests
