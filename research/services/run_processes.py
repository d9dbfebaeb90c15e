"""Several questions run at once, each in a process of its own that ends with its run."""

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import Final

from common.domain.errors import PlatformError
from research.domain.question import RunQuestion

type Report = Callable[[RunQuestion, "Ended"], None]

_LAST_WORDS_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a question ended.

    Parameters
    ----------
    run_id
        Its row in the ledger, which is in a final state; None where there is none.
    code, detail
        Why there is none; empty if there is.
    """

    run_id: int | None = None
    code: str = ""
    detail: str = ""


def report_nothing(question: RunQuestion, ended: Ended) -> None:
    """Take how a question ended and do nothing with it."""


def run_each(
    questions: Sequence[RunQuestion],
    *,
    processes: int,
    user_id: int | None = None,
    report: Report = report_nothing,
) -> list[Ended]:
    """Run every question and return how each ended, in their order.

    Parameters
    ----------
    questions
        The first ones are started first.
    processes
        How many run at one time, >= 1. With 1 they run here, one after the other.
    user_id
        Who asks.
    report
        Called here whenever one has ended.

    Raises
    ------
    KeyboardInterrupt
        As it came, once those under way have ended: their rows are CANCELED.
    """
    if processes == 1 or len(questions) == 1:
        found = []
        for question in questions:
            found.append(_run(question, user_id))
            report(question, found[-1])
        return found
    return _Crew(questions, user_id, report).work(processes)


class _Crew:
    """Processes under way, and what they have said."""

    def __init__(
        self, questions: Sequence[RunQuestion], user_id: int | None, report: Report
    ) -> None:
        self.questions = questions
        self.user_id = user_id
        self.report = report
        self.waiting = deque(range(len(questions)))
        self.working: dict[Connection, tuple[int, SpawnProcess]] = {}
        self.ended: dict[int, Ended] = {}

    def work(self, processes: int) -> list[Ended]:
        try:
            while self.waiting or self.working:
                while self.waiting and len(self.working) < processes:
                    self._start(self.waiting.popleft())
                ready = wait(list(self.working))
                for connection in [each for each in self.working if each in ready]:
                    self._end(connection)
        finally:
            self._stop()
        return [self.ended[number] for number in range(len(self.questions))]

    def _start(self, number: int) -> None:
        # A fresh interpreter: what this process has imported and opened stays here.
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(
            target=run_in_child, args=(self.questions[number], self.user_id, theirs)
        )
        process.start()
        theirs.close()
        self.working[ours] = (number, process)

    def _end(self, connection: Connection) -> None:
        number, process = self.working.pop(connection)
        try:
            ended = Ended(**connection.recv())
        except EOFError:
            process.join()
            ended = Ended(
                code="worker_lost",
                detail=f"the process {process.pid} ended without a word, status"
                f" {process.exitcode}",
            )
        connection.close()
        process.join()
        self.ended[number] = ended
        self.report(self.questions[number], ended)

    def _stop(self) -> None:
        for _, process in self.working.values():
            process.terminate()
        for _, process in self.working.values():
            process.join(_LAST_WORDS_SECONDS)
            process.kill()


def run_in_child(question: RunQuestion, user_id: int | None, connection: Connection) -> None:
    """Run one question in a fresh process and send how it ended."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt_once)
    import django

    django.setup()
    try:
        ended = _run(question, user_id)
    except KeyboardInterrupt:
        return
    connection.send({"run_id": ended.run_id, "code": ended.code, "detail": ended.detail})


def _interrupt_once(_number: int, _frame: FrameType | None) -> None:
    # A second signal must not interrupt the writing of what the first one did.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _run(question: RunQuestion, user_id: int | None) -> Ended:
    # Imported where there are apps: a child learns of this module before it has them.
    from common.domain.clock import SystemClock
    from exchanges.selectors.market_data import open_store
    from research.exceptions import UnexpectedFailure
    from research.services.backtests import run_backtest

    try:
        run = run_backtest(
            question=question, store=open_store(), clock=SystemClock(), user_id=user_id
        )
    except UnexpectedFailure as error:
        return Ended(run_id=error.run_id)
    except PlatformError as error:
        return Ended(code=error.code, detail=error.detail)
    return Ended(run_id=run.pk)
