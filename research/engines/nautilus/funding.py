"""Funding of a perpetual, booked in NautilusTrader's own account when it is due."""

from collections.abc import Callable
from typing import Any, override

from nautilus_trader.backtest.config import SimulationModuleConfig
from nautilus_trader.backtest.modules import SimulationModule
from nautilus_trader.model.data import Bar
from nautilus_trader.model.objects import Money

from common.domain.funding import FundingRates
from research.engines.nautilus.records import Records
from research.engines.nautilus.venue import Traded


class FundingModule(SimulationModule):
    """Adjusts the account by what the position owes, before anything else of that moment.

    Parameters
    ----------
    rates
        Each with a mark.
    records
        Where entries are kept.
    on_booked
        Called after each entry.

    Notes
    -----
    The position is that of all fills strictly before the funding time. A bar that closes
    at that very time comes before the funding, as its close belongs to the bar.
    """

    def __init__(
        self,
        rates: FundingRates,
        *,
        traded: Traded,
        records: Records,
        on_booked: Callable[[], None],
    ) -> None:
        super().__init__(SimulationModuleConfig())
        self.due = list(
            zip(rates.ts_ns.tolist(), rates.rate.tolist(), rates.mark.tolist(), strict=True)
        )[::-1]
        self.traded = traded
        self.records = records
        self.on_booked = on_booked

    @override
    def pre_process(self, data: Any) -> None:
        """Book what is due before this event."""
        now_ns = data.ts_init - isinstance(data, Bar)
        while self.due and self.due[-1][0] <= now_ns:
            self._book(*self.due.pop())

    @override
    def process(self, ts_now: int) -> None:
        """Leave the rest of the event to the engine."""

    @override
    def log_diagnostics(self, logger: Any) -> None:
        """Have nothing to log."""

    @override
    def reset(self) -> None:
        """Have nothing to reset: an engine runs once."""

    def _book(self, time_ns: int, rate: float, mark: float) -> None:
        held = [
            position.signed_decimal_qty()
            for position in self.exchange.cache.positions_open(None, self.traded.id)
        ]
        quantity = float(sum(held))
        if not quantity:
            return
        amount = Money(-quantity * mark * rate, self.traded.quote)
        self.exchange.adjust_account(amount)
        self.records.funding.append((time_ns, rate, mark, quantity, float(amount.as_decimal())))
        self.on_booked()
