"""The charts of a validation, from the figures it was written with."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np

from research.models import Validation
from research.selectors.chart_shapes import (
    GREY,
    MAIN,
    MARK,
    SECOND,
    Chart,
    Points,
    area,
    axes,
    dashed,
    line,
    outline,
    upright,
)
from research.selectors.charts import thin

type Gates = Mapping[str, Mapping[str, Any]]

_POINTS: Final = 400
EQUITY: Final = "Equity in sample and out of sample"
DEFLATION: Final = "Deflated Sharpe ratio against the number of trials"
LOGITS: Final = "Rank out of sample of the best set in sample, as logits"
DRAWDOWNS: Final = "Maximum drawdowns of resampled histories"


def validation_charts(validation: Validation) -> list[Chart]:
    """Return the four charts; one that has nothing to draw says why."""
    figures: dict[str, Any] = validation.figures
    gates = {gate["name"]: gate for gate in validation.gates}
    return [
        equity_chart(figures, gates),
        deflation_chart(figures, gates),
        logits_chart(figures, gates),
        drawdown_chart(figures, gates),
    ]


def equity_chart(figures: Mapping[str, Any], gates: Gates) -> Chart:
    """Return the growth of 1 of the chosen set, and of what the windows chose.

    The second starts where the first is on the last day before the tests, so that both are
    compared over the same days.
    """
    days: list[str] = figures.get("days") or []
    if not days:
        return _missing(EQUITY, gates["walk_forward_efficiency"])
    equity, tested = figures["equity"], figures.get("out_of_sample") or []
    total = f"In sample, over all {len(days):,} days, the chosen set made {equity[-1] - 1:+.2%}."
    series = [line("in sample: the chosen set", _curve(days, equity), MAIN)]
    if tested:
        first = len(days) - len(tested)
        base = equity[first - 1]
        out = [base, *(base * value for value in tested)]
        marks = _windows(figures["windows"], low=min(*equity, *out), high=max(*equity, *out))
        series += [
            line("out of sample: chosen on earlier days", _curve(days[first - 1 :], out), SECOND),
            dashed("a window begins", marks, GREY),
        ]
        total += (
            f" Out of sample, from {days[first]} on, what each window chose on earlier days made"
            f" {tested[-1] - 1:+.2%}; the chosen set, for which these days spoke too, made"
            f" {equity[-1] / base - 1:+.2%} on them."
        )
    else:
        total += f" Out of sample: {_sentence(gates['walk_forward_efficiency'])}"
    options = axes("day (UTC)", "growth of 1", x_type="category")
    return Chart.of(EQUITY, *series, options=options, labels=days, caption=total)


def deflation_chart(figures: Mapping[str, Any], gates: Gates) -> Chart:
    """Return the deflated Sharpe ratio for any number of trials, and for those there were."""
    gate = gates["deflated_sharpe"]
    found = figures.get("deflation") or {}
    if not found.get("curve"):
        return _missing(DEFLATION, gate)
    n_trials, needed = found["n_trials"], gate["threshold"]
    known = {point["n_trials"]: point["dsr"] for point in found["curve"]}
    if gate["value"] is not None:
        known[n_trials] = gate["value"]
    curve: Points = [{"x": n, "y": known[n]} for n in sorted(known)]
    ends = sorted({curve[0]["x"], curve[-1]["x"], n_trials})
    level = [{"x": ends[0], "y": needed}, {"x": ends[-1], "y": needed}]
    caption = f"The more was tried, the more luck alone gives the best. {_sentence(gate)}"
    for before, after in pairwise(curve):
        if before["y"] >= needed > after["y"]:
            caption += (
                f" It falls below {needed:g} between {before['x']:,} and {after['x']:,} trials."
            )
    return Chart.of(
        DEFLATION,
        line("deflated Sharpe ratio", curve, MAIN),
        dashed(f"needed: {needed:g}", level, SECOND),
        dashed(f"trials counted: {n_trials:,}", upright(n_trials, low=0.0, high=1.0), MARK),
        options=axes(
            "number of trials (logarithmic)", "probability", x_type="logarithmic", min=0, max=1
        ),
        caption=caption,
    )


def logits_chart(figures: Mapping[str, Any], gates: Gates) -> Chart:
    """Return how the best set of one half of the days ranks in the other."""
    found = figures.get("overfitting")
    if not found:
        return _missing(LOGITS, gates["overfitting"])
    edges, counts = found["logits"]["edges"], found["logits"]["counts"]
    zero = upright(0.0, low=0, high=max(counts))
    return Chart.of(
        LOGITS,
        area("splits of the days", outline(edges, counts)),
        dashed("median rank", zero, SECOND),
        options=axes("logit of the relative rank; 0 is the median", "splits"),
        caption=(
            f"Of {sum(counts):,} splits of the days into halves, {found['pbo']:.2%} are at or left"
            " of the line: the best set of one half was not above the median in the other. It lost"
            f" there in {found['probability_of_loss']:.2%}."
        ),
    )


def drawdown_chart(figures: Mapping[str, Any], gates: Gates) -> Chart:
    """Return how deep histories fall that are made of blocks of the chosen set's days."""
    found = figures.get("drawdowns")
    if not found:
        return _missing(DRAWDOWNS, gates["bootstrap"])
    counts, observed = found["counts"], found["observed"]
    quantiles = figures["bootstrap"]["max_drawdown"]
    median, deep = quantiles["0.5"], quantiles["0.95"]
    high = max(counts)
    return Chart.of(
        DRAWDOWNS,
        area("resampled histories", outline([100 * edge for edge in found["edges"]], counts)),
        dashed("observed", upright(100 * observed, low=0, high=high), SECOND),
        dashed("95 % quantile", upright(100 * deep, low=0, high=high), MARK),
        options=axes("maximum drawdown, %", "histories"),
        caption=(
            f"Of {sum(counts):,} histories made of blocks of the chosen set's daily returns, half"
            f" fell by {median:.2%} or more and one in twenty by {deep:.2%} or more. The one that"
            f" was observed fell by {observed:.2%}."
        ),
    )


def _missing(title: str, gate: Mapping[str, Any]) -> Chart:
    if gate["value"] is None:
        return Chart.missing(title, reason=_sentence(gate))
    return Chart.missing(
        title, reason="The version that wrote this verdict kept no figures of it."
    )


def _sentence(gate: Mapping[str, Any]) -> str:
    text: str = gate["sentence"]
    return text[:1].upper() + text[1:]


def _curve(days: Sequence[str], values: Sequence[float]) -> Points:
    places, kept = thin(np.arange(len(values)), np.array(values), _POINTS)
    pairs = zip(places.tolist(), kept.tolist(), strict=True)
    return [{"x": days[place], "y": value} for place, value in pairs]


def _windows(windows: Sequence[Mapping[str, Any]], *, low: float, high: float) -> Points:
    """Return an upright line at the beginning of each test, with gaps between them."""
    return [
        point
        for day in (window["test"]["start"][:10] for window in windows)
        for point in (*upright(day, low=low, high=high), {"x": day, "y": None})
    ]
