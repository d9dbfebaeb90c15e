"""What a client sends to have a run."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.api.strict import StrictSerializer
from common.domain.costs import AccountType, Rebalance
from common.domain.timeframe import Timeframe
from research.domain.asking import question_from_fields
from research.domain.question import LONGEST_EXPERIMENT, RunQuestion

_LONGEST_TEXT = 120


@extend_schema_field({"oneOf": [{"type": kind} for kind in ("number", "string", "boolean")]})
class ValueField(serializers.Field[Any, Any, Any, Any]):
    """A number, a text or a truth value."""

    default_error_messages = {"kind": "This is a {kind}, must be a number, a text or a boolean."}

    def to_internal_value(self, data: Any) -> Any:
        """Return the value as it is; the strategy's parameter says what it admits.

        Raises
        ------
        ValidationError
            If it is a list, an object or null.
        """
        if not isinstance(data, int | float | str):
            self.fail("kind", kind=type(data).__name__)
        return data

    def to_representation(self, value: Any) -> Any:
        """Return the value as it is."""
        return value


def _default(name: str) -> Any:
    # Read when it is asked: tests and installations differ.
    return lambda: float(getattr(settings.PLATFORM.backtest, name))


class RunRequestSerializer(StrictSerializer):
    """A question for the queue, in the words of `run_backtest`."""

    strategy = serializers.CharField(max_length=_LONGEST_TEXT, help_text="Key of a strategy")
    engine = serializers.CharField(max_length=_LONGEST_TEXT)
    venue = serializers.CharField(
        max_length=_LONGEST_TEXT,
        required=False,
        allow_null=True,
        default=None,
        help_text="May be part of the instrument",
    )
    instrument = serializers.CharField(
        max_length=_LONGEST_TEXT, help_text="BTC/USDT, or BTC/USDT.BINANCE"
    )
    timeframe = serializers.ChoiceField([timeframe.value for timeframe in Timeframe])
    params = serializers.DictField(
        child=ValueField(), required=False, default=dict, help_text="Parameters by name"
    )
    start = serializers.DateTimeField(required=False, allow_null=True, default=None)
    end = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="Not part of the period"
    )
    cash = serializers.FloatField(required=False, default=_default("cash"))
    fee_rate = serializers.FloatField(required=False, default=_default("fee_rate"))
    maker_fee_rate = serializers.FloatField(
        required=False, allow_null=True, default=None, help_text="Like fee_rate unless given"
    )
    slippage_bps = serializers.FloatField(required=False, default=_default("slippage_bps"))
    funding = serializers.BooleanField(
        required=False, default=True, help_text="Whether perpetuals pay stored funding rates"
    )
    sizing = serializers.CharField(
        max_length=60,
        required=False,
        default="equity_fraction",
        help_text="Or fixed_notional=N, fixed_quantity=Q",
    )
    account = serializers.ChoiceField(
        [account.value for account in AccountType], required=False, default=AccountType.CASH.value
    )
    rebalance = serializers.ChoiceField(
        [rebalance.value for rebalance in Rebalance],
        required=False,
        default=Rebalance.ON_CHANGE.value,
    )
    seed = serializers.IntegerField(required=False, default=0, min_value=0)
    allow_dirty = serializers.BooleanField(
        required=False, default=False, help_text="Run although the bars have errors"
    )
    experiment = serializers.CharField(
        max_length=LONGEST_EXPERIMENT, required=False, allow_blank=True, default=""
    )
    settings = serializers.DictField(
        required=False, default=dict, help_text="What only some engines know, by name"
    )

    def question(self) -> RunQuestion:
        """Return the question of valid data.

        Raises
        ------
        InvalidArgument
            If a value is malformed or out of range.
        """
        return question_from_fields(self.validated_data)
