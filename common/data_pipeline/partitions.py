"""Data files of a series: a month each, immutable, named by their content."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from common.data_pipeline.durable import sync
from common.data_pipeline.exceptions import StoreCorrupted, StoreUnavailable
from common.data_pipeline.grid import missing
from common.data_pipeline.hashing import content_hash
from common.data_pipeline.layouts import LAYOUTS
from common.data_pipeline.manifest import Partition
from common.domain.instruments import SeriesKey

if TYPE_CHECKING:
    import pyarrow as pa

_HASH_DIGITS: Final = 16
_SUFFIX: Final = ".parquet"


def write_partition(folder: Path, key: SeriesKey, *, month: str, table: "pa.Table") -> Partition:
    """Write the rows of a month; when this returns the file is whole and on the disk.

    Parameters
    ----------
    table
        Settled rows with the columns of the kind's layout, at least one.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    digest = content_hash(key.kind, table)
    name = f"{month}.{digest[:_HASH_DIGITS]}{_SUFFIX}"
    with pa.OSFile(str(folder / name), "wb") as sink:
        pq.write_table(
            table, sink, compression="none", use_dictionary=False, write_statistics=False
        )
    sync(folder / name)
    times = table.column(LAYOUTS[key.kind].time).to_numpy()
    return Partition(
        month=month,
        file=name,
        rows=len(table),
        first_ns=int(times[0]),
        last_ns=int(times[-1]),
        gaps=missing(times, key.timeframe),
        hash=digest,
    )


def read_partition(path: Path, partition: Partition, columns: tuple[str, ...]) -> "pa.Table":
    """Return columns of a data file.

    Raises
    ------
    StoreCorrupted
        If the file is missing, is not Parquet, or holds another number of rows.
    StoreUnavailable
        If the disk refuses to read it.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pa.memory_map(str(path)) as source:
            table = pq.ParquetFile(source).read(columns=list(columns), use_threads=False)
    except (FileNotFoundError, pa.ArrowInvalid) as e:
        raise StoreCorrupted(f"{path} cannot be read: {e}", file=str(path)) from e
    except OSError as e:
        raise StoreUnavailable(f"cannot use {path}: {e}", path=str(path)) from e
    if len(table) != partition.rows:
        raise StoreCorrupted(
            f"{path} holds {len(table)} rows, its manifest says {partition.rows}",
            file=str(path),
            rows=len(table),
            expected=partition.rows,
        )
    return table


def is_partition(path: Path) -> bool:
    """Tell whether a file in a series' folder is a data file."""
    return path.suffix == _SUFFIX
