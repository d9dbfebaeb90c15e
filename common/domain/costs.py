"""What trading costs, how orders are sized, and when a target makes one."""

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from common.domain.errors import InvalidArgument


@dataclass(frozen=True, slots=True, kw_only=True)
class CostModel:
    """Costs of an execution, all as fractions of the traded notional.

    Parameters
    ----------
    fee_rate, maker_fee_rate
        Taker and maker fee; a negative maker fee is a rebate. Both below 1.
    slippage
        Mean distance of a taker fill from the open, against the trader, in [0, 1).
    funding
        Whether perpetuals pay stored funding rates.
    """

    fee_rate: float = 0.001
    maker_fee_rate: float = 0.001
    slippage: float = 0.0
    funding: bool = True

    def __post_init__(self) -> None:
        bounds = {"fee_rate": (0, 1), "maker_fee_rate": (-1, 1), "slippage": (0, 1)}
        for name, (low, high) in bounds.items():
            value: float = getattr(self, name)
            if not low <= value < high:
                raise InvalidArgument(f"{name} is {value}, must be in [{low}, {high})")


class SizingMode(StrEnum):
    """What a target of 1 means."""

    EQUITY_FRACTION = "equity_fraction"
    FIXED_NOTIONAL = "fixed_notional"
    FIXED_QUANTITY = "fixed_quantity"


@dataclass(frozen=True, slots=True)
class Sizing:
    """How a target becomes a quantity.

    Parameters
    ----------
    mode
        A fraction of equity, of a fixed notional, or of a fixed quantity.
    value
        The notional (quote currency) or quantity (base currency); None for equity.
    """

    mode: SizingMode = SizingMode.EQUITY_FRACTION
    value: float | None = None

    def __post_init__(self) -> None:
        needs_value = self.mode is not SizingMode.EQUITY_FRACTION
        if needs_value is (self.value is None):
            raise InvalidArgument(f"sizing {self.mode} with value {self.value}")
        if self.value is not None and not (isfinite(self.value) and self.value > 0):
            raise InvalidArgument(f"sizing {self.mode}={self.value} must be positive")

    @classmethod
    def parse(cls, text: str) -> "Sizing":
        """Read `equity_fraction`, `fixed_notional=1000` or `fixed_quantity=0.5`.

        Raises
        ------
        InvalidArgument
            If the text is none of these.
        """
        name, _, number = text.partition("=")
        try:
            mode, value = SizingMode(name), float(number) if number else None
        except ValueError as e:
            raise InvalidArgument(
                f"sizing {text!r} is not equity_fraction, fixed_notional=N or fixed_quantity=Q"
            ) from e
        return cls(mode, value)

    def __str__(self) -> str:
        return f"{self.mode}={self.value!r}" if self.value is not None else str(self.mode)


class AccountType(StrEnum):
    """Whether the position may be negative."""

    CASH = "cash"
    MARGIN = "margin"


class Rebalance(StrEnum):
    """When a target makes an order."""

    ON_CHANGE = "on_change"
    EVERY_BAR = "every_bar"
