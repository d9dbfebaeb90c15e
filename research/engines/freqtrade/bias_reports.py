"""What Freqtrade's analyses of a strategy file find."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LookaheadReport:
    """What Freqtrade's lookahead-analysis found.

    Parameters
    ----------
    has_bias
        Whether anything below differs; None where too few trades could be judged.
    signals
        Trades that were judged.
    biased_entries, biased_exits
        Those that are not made without the bars after them.
    biased_indicators
        Columns whose past values change with later bars.
    """

    has_bias: bool | None
    signals: int
    biased_entries: int
    biased_exits: int
    biased_indicators: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecursiveReport:
    """What Freqtrade's recursive-analysis found.

    Parameters
    ----------
    startup
        Bars of warm-up that the strategy asks for.
    differences
        For each column that differs: by the bars of warm-up, how far its last value is
        from that of the whole history, relative; NaN where either is none.
    biased_indicators
        Columns whose value at the tenth bar changes with later bars.
    """

    startup: int
    differences: Mapping[str, Mapping[int, float]]
    biased_indicators: tuple[str, ...]
