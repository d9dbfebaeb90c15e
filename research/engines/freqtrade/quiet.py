"""Keep what Freqtrade prints, logs and changes in the process to itself."""

import linecache
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from typing import Final, override

from research.engines.exceptions import EngineFailed

_FREQTRADE: Final = "freqtrade"
# Freqtrade calls a strategy through this module, which logs what the strategy raises and goes on.
_WRAPPER: Final = "freqtrade.strategy.strategy_wrapper"


class _Record(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[tuple[str, str]] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message and the name of its logger."""
        self.messages.append((record.name, record.getMessage()))


class Log:
    """What Freqtrade warned of in one run."""

    def __init__(self) -> None:
        self._record = _Record()

    @property
    def handler(self) -> logging.Handler:
        """What fills it."""
        return self._record

    @property
    def warnings(self) -> list[str]:
        """Warnings and errors, oldest first."""
        return [message for _, message in self._record.messages]

    def check(self) -> None:
        """Refuse a run that went on after an error of its strategy.

        Raises
        ------
        EngineFailed
            With the first such error.
        """
        for name, message in self._record.messages:
            if name == _WRAPPER:
                raise EngineFailed(f"freqtrade went on after: {message}", engine=_FREQTRADE)


@contextmanager
def quiet() -> Iterator[Log]:
    """Take Freqtrade's output for the time of this block; leave logging and filters as before."""
    log = Log()
    loggers = [
        logger
        for name, logger in [*logging.root.manager.loggerDict.items()]
        if isinstance(logger, logging.Logger) and name.partition(".")[0] == _FREQTRADE
    ]
    levels = [(logger, logger.level) for logger in loggers]
    top = logging.getLogger(_FREQTRADE)
    level, propagates = top.level, top.propagate
    top.setLevel(logging.WARNING)
    top.propagate = False
    top.addHandler(log.handler)
    try:
        with warnings.catch_warnings(), redirect_stdout(StringIO()):
            yield log
    finally:
        top.removeHandler(log.handler)
        for logger, before in levels:
            if logger.level != before:
                logger.setLevel(before)
        top.setLevel(level)
        top.propagate = propagates
        # The strategy file is gone; its lines would stay for as long as the process.
        linecache.checkcache()
