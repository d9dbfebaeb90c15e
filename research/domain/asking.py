"""A question from the fields of a request or a form, as their readers leave them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from common.domain.costs import AccountType, CostModel, Rebalance, Sizing
from common.domain.instruments import InstrumentId
from common.domain.time import to_ns
from common.domain.timeframe import Timeframe
from research.domain.question import RunQuestion
from research.domain.question_document import settings_from_json


def question_from_fields(fields: Mapping[str, Any]) -> RunQuestion:
    """Return the question that the fields of a request ask.

    Parameters
    ----------
    fields
        Values of the right types by the names of the API; of those that may be left out,
        `venue`, `maker_fee_rate`, `start`, `end`, `params` and `settings` may be None.

    Raises
    ------
    InvalidArgument
        If one of them is malformed or out of range.
    """
    fee_rate, maker = fields["fee_rate"], fields["maker_fee_rate"]
    return RunQuestion(
        strategy_key=fields["strategy"],
        engine=fields["engine"],
        instrument=InstrumentId.parse(fields["instrument"], fields["venue"] or None),
        timeframe=Timeframe.parse(fields["timeframe"]),
        params=fields["params"] or {},
        start_ns=_nanoseconds(fields["start"]),
        end_ns=_nanoseconds(fields["end"]),
        cash=float(fields["cash"]),
        costs=CostModel(
            fee_rate=float(fee_rate),
            maker_fee_rate=float(fee_rate if maker is None else maker),
            slippage=float(fields["slippage_bps"]) / 10_000,
            funding=fields["funding"],
        ),
        sizing=Sizing.parse(fields["sizing"]),
        account=AccountType(fields["account"]),
        rebalance=Rebalance(fields["rebalance"]),
        settings=settings_from_json(fields["settings"] or {}),
        seed=fields["seed"],
        allow_dirty=fields["allow_dirty"],
        experiment=fields["experiment"],
    )


def _nanoseconds(moment: datetime | None) -> int | None:
    return None if moment is None else to_ns(moment)
