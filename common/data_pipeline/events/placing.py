"""Where a recording stands in its series: after what is stored, with the same sizes."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from common.data_pipeline.event_facts import MAX_FAULT_TIMES, Fault
from common.data_pipeline.events.exceptions import (
    EventsOverlap,
    ReceivedTooLate,
    SizesDiffer,
)
from common.data_pipeline.events.messages import Tale
from common.data_pipeline.events.sizes import Sizes
from common.data_pipeline.events.spill import EventSpill
from common.data_pipeline.manifest import Manifest
from common.domain.time import NANOSECONDS, format_utc

# Feeds deliver within seconds. Events received an hour later than others are a clock that was
# set, and keeping them until their turn would take more memory than an hour of events.
_MAX_DELAY_NS: Final = 3_600 * NANOSECONDS
# How far the receiver's clock may seem to go back from one recording to the next: each has its
# own least latency, by which its clock is corrected.
_MAX_STEP_BACK_NS: Final = NANOSECONDS


def check_sizes(stored: Manifest, sizes: Sizes) -> None:
    """Refuse sizes other than those that stored events state.

    Raises
    ------
    SizesDiffer
        If one is another.
    """
    facts = stored.events
    if facts is None:
        return
    pairs = {"tick": (facts.tick, sizes.tick.size), "lot": (facts.lot, sizes.lot.size)}
    for name, (known, given) in pairs.items():
        if known != given:
            raise SizesDiffer(
                f"the {name} of {stored.key} is {known} as its events were stored, not {given}",
                stored=str(known),
                given=str(given),
            )


def clock_offset(stored: Manifest, spill: EventSpill, path: Path) -> int:
    """Return what makes no latency negative and lets no time of receipt go back.

    Parameters
    ----------
    stored
        The series before the recording.
    spill
        All events of the recording.
    path
        The recording, for messages.

    Returns
    -------
    int
        Nanoseconds to add to every time of receipt, >= 0.

    Raises
    ------
    ReceivedTooLate
        If latencies differ by more than an hour.
    EventsOverlap
        If the recording begins before the stored events end.
    """
    spread_ns = spill.greatest_latency_ns - spill.least_latency_ns
    if spread_ns > _MAX_DELAY_NS:
        raise ReceivedTooLate(
            path,
            f"events were received up to {spread_ns / NANOSECONDS:,.0f} s later than others, at"
            f" most {_MAX_DELAY_NS // NANOSECONDS:,} s are possible: the receiver's clock was set"
            " meanwhile",
        )
    offset_ns = max(0, -spill.least_latency_ns)
    if stored.events is None:
        return offset_ns
    end_ns = stored.partitions[-1].last_ns
    back_ns = stored.events.recordings[-1].last_local_ns - (spill.first_local_ns + offset_ns)
    if spill.first_ns < end_ns or back_ns > _MAX_STEP_BACK_NS:
        raise EventsOverlap(
            f"the recording begins at {format_utc(spill.first_ns)}, the stored events of"
            f" {stored.key} end at {format_utc(end_ns)}: recordings are added in the order of"
            " time",
            start=format_utc(spill.first_ns),
            stored_end=format_utc(end_ns),
        )
    return offset_ns + max(0, back_ns)


def continued(stored: Manifest, tale: Tale, start_ns: int) -> Tale:
    """Return the tale with the gap between the last recording and this one, if there is any.

    Parameters
    ----------
    stored
        The series before the recording.
    tale
        What is known of the recording alone.
    start_ns
        When its first event happened.
    """
    if stored.events is None:
        return tale
    before = stored.events.recordings[-1].last_update
    if before is None or tale.first_update_after in {None, before}:
        return tale
    times = np.concatenate([[start_ns], tale.gap_times_ns])
    gap = Fault("depth_gap", len(times), 0, tuple(times[:MAX_FAULT_TIMES].tolist()))
    others = (fault for fault in tale.faults if fault.code != gap.code)
    return replace(tale, faults=(*others, gap), gap_times_ns=times)
