"""What the demo runs on and where that came from."""

from dataclasses import dataclass

from common.domain.instruments import SeriesKey


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoBars:
    """A stored stretch of bars, with a sentence that says what it is.

    Parameters
    ----------
    key
        The stored series.
    start_ns, end_ns
        The stretch, nanoseconds since 1970 UTC.
    source
        One word: file, stored, venue, sample or synthetic.
    sentence
        The same in plain words.
    """

    key: SeriesKey
    start_ns: int
    end_ns: int
    source: str
    sentence: str
