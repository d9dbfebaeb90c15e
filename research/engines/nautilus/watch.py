"""What happens at NautilusTrader's venue, noted as it happens."""

from typing import Any, override

import numpy as np
from nautilus_trader.backtest.config import SimulationModuleConfig
from nautilus_trader.backtest.modules import SimulationModule
from nautilus_trader.model.events import OrderFilled

from common.domain.bars import Bars
from common.domain.enums import FillReason
from research.engines.nautilus.facts import fill_row, read_holding
from research.engines.nautilus.records import Records
from research.engines.nautilus.venue import Traded


class WatchModule(SimulationModule):
    """Notes fills as the engine publishes them, and the account after each event."""

    def __init__(self, *, bars: Bars, traded: Traded, records: Records) -> None:
        super().__init__(SimulationModuleConfig())
        self.closes_ns = bars.open_ns + bars.timeframe.nanoseconds
        self.traded = traded
        self.records = records
        self.is_stale = False

    def note_event(self, event: Any) -> None:
        """Take an event of an order."""
        if isinstance(event, OrderFilled):
            self.records.fills.append(fill_row(event, FillReason.TARGET))
            self.is_stale = True

    def note_change(self) -> None:
        """Read the account after this event, since something has changed it."""
        self.is_stale = True

    @override
    def process(self, ts_now: int) -> None:
        """Read the account after what an event made of it."""
        if not self.is_stale:
            return
        self.is_stale = False
        # What happens at a close or after it is first seen at the close of the next bar.
        row = int(np.searchsorted(self.closes_ns, ts_now, side="right"))
        self.records.accounts.append((row, read_holding(self.exchange.cache, self.traded)))

    @override
    def log_diagnostics(self, logger: Any) -> None:
        """Have nothing to log."""

    @override
    def reset(self) -> None:
        """Have nothing to reset: an engine runs once."""
