"""One replay of a task: the compiled loops driven piece by piece, and what they recorded."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Times
from common.domain.costs import Rebalance, SizingMode
from common.domain.events import EventFiles
from research.domain.settings import ExecutionStyle
from research.engines.base import Task
from research.engines.decisions import find_decisions
from research.engines.exceptions import EngineFailed, InvalidTargets
from research.engines.hftbacktest.errors import check_code, translated
from research.engines.hftbacktest.replay import Replay, replaying, span_of
from trading.strategies.quoting import QuotingStrategy

_PIECES: Final = 20
_ROWS: Final = 16_384


@dataclass(frozen=True, slots=True)
class Records:
    """What a replay recorded.

    Parameters
    ----------
    rows : structured array of ROW_DTYPE
        Fills, as the library told of them.
    skipped_ns : ndarray of int64
        Closes whose order was below the minimum notional.
    """

    rows: NDArray[np.void]
    skipped_ns: Times


def replay_task(task: Task, events: EventFiles) -> Records:
    """Replay the events and execute the task's strategy on them.

    Raises
    ------
    EngineFailed
        If the library fails.
    InvalidTargets
        If a quoting strategy cannot be compiled, or quotes what is no quote.
    """
    request, strategy = task.request, task.request.strategy
    quotes = isinstance(strategy, QuotingStrategy)
    with replaying(events, request.costs, request.settings, keeps_trades=quotes) as replay:
        with translated():
            from research.engines.hftbacktest import desk

            session = _Session(desk, replay, task=task, events=events)
        if isinstance(strategy, QuotingStrategy):
            session.quote(strategy)
        else:
            session.follow()
        return session.records()


class _Session:
    """The state of one replay; `desks` is the module, which cannot be imported above."""

    def __init__(self, desks: Any, replay: Replay, *, task: Task, events: EventFiles) -> None:
        self.desks, self.task, self.answer_ns = desks, task, replay.answer_ns
        self.span = span_of(task.market, events)
        self.skipped_ns: Times = np.zeros(0, np.int64)
        self.desk: Any = desks.Desk(
            replay.address,
            np.zeros(desks.CURSOR_SIZE, np.int64),
            np.zeros((desks.MAX_ORDERS, 2), np.int64),
            np.zeros(_ROWS, desks.ROW_DTYPE),
            np.array([task.request.cash, 0.0]),
            self._terms(events),
        )
        self.began_ns = replay.elapse_to(self.span.start_ns)

    def _terms(self, events: EventFiles) -> Any:
        tick, lot = events.tick.as_integer_ratio(), events.lot.as_integer_ratio()
        request = self.task.request
        return self.desks.Terms(
            cash=float(request.cash),
            taker_rate=float(request.costs.fee_rate),
            maker_rate=float(request.costs.maker_fee_rate),
            tick_numerator=float(tick[0]),
            tick_denominator=float(tick[1]),
            lot_numerator=float(lot[0]),
            lot_denominator=float(lot[1]),
            partial=request.settings.partial_fills,
        )

    def quote(self, strategy: QuotingStrategy[Any]) -> None:
        """Ask the strategy for quotes until the period ends.

        Raises
        ------
        InvalidTargets
            If it cannot be compiled, or quotes what is no quote.
        """
        params = strategy.pack(self.task.request.params)
        with translated():
            from numba.core.errors import NumbaError

            from research.engines.hftbacktest import quoting_loop
        try:
            quotes = quoting_loop.compile_quotes(strategy.quotes, params)
        except NumbaError as e:
            raise InvalidTargets(
                f"quotes of {strategy.key} cannot be compiled: {e}", strategy=strategy.key
            ) from e
        with translated():
            loop = quoting_loop.compile_quote_loop(self.desk, params)
        self.desk.cursor[quoting_loop.NEXT_NS] = self._first_question()
        code = self._drive(lambda times: loop(self.desk, quotes, params, times))
        if code == self.desks.BAD_QUOTE:
            raise InvalidTargets(
                f"strategy {strategy.key} quoted a negative number of lots, or a price that is"
                " not positive",
                strategy=strategy.key,
            )
        self._check(code)

    def _first_question(self) -> int:
        """Return the first time of the interval's grid at which there are events."""
        start_ns, interval_ns = self.span.start_ns, self.task.request.settings.quote_interval_ns
        late_ns = max(self.began_ns - start_ns, 0)
        return start_ns + -(-late_ns // interval_ns) * interval_ns

    def follow(self) -> None:
        """Execute the targets that make an order until the period ends."""
        with translated():
            from research.engines.hftbacktest import sizing, target_loop

            decisions = self._decisions(sizing)
            loop = target_loop.compile_target_loop(self.desk, decisions)
        maker = self.task.request.settings.execution is ExecutionStyle.MAKER
        self._check(self._drive(lambda times: loop(self.desk, decisions, maker, times)))
        skipped = int(self.desk.cursor[sizing.SKIPPED])
        self.skipped_ns = decisions.skipped_ns[:skipped]

    def _decisions(self, sizes: Any) -> Any:
        bars, sizing = self.task.market.period, self.task.request.sizing
        decided = find_decisions(self.task.exposures, Rebalance.ON_CHANGE)
        # The target of the last bar makes no fill, here as on bars.
        decided[-1] = False
        value = sizing.value or 0.0
        close_ns = bars.open_ns[decided] + bars.timeframe.nanoseconds
        return sizes.Decisions(
            close_ns=close_ns,
            close=bars.close[decided],
            target=self.task.exposures[decided],
            skipped_ns=np.zeros(len(close_ns), np.int64),
            notional=value if sizing.mode is SizingMode.FIXED_NOTIONAL else 0.0,
            quantity=value if sizing.mode is SizingMode.FIXED_QUANTITY else 0.0,
            min_notional=float(self.task.market.instrument.min_notional or 0),
        )

    def _drive(self, loop: Callable[[tuple[int, int, int, int]], int]) -> int:
        span, interval_ns = self.span, self.task.request.settings.quote_interval_ns
        settle_ns = span.end_ns + self.answer_ns
        code = self.desks.PAUSED
        for piece in range(1, _PIECES + 1):
            until_ns = span.start_ns + (span.end_ns - span.start_ns) * piece // _PIECES
            times = (interval_ns, until_ns, span.end_ns, settle_ns)
            while (code := loop(times)) == self.desks.ROWS_FULL:
                rows = np.zeros(2 * len(self.desk.rows), self.desks.ROW_DTYPE)
                rows[: len(self.desk.rows)] = self.desk.rows
                self.desk = self.desk._replace(rows=rows)
            if code != self.desks.PAUSED:
                break
            self.task.progress(piece / _PIECES)
        return code

    def _check(self, code: int) -> None:
        desks = self.desks
        faults = {
            desks.TOO_MANY_ORDERS: f"more than {desks.MAX_ORDERS} orders await an answer: the"
            " interval is too short for these latencies",
            desks.LOST_ORDER: "it no longer knows an order that is open",
            desks.PIECES_DIFFER: "the pieces of an order are not what it took",
            desks.WENT_TOO_FAR: "the best price moved by 200 ticks or more while an order that"
            " takes several prices was on its way",
        }
        if code in faults:
            raise EngineFailed(f"hftbacktest: {faults[code]}", engine="hftbacktest")
        check_code(code)

    def records(self) -> Records:
        """Return what was recorded."""
        rows = self.desk.rows[: self.desk.cursor[self.desks.ROWS]]
        return Records(rows=rows.copy(), skipped_ns=self.skipped_ns)
