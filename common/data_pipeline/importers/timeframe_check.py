"""Whether the rows of a file are bars of the timeframe that was named."""

from pathlib import Path
from typing import Final

import numpy as np

from common.data_pipeline.importers.exceptions import TimeframeMismatch
from common.domain.bars import Times
from common.domain.time import NANOSECONDS
from common.domain.timeframe import Timeframe

# A few rows off the grid are the quality report's to name; more are another timeframe, or
# times of another zone.
_MAX_OFF_GRID: Final = 0.1
# Fewer rows may well all stand alone between holes.
_MIN_ROWS: Final = 10
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))


class TimeframeCheck:
    """Counts rows off the grid and the smallest step between rows, batch by batch."""

    def __init__(self, path: Path, timeframe: Timeframe) -> None:
        self._path = path
        self._timeframe = timeframe
        self._rows = 0
        self._off_grid = 0
        self._smallest_step: int | None = None

    def add(self, open_ns: Times) -> None:
        """Count a batch of rows in any order; at least one.

        Raises
        ------
        TimeframeMismatch
            If these rows alone are mostly off the grid, so that a large file fails early.
        """
        off_grid = int(np.count_nonzero(open_ns != self._timeframe.floor(open_ns)))
        self._rows += len(open_ns)
        self._off_grid += off_grid
        steps = np.abs(np.diff(open_ns))
        if steps.size and steps.max() > 0:
            smallest = int(steps[steps > 0].min())
            self._smallest_step = min(smallest, self._smallest_step or smallest)
        if self._rows == len(open_ns) >= _MIN_ROWS:
            self._check_grid()

    def finish(self) -> None:
        """Judge the whole file.

        Raises
        ------
        TimeframeMismatch
            If more than a tenth of the rows are off the grid, or no two rows are as near to
            each other as two bars of the timeframe.
        """
        self._check_grid()
        step = self._smallest_step
        if step is not None and self._rows >= _MIN_ROWS and step > self._timeframe.nanoseconds:
            raise self._error(f"no two of its {self._rows} rows are {self._timeframe} apart")

    def _check_grid(self) -> None:
        if self._off_grid > max(1, _MAX_OFF_GRID * self._rows):
            raise self._error(
                f"{self._off_grid} of {self._rows} rows do not open on the {self._timeframe}"
                f" grid{' of weeks from Monday' if self._timeframe is Timeframe.W1 else ''}"
            )

    def _error(self, problem: str) -> TimeframeMismatch:
        step = self._smallest_step
        shown = "" if step is None else f"; the smallest step between rows is {_duration(step)}"
        return TimeframeMismatch(
            self._path,
            f"not {self._timeframe} bars: {problem}{shown}",
            timeframe=str(self._timeframe),
            smallest_step_seconds=None if step is None else step / NANOSECONDS,
        )


def _duration(nanoseconds: int) -> str:
    seconds = nanoseconds / NANOSECONDS
    for length, unit in _UNITS:
        if seconds % length == 0:
            return f"{int(seconds // length)}{unit}"
    return f"{seconds:g}s"
