"""Times written as a date and a clock, with or without an offset from UTC."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from common.data_pipeline.arrays import to_flags, to_numpy
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
_HALF_DAY_CLOCK: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[ T](?:0?[1-9]|1[0-2])((?::\d{2}){0,2})[ -]?[AaPp]\.?[Mm]\.?"
)
# Where the hour stands, in two digits.
_HOUR: Final = slice(11, 13)


@dataclass(frozen=True, slots=True)
class TimeForm:
    """How a file writes its times, told by the first one.

    Parameters
    ----------
    offset
        What it ends with: `Z`, `+02:00`, ` UTC`; empty where times have no offset.
    parts
        Of a clock that has twelve hours and says AM or PM: how many numbers follow the
        hour. None for other clocks.
    has_slashes
        Whether the date is written 2019/10/17.
    """

    offset: str
    parts: int | None
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
        halves = _HALF_DAY_CLOCK.fullmatch(trimmed.replace("/", "-"))
        return cls(
            offset=match[1] if match else "",
            parts=halves[1].count(":") if halves else None,
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
        if self.parts is not None:
            return _cast_halves(texts, self.parts)
        if self.offset.endswith("UTC"):
            texts = pc.replace_substring_regex(texts, r"\s*UTC$", "Z")
        elif self.offset.startswith(" "):
            texts = pc.replace_substring_regex(texts, r" +([+-]\d{2}:?\d{2}|Z)$", r"\1")
        zone = "UTC" if self.offset else None
        stamps: Times = to_numpy(texts.cast(pa.timestamp("ns", zone)).cast(pa.int64()))
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
        for row in np.flatnonzero(~to_flags(same)):
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


def _cast_halves(texts: "pa.Array", parts: int) -> Times:
    import pyarrow as pa
    from pyarrow import compute as pc

    end = _HOUR.stop + 3 * parts
    form = rf"^.{{11}}(0[1-9]|1[0-2])(:\d{{2}}){{{parts}}}[ -]?[AaPp]\.?[Mm]\.?$"
    if not pc.all(pc.match_substring_regex(texts, form)).as_py():
        # An hour of one digit gets a zero; what is wrong otherwise remains so.
        texts = pc.replace_substring_regex(texts, r"^(.{11})(\d)(\D)", r"\10\2\3")
        if not pc.all(pc.match_substring_regex(texts, form)).as_py():
            raise pa.ArrowInvalid("not a time of a twelve hour clock")
    # 12 AM is midnight and 12 PM is noon: the hour counts from 0 after taking it modulo 12.
    clock = _slice(pc.binary_replace_slice(texts, _HOUR.start, _HOUR.stop, "00"), slice(0, end))
    stamps = to_numpy(clock.cast(pa.timestamp("ns")).cast(pa.int64()))
    hours = to_numpy(_slice(texts, _HOUR).cast(pa.int64())) % _HALF_DAY
    letters = pc.ascii_upper(pc.replace_substring(texts, ".", ""))
    shifted: Times = (
        stamps + (hours + _HALF_DAY * to_flags(pc.ends_with(letters, "PM"))) * _HOUR_NS
    )
    return shifted


def _slice(texts: "pa.Array", part: slice) -> "pa.Array":
    import pyarrow as pa
    from pyarrow import compute as pc

    # By bytes: finding the letters of UTF-8 takes twice the time.
    return pc.binary_slice(texts.cast(pa.binary()), part.start, part.stop).cast(pa.string())


def _normal(offset: str) -> str:
    digits = offset.strip().replace(":", "").replace("UTC", "").replace("Z", "")
    if not digits:
        return "+0000" if offset else ""
    return f"{digits:0<5}".replace("-0000", "+0000")


def _named(offset: str) -> str:
    return f"the offset {offset.strip()}" if offset else "no offset"
