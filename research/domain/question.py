"""A run as it is asked for: names and numbers, before anything is looked up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Final

from common.domain.costs import AccountType, CostModel, Rebalance, Sizing
from common.domain.errors import InvalidArgument, InvalidPeriod
from common.domain.instruments import InstrumentId
from common.domain.time import format_utc
from common.domain.timeframe import Timeframe
from research.domain.settings import EngineSettings
from trading.strategies.parameters import Value

LONGEST_EXPERIMENT: Final = 120
LONGEST_KEY: Final = 64
_SEEDS: Final = 2**63
# What the ledger holds exactly: the digits of every decimal in the database.
_WHOLE_DIGITS: Final = 20
_DECIMAL_PLACES: Final = 18


@dataclass(frozen=True, slots=True)
class NativeSource:
    """A person's own strategy file of one engine, and the class or function in it."""

    path: Path
    class_name: str

    @classmethod
    def parse(cls, text: str) -> "NativeSource":
        """Read `path/to/file.py:Class`.

        Raises
        ------
        InvalidArgument
            If there is no such file, or no name after the colon.
        """
        path, colon, name = text.rpartition(":")
        if not (colon and name.isidentifier()):
            raise InvalidArgument(f"--native {text!r} is not path/to/file.py:Class")
        file = Path(path)
        if not file.is_file():
            raise InvalidArgument(f"--native {path!r} is not a file", path=path)
        return cls(file.resolve(), name)

    def key(self, engine: str) -> str:
        """Return the key under which the ledger counts trials of this strategy."""
        return f"native_{engine}_{self.class_name}"[:LONGEST_KEY].lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuestion:
    """What a person asks: a strategy on an engine over stored bars.

    Parameters
    ----------
    start_ns, end_ns
        Period `[start, end)` in nanoseconds since 1970 UTC; None is as far as
        bars are stored.
    cash, costs
        Each must have at most 20 digits before the point and 18 after it, as the
        ledger has.
    seed
        In [0, 2**63).
    allow_dirty
        Run although the bars have errors; the ledger records it.
    native
        The strategy file that runs in place of a strategy of the platform.
    experiment
        The question the run belongs to, one line of 120 characters at most; empty
        makes one per strategy and series.

    Raises
    ------
    InvalidPeriod
        If the period ends before it starts.
    InvalidArgument
        If the ledger could not hold one of the values.
    """

    strategy_key: str
    engine: str
    instrument: InstrumentId
    timeframe: Timeframe
    params: Mapping[str, Value] = field(default_factory=dict)
    start_ns: int | None = None
    end_ns: int | None = None
    cash: float = 10_000.0
    costs: CostModel = field(default_factory=CostModel)
    sizing: Sizing = field(default_factory=Sizing)
    account: AccountType = AccountType.CASH
    rebalance: Rebalance = Rebalance.ON_CHANGE
    settings: EngineSettings = field(default_factory=EngineSettings)
    seed: int = 0
    allow_dirty: bool = False
    native: NativeSource | None = None
    experiment: str = ""

    def __post_init__(self) -> None:
        if self.start_ns is not None and self.end_ns is not None and self.start_ns >= self.end_ns:
            raise InvalidPeriod(
                f"the period ends at {format_utc(self.end_ns)},"
                f" not after its start {format_utc(self.start_ns)}"
            )
        if not 0 <= self.seed < _SEEDS:
            raise InvalidArgument(f"seed is {self.seed}, must be in [0, {_SEEDS})")
        if len(self.experiment) > LONGEST_EXPERIMENT or not self.experiment.isprintable():
            raise InvalidArgument(
                f"the experiment's name has {len(self.experiment)} characters, must be one line"
                f" of {LONGEST_EXPERIMENT} at most"
            )
        _check_exact("cash", self.cash)
        for name in ("fee_rate", "maker_fee_rate", "slippage"):
            _check_exact(name, getattr(self.costs, name))


def _check_exact(name: str, value: float) -> None:
    number = Decimal(repr(float(value)))
    if not number.is_finite():
        return  # Refused by name where it is used.
    _, digits, exponent = number.normalize().as_tuple()
    if number.adjusted() >= _WHOLE_DIGITS or (any(digits) and -int(exponent) > _DECIMAL_PLACES):
        raise InvalidArgument(
            f"{name} is {value!r}, must have at most {_WHOLE_DIGITS} digits before the point and"
            f" {_DECIMAL_PLACES} after it"
        )
