import numpy as np

from common.data_pipeline.events.book import Book
from common.domain.events import (
    AT_EXCHANGE,
    AT_LOCAL,
    BUY,
    DEPTH,
    DEPTH_CLEAR,
    DEPTH_SNAPSHOT,
    EVENT_DTYPE,
    SELL,
    TRADE,
    Events,
)

TIME_NS = 7_000


def events(*rows: tuple[int, float, float], valid: int = AT_EXCHANGE | AT_LOCAL) -> Events:
    made = np.zeros(len(rows), EVENT_DTYPE)
    for place, (kind, price, quantity) in enumerate(rows):
        made[place]["ev"] = kind | valid
        made[place]["px"], made[place]["qty"] = price, quantity
    return made


def levels(book: Book) -> tuple[dict[float, float], dict[float, float]]:
    """Return bids and asks, each from the best."""
    snapshot = book.levels(TIME_NS)
    assert (snapshot["exch_ts"] == TIME_NS).all()
    assert (snapshot["local_ts"] == TIME_NS).all()
    assert (
        snapshot["ev"] & ~np.uint64(BUY | SELL) == DEPTH_SNAPSHOT | AT_EXCHANGE | AT_LOCAL
    ).all()
    sides = (snapshot[snapshot["ev"] & side != 0] for side in (BUY, SELL))
    bids, asks = (dict(zip(s["px"].tolist(), s["qty"].tolist(), strict=True)) for s in sides)
    return bids, asks


BID, ASK = DEPTH | BUY, DEPTH | SELL


class TestBook:
    def test_holds_the_last_quantity_of_each_price(self) -> None:
        book = Book()
        book.apply(events((BID, 99, 1), (BID, 98, 2), (ASK, 101, 3), (ASK, 102, 4)))
        book.apply(events((BID, 99, 5), (ASK, 101, 0), (BID, 97, 1), (BID, 97, 0), (BID, 97, 6)))

        bids, asks = levels(book)

        assert list(bids.items()) == [(99, 5), (98, 2), (97, 6)]
        assert list(asks.items()) == [(102, 4)]

    def test_takes_no_notice_of_trades_and_of_what_only_the_receiver_sees(self) -> None:
        book = Book()
        book.apply(events((BID, 99, 1), (TRADE | BUY, 99, 7)))
        book.apply(events((BID, 99, 5), valid=AT_LOCAL))

        assert levels(book) == ({99: 1}, {})

    def test_is_cleared_up_to_a_price_on_one_side(self) -> None:
        book = Book()
        book.apply(
            events(*((BID, price, 1) for price in (95, 96, 97)), (ASK, 99, 1), (ASK, 98, 1))
        )
        book.apply(
            events(
                (DEPTH_CLEAR | BUY, 96, 0),
                (DEPTH_SNAPSHOT | BUY, 97, 8),
                (DEPTH_CLEAR | SELL, 98, 0),
            )
        )

        assert levels(book) == ({97: 8, 95: 1}, {99: 1})

    def test_has_no_level_that_the_other_side_crossed_later(self) -> None:
        book = Book()
        book.apply(
            events((ASK, 100, 1), (ASK, 101, 1), (ASK, 103, 1), (BID, 101, 2), (BID, 99, 1))
        )
        assert levels(book) == ({101: 2, 99: 1}, {103: 1})

        book.apply(events((ASK, 100, 3)))
        assert levels(book) == ({99: 1}, {100: 3, 103: 1})

    def test_can_be_taken_up_from_its_own_snapshot(self) -> None:
        book = Book()
        book.apply(events((BID, 99, 1), (BID, 98, 2), (ASK, 101, 3)))
        again = Book(book.levels(TIME_NS))

        again.apply(events((BID, 98, 0), (BID, 99.5, 1)))

        assert levels(again) == ({99.5: 1, 99: 1}, {101: 3})
