"""Where the result of a run comes from: calm and wild markets, trends, months, weekdays, hours."""

from collections.abc import Callable
from dataclasses import dataclass
from math import expm1
from typing import Final

import numpy as np

from common.domain.bars import Floats
from common.domain.timeframe import Timeframe
from portfolio.metrics.daily import DAY_NS
from research.examination.facts import RunFacts
from research.examination.figures import Figure, bars, table
from research.examination.options import option
from research.examination.tool import Finding, Needs, Subject, Tool, Value
from research.validation.gates import Measured, Undefined
from research.validation.regimes import (
    UNKNOWN,
    Calendar,
    Part,
    Trend,
    Volatility,
    breakdown,
    calendar,
    trend_regimes,
    volatility_regimes,
)

_MONTHS: Final = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LEAST_WINDOW: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimeOptions:
    """How far back a market is called calm or wild, rising or falling."""

    window_days: float = option(30.0, "days before a bar that say so", low=0.001, high=3650)


def examine(facts: RunFacts, options: RegimeOptions, seed: int) -> Finding:  # noqa: ARG001
    """Break the growth of a run down; nothing is drawn at random."""
    parts = {**_regimes(facts, options), **_calendars(facts)}
    values: dict[str, Measured] = {"growth": float(np.log1p(facts.bar_returns).sum())}
    for key, (kind, label) in _REGIMES.items():
        found = parts[kind]
        values[key] = found if isinstance(found, Undefined) else _growth(found, label)
    for kind in Calendar:
        calendar_parts = parts[kind.value]
        for key, choose in (("best", max), ("worst", min)):
            values[f"{kind}_{key}"] = (
                calendar_parts
                if isinstance(calendar_parts, Undefined)
                else choose(part.growth for part in calendar_parts)
            )
    known = {kind: found for kind, found in parts.items() if not isinstance(found, Undefined)}
    return Finding(
        values=values,
        sentence=_sentence(values, known),
        figures=_figures(known),
    )


type _Parts = dict[str, tuple[Part, ...] | Undefined]


def _regimes(facts: RunFacts, options: RegimeOptions) -> _Parts:
    window = _window(facts.bars.timeframe, options.window_days)
    if window >= len(facts.bars):
        missing = Undefined(
            f"{options.window_days:g} days are {window} bars, the run has {len(facts.bars)}"
        )
        return {"volatility": missing, "trend": missing}
    market = _market_returns(facts)
    return {
        "volatility": breakdown(facts.bar_returns, volatility_regimes(market, window=window)),
        "trend": breakdown(facts.bar_returns, trend_regimes(market, window=window)),
    }


def _window(timeframe: Timeframe, days: float) -> int:
    return max(_LEAST_WINDOW, round(days * DAY_NS / timeframe.nanoseconds))


def _market_returns(facts: RunFacts) -> Floats:
    marks = np.concatenate([facts.bars.open[:1], facts.bars.close])
    moves: Floats = np.diff(np.log(marks))
    return moves


def _calendars(facts: RunFacts) -> _Parts:
    found: _Parts = {
        kind.value: breakdown(facts.bar_returns, calendar(facts.bars.open_ns, kind))
        for kind in Calendar
    }
    if facts.bars.timeframe.nanoseconds >= DAY_NS:
        length = facts.bars.timeframe.value
        found[Calendar.HOUR.value] = Undefined(f"bars of {length} do not show hours")
    return found


def _growth(parts: tuple[Part, ...], label: int) -> Measured:
    found = next((part.growth for part in parts if part.label == label), None)
    return Undefined("no bar was of that kind") if found is None else found


def _sentence(values: dict[str, Measured], known: dict[str, tuple[Part, ...]]) -> str:
    said = [f"It grew by {_percent(values['growth'])} in all"]
    if "volatility" in known:
        calm, wild = (_percent(values[f"volatility_{kind}"]) for kind in ("low", "high"))
        up, down = (_percent(values[f"trend_{kind}"]) for kind in ("up", "down"))
        said.append(
            f"by {calm} in the calmest and {wild} in the wildest third of the bars,"
            f" by {up} after rises and {down} after falls"
        )
    for kind in Calendar:
        if kind.value in known:
            best = max(known[kind.value], key=lambda part: part.growth)
            said.append(
                f"the best {kind} was {_name(kind.value, best.label)} with"
                f" {expm1(best.growth):+.1%} on {best.n_bars:,} bars"
            )
    return f"{'; '.join(said)}. One group of many looks good or bad by chance alone."


def _percent(growth: Measured) -> str:
    return "nothing known" if isinstance(growth, Undefined) else f"{expm1(growth):+.1%}"


def _figures(known: dict[str, tuple[Part, ...]]) -> dict[str, Figure]:
    figures: dict[str, Figure] = {}
    for kind, parts in known.items():
        figures |= {f"{kind}_chart": _chart(kind, parts), kind: _table(kind, parts)}
    return figures


def _table(kind: str, parts: tuple[Part, ...]) -> Figure:
    headers = ["group", "bars", "growth", "mean a bar", "positive", "Sharpe a bar"]
    rows = [
        [
            _name(kind, part.label),
            part.n_bars,
            f"{expm1(part.growth):+.2%}",
            f"{part.mean:.2e}",
            f"{part.positive:.1%}",
            None if part.sharpe is None else round(part.sharpe, 4),
        ]
        for part in parts
    ]
    return table(f"By {kind}", headers, rows)


def _chart(kind: str, parts: tuple[Part, ...]) -> Figure:
    names = [_name(kind, part.label) for part in parts]
    return bars(f"Growth by {kind}", names, {"log growth": [round(p.growth, 9) for p in parts]})


def _name(kind: str, label: int) -> str:
    if label == UNKNOWN:
        return "before"
    names: dict[str, Callable[[int], str]] = {
        "volatility": lambda number: Volatility(number).name.lower(),
        "trend": lambda number: Trend(number).name.lower(),
        Calendar.MONTH.value: lambda number: _MONTHS[number - 1],
        Calendar.WEEKDAY.value: _WEEKDAYS.__getitem__,
        Calendar.HOUR.value: "{:02d}:00".format,
    }
    return names[kind](label)


_REGIMES: Final = {
    "volatility_low": ("volatility", Volatility.LOW),
    "volatility_middle": ("volatility", Volatility.MIDDLE),
    "volatility_high": ("volatility", Volatility.HIGH),
    "trend_down": ("trend", Trend.DOWN),
    "trend_up": ("trend", Trend.UP),
}

TOOL: Final = Tool(
    key="regimes",
    title="Regimes and calendar",
    question="In which markets, months, weekdays and hours was it earned?",
    subject=Subject.RUN,
    needs=Needs.FACTS,
    options=RegimeOptions,
    values=(
        Value("growth", "log growth"),
        Value("volatility_low", "log growth, calmest third"),
        Value("volatility_middle", "log growth, middle third"),
        Value("volatility_high", "log growth, wildest third"),
        Value("trend_down", "log growth after falls"),
        Value("trend_up", "log growth after rises"),
        *(
            Value(f"{kind}_{key}", f"log growth of the {key} {kind}")
            for kind in Calendar
            for key in ("best", "worst")
        ),
    ),
    examine=examine,
)
