"""Stretches of missing bars."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from common.data_pipeline.grid import missing_after, positions
from common.domain.bars import Times
from common.domain.errors import Extra, InvalidInput
from common.domain.time import format_utc
from common.domain.timeframe import Timeframe

MAX_GAPS: Final = 100


@dataclass(frozen=True, slots=True)
class Gap:
    """Missing bars in a row.

    Parameters
    ----------
    start_ns
        Open time of the first that is missing.
    bars
        How many are missing.
    """

    start_ns: int
    bars: int

    def describe(self) -> dict[str, Extra]:
        """Return the gap as JSON values."""
        return {"start": format_utc(self.start_ns), "bars": self.bars}


class GapFinder:
    """Finds missing bars part by part; a bar off the grid stands for the one it falls in."""

    def __init__(self, timeframe: Timeframe) -> None:
        self._timeframe = timeframe
        self.first_ns: int | None = None
        self.last_ns: int | None = None
        self.gaps: list[Gap] = []
        self.count = 0
        self.missing = 0

    @property
    def expected(self) -> int:
        """How many bars a complete series would have between the first and the last."""
        if self.first_ns is None or self.last_ns is None:
            return 0
        first, last = positions(np.array([self.first_ns, self.last_ns]), self._timeframe)
        return int(last - first) + 1

    def add(self, open_ns: Times) -> None:
        """Count the next open times, at least one, increasing.

        Raises
        ------
        InvalidInput
            If they begin before the last part ends.
        """
        times = open_ns
        if self.last_ns is None:
            self.first_ns = int(open_ns[0])
        elif open_ns[0] <= self.last_ns:
            raise InvalidInput(
                f"bars from {format_utc(int(open_ns[0]))} come after bars to"
                f" {format_utc(self.last_ns)}"
            )
        else:
            times = np.concatenate([[self.last_ns], open_ns])
        self.last_ns = int(open_ns[-1])
        missing = missing_after(times, self._timeframe)
        places = np.flatnonzero(missing)
        self.count += len(places)
        self.missing += int(missing.sum())
        shown = places[: MAX_GAPS - len(self.gaps)]
        starts = self._timeframe.floor(times[shown]) + self._timeframe.nanoseconds
        self.gaps.extend(map(Gap, starts.tolist(), missing[shown].tolist()))


class Stretches:
    """Times that follow each other without a hole, put together part by part."""

    def __init__(self, timeframe: Timeframe) -> None:
        self._step_ns = timeframe.nanoseconds
        self._next_ns: int | None = None
        self.gaps: list[Gap] = []
        self.count = 0
        self.bars = 0

    def add(self, open_ns: Times) -> None:
        """Take in the next times, increasing."""
        if not len(open_ns):
            return
        self.bars += len(open_ns)
        cuts = np.flatnonzero(np.diff(open_ns) != self._step_ns) + 1
        for run in np.split(open_ns, cuts):
            self._add_run(int(run[0]), len(run))
        self._next_ns = int(open_ns[-1]) + self._step_ns

    def _add_run(self, start_ns: int, bars: int) -> None:
        if start_ns == self._next_ns:
            if self.count <= MAX_GAPS:
                last = self.gaps.pop()
                self.gaps.append(Gap(last.start_ns, last.bars + bars))
            return
        self.count += 1
        if self.count <= MAX_GAPS:
            self.gaps.append(Gap(start_ns, bars))
