"""The time column of one file as nanoseconds, however the publisher writes times."""

from typing import TYPE_CHECKING, Final

from common.data_pipeline.arrays import to_flags, to_numpy
from common.data_pipeline.importers.batch import Batch
from common.data_pipeline.importers.epochs import EARLIEST_NS, LATEST_NS, is_epoch, read_epochs
from common.data_pipeline.importers.exceptions import UnreadableTime
from common.data_pipeline.importers.written_times import TimeForm
from common.domain.bars import Times

if TYPE_CHECKING:
    import pyarrow as pa

_TIME: Final = "time"


class TimeReader:
    """Reads the times of a file batch by batch, all in the form of the first one."""

    def __init__(self) -> None:
        self._form: TimeForm | None = None
        self._is_epoch = False

    def read(self, batch: Batch) -> Times:
        """Return the times of a batch, nanoseconds since 1970 UTC, shape (n_rows,).

        Raises
        ------
        UnreadableTime
            If one is missing, is not written like the first, or is outside 1973 to 2200.
        MixedTimeZones
            If one has another offset than the first, or only one of them has any.

        Notes
        -----
        A time without an offset is UTC.
        """
        import pyarrow as pa

        column = batch.columns[_TIME]
        if column.null_count:
            row = int(to_flags(column.is_null()).argmax())
            raise batch.error(UnreadableTime, row, "there is no time")
        kind = column.type
        if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
            times = _read_stamps(column, batch)
        elif pa.types.is_integer(kind) or pa.types.is_floating(kind):
            times = read_epochs(column, batch)
        else:
            times = self._read_text(column, batch)
        return _checked(times, batch)

    def _read_text(self, column: "pa.Array", batch: Batch) -> Times:
        import pyarrow as pa

        texts = column.cast(pa.string())
        first = texts[0].as_py()
        if self._form is None and not self._is_epoch:
            self._is_epoch = is_epoch(first)
            self._form = None if self._is_epoch else TimeForm.of(first)
        if self._form is None:
            return read_epochs(texts, batch)
        return self._form.read(texts, batch)


def _read_stamps(column: "pa.Array", batch: Batch) -> Times:
    import pyarrow as pa

    try:
        times: Times = to_numpy(column.cast(pa.timestamp("ns")).cast(pa.int64()))
    except pa.ArrowInvalid as e:
        raise batch.error(UnreadableTime, 0, f"a time is out of range: {e}") from e
    return times


def _checked(times: Times, batch: Batch) -> Times:
    outside = (times < EARLIEST_NS) | (times >= LATEST_NS)
    if outside.any():
        row = int(outside.argmax())
        shown = batch.columns[_TIME][row].as_py()
        raise batch.error(UnreadableTime, row, f"the time {shown} is outside 1973 to 2200")
    return times
