"""Public trades from files."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from common.data_pipeline.arrays import to_arrow, to_flags, to_numpy, to_text, to_texts
from common.data_pipeline.importers.batch import Batch
from common.data_pipeline.importers.exceptions import InvalidSide
from common.data_pipeline.importers.layouts import TRADE_LAYOUTS
from common.data_pipeline.importers.numbers import check_prices, check_quantity, read_numbers
from common.data_pipeline.importers.sources import open_source, read_batches
from common.data_pipeline.importers.times import TimeReader
from common.data_pipeline.layouts import LAYOUTS
from common.domain.enums import OrderSide, SeriesKind

if TYPE_CHECKING:
    import pyarrow as pa

_SIDES: Final = {
    "side": {
        "buy": OrderSide.BUY,
        "b": OrderSide.BUY,
        "sell": OrderSide.SELL,
        "s": OrderSide.SELL,
    },
    # A buyer who is the maker was waiting in the book: the taker sold.
    "buyer_is_maker": {"true": OrderSide.SELL, "false": OrderSide.BUY},
}


def read_trades(path: Path) -> Iterator["pa.RecordBatch"]:
    """Yield the public trades of a file in its own order, batch by batch.

    Parameters
    ----------
    path
        Text with delimited fields (also as gzip or zip), Feather or Parquet, in any layout
        of `layouts.TRADE_LAYOUTS`.

    Returns
    -------
    iterator of pyarrow.RecordBatch
        `ts_ns` int64, `id` string (empty where the file has none), `price` and `quantity`
        float64, `side` int8 (+1 the taker bought, -1 sold), `line` int64 (where the row
        stands in the file, from 1).

    Raises
    ------
    UnusableFile
        One of its subclasses, with file and line, as soon as something wrong is met.
    """
    import pyarrow as pa

    times = TimeReader()
    schema = LAYOUTS[SeriesKind.TRADES].staged_schema()
    for batch in read_batches(open_source(path, TRADE_LAYOUTS), path):
        ts_ns = times.read(batch)
        price, quantity = read_numbers(batch, "price"), read_numbers(batch, "quantity")
        check_prices(batch, {"price": price})
        check_quantity(batch, "quantity", quantity)
        numbers = [to_arrow(part) for part in (price, quantity, read_sides(batch), batch.lines)]
        columns = [to_arrow(ts_ns), read_ids(batch), *numbers]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def read_ids(batch: Batch) -> "pa.Array":
    """Return the ids of trades as text, empty where there is none."""
    import pyarrow as pa
    from pyarrow import compute as pc

    if "id" not in batch.columns:
        return to_texts([""] * len(batch))
    return pc.coalesce(batch.columns["id"].cast(pa.string()), to_text(""))


def read_sides(batch: Batch) -> NDArray[np.int8]:
    """Return the sides of the takers, +1 bought, -1 sold, shape (n_rows,).

    Raises
    ------
    InvalidSide
        If one is neither; names the first.
    """
    name = next(name for name in _SIDES if name in batch.columns)
    return read_signs(batch, name, _SIDES[name])


def read_signs(batch: Batch, name: str, known: Mapping[str, int]) -> NDArray[np.int8]:
    """Return a column of words as the signs they stand for, shape (n_rows,).

    Parameters
    ----------
    batch, name
        The column.
    known
        Each word in lower case, and its sign, +1 or -1.

    Raises
    ------
    InvalidSide
        If a word is none of them; names the first.
    """
    import pyarrow as pa
    from pyarrow import compute as pc

    texts = pc.utf8_lower(batch.columns[name].cast(pa.string())).dictionary_encode()
    signs = [known.get(text, 0) for text in texts.dictionary.to_pylist()]
    is_known = to_flags(texts.indices.is_valid())
    codes = np.where(is_known, to_numpy(texts.indices), len(signs))
    sides: NDArray[np.int8] = np.array([*signs, 0], np.int8)[codes]
    if not sides.all():
        row = int(np.argmin(sides != 0))
        shown = batch.columns[name][row].as_py()
        words = " or ".join(known)
        raise batch.error(InvalidSide, row, f"{name} is {shown!r}, must be {words}")
    return sides
