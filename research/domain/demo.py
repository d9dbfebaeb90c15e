"""What the demo runs on and where that came from."""

from dataclasses import dataclass

from common.domain.errors import InvalidArgument
from common.domain.instruments import SeriesKey
from common.domain.timeframe import Timeframe


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoBars:
    """A stored stretch of bars, with a sentence that says what it is.

    Parameters
    ----------
    key
        The stored series, one of bars.
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

    @property
    def timeframe(self) -> Timeframe:
        """Timeframe of the series.

        Raises
        ------
        InvalidArgument
            If it is not one of bars.
        """
        if self.key.timeframe is None:
            raise InvalidArgument(f"{self.key} holds no bars")
        return self.key.timeframe
