"""A question with everything it names looked up, and the columns of a run that this decides."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from common.domain.canonical import canonical_hash
from common.domain.instruments import InstrumentSpec
from exchanges.models import Series
from research.domain.backtest import BacktestRequest, NativeRequest
from research.domain.question import RunQuestion
from research.services.datasets import LoadedMarket, books_funding
from research.services.provenance import code_hash, provenance
from trading.models import StrategyVersion

# A worker loads no strategy: there the question itself, with a full set of parameters, says
# all that the ledger writes.
type Request = BacktestRequest | NativeRequest | RunQuestion


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedRun:
    """A question with everything it names looked up."""

    question: RunQuestion
    request: Request
    strategy_version: StrategyVersion
    series: Series
    loaded: LoadedMarket
    engine_version: str

    def inputs(self) -> dict[str, object]:
        """Return all that decides the result; equal descriptions must give equal results."""
        version, request, loaded = self.strategy_version, self.request, self.loaded
        instrument = loaded.market.instrument
        return {
            "engine": [self.question.engine, self.engine_version],
            "strategy": [version.strategy.key, version.version, version.source_hash],
            "params": dict(request.params),
            "dataset": [loaded.hash, loaded.warm_up_hash],
            "market_type": instrument.id.market_type.value,
            "sizes": sizes(instrument),
            "costs": self._costs(),
            "cash": request.cash,
            "sizing": str(request.sizing),
            "account": request.account.value,
            "rebalance": str(request.rebalance),
            "seed": request.seed,
            # Left out where there is nothing, so that a hash stays what it was before
            # there were settings.
            **({"settings": changed} if (changed := request.settings.changed()) else {}),
            **({"beside": dict(loaded.side_hashes)} if loaded.side_hashes else {}),
        }

    def trial(self) -> dict[str, object]:
        """Return what makes a trial distinct from others of the same lineage and instrument."""
        return {
            "source_hash": self.strategy_version.source_hash,
            "params": dict(self.request.params),
            "costs": self._costs(),
            "sizing": str(self.request.sizing),
        }

    def _costs(self) -> dict[str, float | bool]:
        costs = self.request.costs
        return {
            "fee_rate": costs.fee_rate,
            "maker_fee_rate": costs.maker_fee_rate,
            "slippage": costs.slippage,
            "funding": books_funding(self.request.costs, self.loaded.market.instrument),
        }


def sizes(instrument: InstrumentSpec) -> dict[str, str | None]:
    """Return lot, tick and minimum notional as canonical text."""
    values = {
        "lot": instrument.lot,
        "tick": instrument.tick,
        "min_notional": instrument.min_notional,
    }
    return {name: f"{size.normalize():f}" if size else None for name, size in values.items()}


def asked_facts(request: Request) -> dict[str, Any]:
    """Return the columns of a run that are as they were asked."""
    return {
        "cash": _exact(request.cash),
        "fee_rate": _exact(request.costs.fee_rate),
        "maker_fee_rate": _exact(request.costs.maker_fee_rate),
        "slippage": _exact(request.costs.slippage),
        "sizing": str(request.sizing),
        "account": request.account.value,
        "rebalance": str(request.rebalance),
        "settings": request.settings.changed(),
        "seed": request.seed,
    }


def known_facts(prepared: PreparedRun) -> dict[str, Any]:
    """Return the columns of a run that are known once its bars and its strategy are.

    Call it outside a transaction: on SQLite that has the only write lock, and git may be slow.
    """
    loaded = prepared.loaded
    instrument = loaded.market.instrument
    return {
        "strategy_version": prepared.strategy_version,
        "engine_version": prepared.engine_version,
        "params": dict(prepared.request.params),
        "settings": {**prepared.request.settings.changed(), **loaded.recorded},
        "funding": books_funding(prepared.request.costs, instrument),
        "instrument_sizes": sizes(instrument),
        "warm_up_rows": loaded.market.first,
        "warm_up_hash": loaded.warm_up_hash,
        "input_hash": canonical_hash(prepared.inputs()),
        "trial_hash": canonical_hash(prepared.trial()),
        "provenance": provenance(),
        "code_hash": code_hash(),
    }


def _exact(value: float) -> Decimal:
    return Decimal(repr(float(value)))
