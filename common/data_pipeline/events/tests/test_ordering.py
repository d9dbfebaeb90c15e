from collections import Counter
from itertools import pairwise

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from common.data_pipeline.events.messages import MESSAGE_DTYPE, Messages
from common.data_pipeline.events.ordering import Part, ordered
from common.domain.events import AT_EXCHANGE, AT_LOCAL, DEPTH, Events

BOTH = AT_EXCHANGE | AT_LOCAL

type Times = list[tuple[int, int]]


def messages(times: Times) -> Messages:
    rows = np.zeros(len(times), MESSAGE_DTYPE)
    rows["exch_ts"], rows["local_ts"] = np.array(times, np.int64).reshape(-1, 2).T
    rows["ev"] = DEPTH
    rows["px"] = np.arange(1, len(times) + 1)  # tells events of equal times apart
    return rows


def order(times: Times, borders: list[int] | None = None) -> Events:
    """Order events that come in parts with these borders in exchange time."""
    rows = messages(times)
    edges = [0, *sorted(set(borders or [])), 1_000]
    parts = []
    for start, end in pairwise(edges):
        inside = (rows["exch_ts"] >= start) & (rows["exch_ts"] < end)
        later = rows["local_ts"][rows["exch_ts"] >= end]
        parts.append(
            Part(
                rows[inside],
                np.flatnonzero(inside),
                int(later.min()) if len(later) else np.iinfo(np.int64).max,
            )
        )
    return np.concatenate(list(ordered(parts)))


def shown(events: Events) -> list[tuple[int, int]]:
    """Return the number of each event and for whom it is valid."""
    return [(int(event["px"]), int(event["ev"]) & BOTH) for event in events]


def two_heads(times: Times) -> list[tuple[int, int]]:
    """Return the sequence by the rule as it reads, event by event."""
    numbered = [(exch, local, number) for number, (exch, local) in enumerate(times, 1)]
    at_exchange = sorted(numbered, key=lambda event: event[0])
    at_receipt = sorted(numbered, key=lambda event: event[1])
    sequence = []
    while at_exchange or at_receipt:
        heads = [queue[0][:2] for queue in (at_exchange, at_receipt) if queue]
        if len(heads) == 2 and heads[0] == heads[1]:
            sequence.append((at_exchange.pop(0)[2], BOTH))
            at_receipt.pop(0)
        elif not at_receipt or (at_exchange and heads[0] < heads[1]):
            sequence.append((at_exchange.pop(0)[2], AT_EXCHANGE))
        else:
            sequence.append((at_receipt.pop(0)[2], AT_LOCAL))
    return sequence


class TestOrdered:
    def test_leaves_events_that_are_in_order_as_they_are(self) -> None:
        assert shown(order([(1, 5), (2, 6), (2, 6), (3, 6)])) == [(n, BOTH) for n in (1, 2, 3, 4)]

    def test_lets_an_event_that_came_late_stand_twice(self) -> None:
        # The second happened before the first, and was received after it.
        assert shown(order([(3, 5), (1, 6), (4, 7)])) == [
            (2, AT_EXCHANGE),
            (1, BOTH),
            (2, AT_LOCAL),
            (3, BOTH),
        ]

    def test_keeps_events_of_one_time_in_the_order_of_the_recording(self) -> None:
        assert shown(order([(2, 9), (2, 8), (2, 9)])) == [
            (2, AT_LOCAL),
            (1, BOTH),
            (2, AT_EXCHANGE),
            (3, BOTH),
        ]


moment = st.integers(0, 40)
event_times = st.lists(
    st.tuples(moment, st.integers(0, 12)).map(lambda pair: (pair[0], sum(pair))), min_size=1
)


class TestProperties:
    @settings(deadline=None)
    @given(event_times, st.lists(moment, max_size=4))
    @example([(2, 9), (2, 8), (2, 9)], [])
    def test_the_sequence_is_that_of_the_rule_however_it_comes_in_parts(
        self, times: Times, borders: list[int]
    ) -> None:
        assert shown(order(times, borders)) == two_heads(times)

    @settings(deadline=None)
    @given(event_times, st.lists(moment, max_size=4))
    def test_is_in_order_for_both_and_loses_nothing(
        self, times: Times, borders: list[int]
    ) -> None:
        events = order(times, borders)

        for flag, clock in ((AT_EXCHANGE, "exch_ts"), (AT_LOCAL, "local_ts")):
            valid = events[events["ev"] & flag != 0]
            assert (np.diff(valid[clock]) >= 0).all()
            assert Counter(valid["px"].tolist()) == Counter(range(1, len(times) + 1))
        assert (events["local_ts"] >= events["exch_ts"]).all()

    @settings(deadline=None)
    @given(st.lists(moment, min_size=1).map(sorted), st.lists(st.integers(0, 5)))
    def test_nothing_stands_twice_where_both_clocks_agree(
        self, moments: list[int], borders: list[int]
    ) -> None:
        events = order([(time, time + 7) for time in moments], borders)

        assert shown(events) == [(number, BOTH) for number in range(1, len(moments) + 1)]
