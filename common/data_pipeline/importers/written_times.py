"""Times written as a date and a clock, with or without an offset from UTC."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from common.data_pipeline.importers.batch import Batch
from common.data_pipeline.importers.exceptions import (
    MixedTimeZones,
    UnreadableTime,
    UnusableFile,
)
from common.domain.bars import Times

if TYPE_CHECKING:
    import pyarrow as pa

_HOUR_NS: Final = 3_600_000_000_000
_HALF_DAY: Final = 12
_OFFSET: Final = re.compile(r":\d{2}(?:\.\d+)?(\s*(?:Z|UTC|[+-]\d{2}(?::?\d{2})?))$")
_HALF_DAY_CLOCK: Final = (
    r"^(?P<date>\d{4}-\d{2}-\d{2})[ T](?P<hour>0?[1-9]|1[0-2])"
    r"(?P<rest>(?::\d{2}){0,2})[ -]?(?P<half>[AaPp])\.?[Mm]\.?$"
)


@dataclass(frozen=True, slots=True)
class TimeForm:
    """How a file writes its times, told by the first one.

    Parameters
    ----------
    offset
        What it ends with: `Z`, `+02:00`, ` UTC`; empty where times have no offset.
    has_halves
        Whether the clock has twelve hours and says AM or PM.
    has_slashes
        Whether the date is written 2019/10/17.
    """

    offset: str
    has_halves: bool
    has_slashes: bool

    @classmethod
    def of(cls, text: str) -> "TimeForm":
        """Return the form of a time.

        Examples
        --------
        >>> TimeForm.of("2019-10-17 09:00:00+02:00").offset
        '+02:00'
        """
        trimmed = text.strip()
        match = _OFFSET.search(trimmed)
        return cls(
            offset=match[1] if match else "",
            has_halves=re.match(_HALF_DAY_CLOCK, trimmed.replace("/", "-")) is not None,
            has_slashes=re.match(r"\d{4}/", trimmed) is not None,
        )

    def read(self, texts: "pa.Array", batch: Batch) -> Times:
        """Return nanoseconds since 1970 UTC.

        Raises
        ------
        UnreadableTime
            If a text is not a time in this form.
        MixedTimeZones
            If one has another offset, or only this form or the text has any.
        """
        import pyarrow as pa
        from pyarrow import compute as pc

        trimmed = pc.utf8_trim_whitespace(texts)
        try:
            times = self._cast(trimmed)
        except pa.ArrowInvalid as e:
            row = self._first_unreadable(trimmed)
            raise self._error(trimmed[row].as_py(), row, batch) from e
        if self.offset:
            self._check_offsets(trimmed, batch)
        return times

    def _cast(self, texts: "pa.Array") -> Times:
        import pyarrow as pa
        from pyarrow import compute as pc

        if self.has_slashes:
            texts = pc.replace_substring(texts, "/", "-")
        if self.has_halves:
            return _cast_halves(texts)
        if self.offset.endswith("UTC"):
            texts = pc.replace_substring_regex(texts, r"\s*UTC$", "Z")
        elif self.offset.startswith(" "):
            texts = pc.replace_substring_regex(texts, r" +([+-]\d{2}:?\d{2}|Z)$", r"\1")
        zone = "UTC" if self.offset else None
        stamps: Times = texts.cast(pa.timestamp("ns", zone)).cast(pa.int64()).to_numpy()
        return stamps

    def _first_unreadable(self, texts: "pa.Array") -> int:
        """Return the first row that does not cast, by halving: casts are fast, loops are not."""
        import pyarrow as pa

        start, stop = 0, len(texts)
        while stop - start > 1:
            middle = (start + stop) // 2
            try:
                self._cast(texts[start:middle])
            except pa.ArrowInvalid:
                stop = middle
            else:
                start = middle
        return start

    def _check_offsets(self, texts: "pa.Array", batch: Batch) -> None:
        from pyarrow import compute as pc

        same = pc.ends_with(texts, self.offset)
        if pc.all(same).as_py():
            return
        for row in np.flatnonzero(~same.to_numpy(zero_copy_only=False)):
            text = texts[int(row)].as_py()
            if _normal(TimeForm.of(text).offset) != _normal(self.offset):
                raise self._error(text, int(row), batch)

    def _error(self, text: str, row: int, batch: Batch) -> UnusableFile:
        offset = TimeForm.of(text).offset
        if _normal(offset) == _normal(self.offset):
            return batch.error(
                UnreadableTime, row, f"{text!r} is not a time: write 2019-10-17T09:00:00Z"
            )
        return batch.error(
            MixedTimeZones,
            row,
            f"{text!r} has {_named(offset)}, the first time {_named(self.offset)}",
        )


def _cast_halves(texts: "pa.Array") -> Times:
    import pyarrow as pa
    from pyarrow import compute as pc

    parts = pc.extract_regex(texts, _HALF_DAY_CLOCK)
    if parts.null_count:
        raise pa.ArrowInvalid("not a time of a twelve hour clock")
    # 12 AM is midnight and 12 PM is noon: the hour counts from 0 after taking it modulo 12.
    rest = pc.struct_field(parts, "rest")
    clock = pc.binary_join_element_wise(
        pc.struct_field(parts, "date"),
        pc.binary_join_element_wise("00", pc.if_else(pc.equal(rest, ""), ":00", rest), ""),
        " ",
    )
    stamps: Times = clock.cast(pa.timestamp("ns")).cast(pa.int64()).to_numpy()
    hours = pc.struct_field(parts, "hour").cast(pa.int64()).to_numpy() % _HALF_DAY
    is_after_noon = pc.equal(pc.utf8_upper(pc.struct_field(parts, "half")), "P")
    shifted: Times = (
        stamps + (hours + _HALF_DAY * is_after_noon.to_numpy(zero_copy_only=False)) * _HOUR_NS
    )
    return shifted


def _normal(offset: str) -> str:
    digits = offset.strip().replace(":", "").replace("UTC", "").replace("Z", "")
    if not digits:
        return "+0000" if offset else ""
    return f"{digits:0<5}".replace("-0000", "+0000")


def _named(offset: str) -> str:
    return f"the offset {offset.strip()}" if offset else "no offset"
