"""Layouts of files that are known: which column holds what, under which names."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from common.data_pipeline.importers.exceptions import UnknownLayout

# Names are compared in lower case with everything but letters and digits as one underscore.
ASSET_VOLUME: Final = "volume_<asset>"
QUOTE_VOLUME: Final = "volume_<quote>"
_VOLUME: Final = "volume_"
_QUOTES: Final = frozenset(
    {"usd", "usdt", "usdc", "busd", "fdusd", "tusd", "dai", "eur", "gbp", "jpy", "krw", "try"}
    | {"aud", "brl", "quote", "currency", "to"}
)
_TIMES: Final = (
    *("open_ns", "ts_ns", "open_time", "opentime", "unix", "unix_timestamp", "unix_time"),
    *("timestamp", "time", "datetime", "date_time", "date", "ts", "timestamp_ms"),
    # An index that pandas wrote without a name.
    *("index", "index_level_0", "unnamed_0", ""),
)
_PRICES: Final = {name: (name,) for name in ("open", "high", "low", "close")}
_KLINES: Final = (
    *("open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume"),
    *("count", "taker_buy_volume", "taker_buy_quote_volume", "ignore"),
)


@dataclass(frozen=True, slots=True)
class FileLayout:
    """Columns of one kind of file.

    Parameters
    ----------
    name
        What the layout is called in messages.
    columns
        Our name of each column, and the names a file may give it, best first.
    positions
        Columns of a file that has no header, if this publisher writes such files.
    optional
        Those of our columns that a file may lack.
    """

    name: str
    columns: Mapping[str, tuple[str, ...]]
    positions: tuple[str, ...] = ()
    optional: frozenset[str] = frozenset()

    def find(self, header: Sequence[str]) -> dict[str, int] | None:
        """Return where our columns stand in a header, None if one that is needed is not there.

        A name that stands there twice is not there: which one is meant is unknown.

        Examples
        --------
        >>> PLAIN_BARS.find(["Date", "Open", "High", "Low", "Close", "Volume BTC"])["volume"]
        5
        """
        names = [plain_name(name) for name in header]
        places = {ours: _place(accepted, names) for ours, accepted in self.columns.items()}
        found = {ours: place for ours, place in places.items() if place is not None}
        return found if places.keys() - found.keys() <= self.optional else None

    def find_by_position(self, first_row: Sequence[str]) -> dict[str, int] | None:
        """Return where each column stands if a first row of numbers fits the layout."""
        if len(first_row) != len(self.positions) or not all(map(_is_number, first_row)):
            return None
        return self.find(self.positions)

    def __str__(self) -> str:
        accepted = (names if ours != "time" else names[:1] for ours, names in self.columns.items())
        text = ", ".join(" or ".join(names[:3]) for names in accepted)
        return f"{self.name} ({text})"


def unknown_layout(
    path: Path, columns: Sequence[str], layouts: Sequence[FileLayout]
) -> UnknownLayout:
    """Return the error for columns that fit no layout; it lists both."""
    shown = ", ".join(repr(name) for name in columns[:20])
    known = [str(layout) for layout in layouts]
    return UnknownLayout(
        path,
        f"the columns {shown} are not those of a known layout; known: {'; '.join(known)}",
        columns=[str(name) for name in columns],
        known=[layout.name for layout in layouts],
    )


def plain_name(name: str) -> str:
    """Return a column's name as it is compared.

    Examples
    --------
    >>> plain_name(" Volume (BTC)")
    'volume_btc'
    """
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _place(accepted: Sequence[str], names: Sequence[str]) -> int | None:
    for wanted in accepted:
        places = [place for place, name in enumerate(names) if _is_called(name, wanted)]
        # Of two volumes in two assets the base asset's comes first, as in "ETH/BTC".
        if len(places) == 1 or (places and wanted == ASSET_VOLUME):
            return places[0]
    return None


def _is_called(name: str, wanted: str) -> bool:
    if wanted not in {ASSET_VOLUME, QUOTE_VOLUME}:
        return name == wanted
    is_quote = name.removeprefix(_VOLUME) in _QUOTES
    return name.startswith(_VOLUME) and is_quote is (wanted == QUOTE_VOLUME)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


PLAIN_BARS: Final = FileLayout(
    "plain",
    {
        "time": _TIMES,
        **_PRICES,
        "volume": (
            *("volumefrom", "volume_from", "base_volume", ASSET_VOLUME, "volume", "vol"),
            QUOTE_VOLUME,
        ),
    },
)
# Each kind's narrow layouts come before the wide ones; the first that fits is taken.
BAR_LAYOUTS: Final = (
    # https://github.com/binance/binance-public-data#klines
    FileLayout(
        "binance_klines",
        {"time": ("open_time",), **_PRICES, "volume": ("volume",)},
        positions=_KLINES,
    ),
    # https://www.cryptodatadownload.com: a banner line, a volume in each asset, and in some
    # files both a number and a text for the time, of which the text is the one to trust:
    # the number changes its unit, or went through a spreadsheet.
    FileLayout(
        "crypto_data_download",
        {
            "time": ("date", "unix", "unix_timestamp"),
            **_PRICES,
            "volume": ("volumefrom", ASSET_VOLUME),
        },
    ),
    # https://support.kraken.com: downloadable OHLCVT files
    FileLayout(
        "kraken_ohlcvt",
        {"time": ("time",), **_PRICES, "volume": ("volume",)},
        positions=("time", "open", "high", "low", "close", "volume", "trades"),
    ),
    PLAIN_BARS,
)
_TRADE_TIMES: Final = ("ts_ns", "timestamp", "time", "transact_time", "date", "datetime")
_IDS: Final = ("id", "trade_id", "agg_trade_id")
_IDS_MAY_LACK: Final = frozenset({"id"})
_QUANTITIES: Final = ("quantity", "qty", "amount", "size", "volume")
TRADE_LAYOUTS: Final = (
    FileLayout(
        "plain_trades",
        {
            "time": _TRADE_TIMES,
            "id": _IDS,
            "price": ("price",),
            "quantity": _QUANTITIES,
            "side": ("side",),
        },
        optional=_IDS_MAY_LACK,
    ),
    # https://github.com/binance/binance-public-data#trades: the buyer made the order in the
    # book, so the taker sold.
    FileLayout(
        "binance_trades",
        {
            "time": _TRADE_TIMES,
            "id": _IDS,
            "price": ("price",),
            "quantity": _QUANTITIES,
            "buyer_is_maker": ("is_buyer_maker", "isbuyermaker"),
        },
        optional=_IDS_MAY_LACK,
    ),
)
_LOCAL_TIMES: Final = ("local_time", "local_timestamp", "local_ts", "received_at")
_LOCAL_MAY_LACK: Final = frozenset({"local_time"})
# Trades that may tell when they were received, for a replay of the book.
EVENT_TRADE_LAYOUTS: Final = tuple(
    FileLayout(
        layout.name,
        {**layout.columns, "local_time": _LOCAL_TIMES},
        layout.positions,
        layout.optional | _LOCAL_MAY_LACK,
    )
    for layout in TRADE_LAYOUTS
)
DEPTH_LAYOUTS: Final = (
    FileLayout(
        "plain_depth",
        {
            "time": _TRADE_TIMES,
            "local_time": _LOCAL_TIMES,
            "side": ("side",),
            "price": ("price",),
            "quantity": _QUANTITIES,
            "is_snapshot": ("is_snapshot", "snapshot"),
        },
        optional=_LOCAL_MAY_LACK | {"is_snapshot"},
    ),
)
FREQTRADE_FUNDING: Final = FileLayout(
    "freqtrade_funding", {"time": ("date",), "rate": ("open",), **_PRICES}
)
FUNDING_LAYOUTS: Final = (
    FileLayout(
        "plain_funding",
        {
            "time": ("calc_time", "funding_time", "fundingtime", *_TIMES),
            "rate": ("rate", "funding_rate", "fundingrate", "last_funding_rate"),
        },
    ),
    FREQTRADE_FUNDING,
)
