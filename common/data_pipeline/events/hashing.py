r"""The hash of a stretch of events, from what its manifest says alone.

SHA-256 of the kind and an empty timeframe (`events\n\n`), of tick and lot as plain decimals,
each followed by a line feed, of the 32 bytes of the hash of the book before the first event
(left out where the book was empty), and of the 32 bytes of the hash of each hour, oldest
first. What an hour is depends on the events alone, so the same events have the same hash
however many recordings they came in.
"""

import hashlib
from collections.abc import Sequence
from decimal import Decimal

from common.data_pipeline.event_facts import EventFacts
from common.data_pipeline.manifest import Manifest, Partition
from common.domain.enums import SeriesKind


def events_hash(facts: EventFacts, hours: Sequence[Partition]) -> str:
    """Return the dataset hash of hours of a series, at least one."""
    sizes = "".join(f"{plain(size)}\n" for size in (facts.tick, facts.lot))
    digest = hashlib.sha256(f"{SeriesKind.EVENTS}\n\n{sizes}".encode("ascii"))
    first = hours[0].events
    digest.update(bytes.fromhex(first.snapshot_hash if first else ""))
    for hour in hours:
        digest.update(bytes.fromhex(hour.hash))
    return digest.hexdigest()


def series_hash(manifest: Manifest) -> str | None:
    """Return the dataset hash of all events of a series; None if it holds something else."""
    return events_hash(manifest.events, manifest.partitions) if manifest.events else None


def plain(size: Decimal) -> str:
    """Write a size without an exponent and without needless zeros.

    Examples
    --------
    >>> plain(Decimal("1E-8")), plain(Decimal("0.10")), plain(Decimal("1E+2"))
    ('0.00000001', '0.1', '100')
    """
    return format(size.normalize(), "f")
