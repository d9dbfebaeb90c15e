"""End a command by a signal as if by Ctrl-C: what is under way can still say how it ended."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import ClassVar

from research.exceptions import Interrupted


class Stopped(Interrupted):
    """Ctrl-C; the exit status is that of a shell for a process that SIGINT ended."""

    exit_status: ClassVar[int] = 128 + signal.SIGINT


class Terminated(Interrupted):
    """SIGTERM, as `kill` and a service manager send it."""

    exit_status: ClassVar[int] = 128 + signal.SIGTERM


class _Termination(KeyboardInterrupt):
    """SIGTERM as Python raises SIGINT."""


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise _Termination


@contextmanager
def stoppable(kept: str) -> Iterator[None]:
    """Let SIGINT and SIGTERM end this block, and say so in one sentence.

    Parameters
    ----------
    kept
        What is kept of the work, as the end of a sentence.

    Raises
    ------
    Stopped
        In the place of SIGINT.
    Terminated
        In the place of SIGTERM.

    Notes
    -----
    Python itself raises for SIGINT alone; SIGTERM would end the process without a word.
    Handlers can be set in the main thread only, elsewhere there are none to set.
    """
    in_main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, _terminate) if in_main else None
    try:
        yield
    except _Termination as e:
        raise Terminated(f"terminated; {kept}") from e
    except KeyboardInterrupt as e:
        raise Stopped(f"interrupted; {kept}") from e
    finally:
        if in_main:
            signal.signal(signal.SIGTERM, before)
