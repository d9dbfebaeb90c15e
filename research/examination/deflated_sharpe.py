"""What the Sharpe ratio of a run is worth, given its error and all that was tried."""

from dataclasses import dataclass
from math import ceil, sqrt
from typing import Final

from common.domain.bars import Floats
from portfolio.metrics.returns import YEAR_DAYS
from research.examination.facts import RunFacts, TrialFacts
from research.examination.figures import Figure, lines
from research.examination.options import option
from research.examination.tool import Finding, Form, Needs, Subject, Tool, Value
from research.validation.deflation import (
    deflated_sharpe_ratio,
    expected_maximum_sharpe,
    trial_variance,
)
from research.validation.exceptions import NotComputable
from research.validation.gates import Measured, Undefined, measured
from research.validation.judging import deflated_sharpe as deflated_gate
from research.validation.sharpe import (
    SharpeEstimate,
    estimate,
    minimum_track_record_length,
    per_period,
    probabilistic_sharpe_ratio,
)
from research.validation.thresholds import DEFAULTS, Thresholds

_CURVE: Final = (2, 5, 10, 20, 50, 100, 200, 500, 1_000, 10_000, 100_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeflationOptions:
    """Against what, how sure, and what was tried elsewhere."""

    prior_trials: int = option(
        0, "trials made elsewhere, added to the ledger's", low=0, high=10**9
    )
    benchmark: float = option(
        0.0, "Sharpe ratio a year that must be exceeded, for all but the deflated one",
        low=-100, high=100,
    )  # fmt: skip
    confidence: float = option(
        0.95, "how sure the track record must make it", low=0.501, high=0.9999
    )


def examine(facts: RunFacts, options: DeflationOptions, seed: int) -> Finding:  # noqa: ARG001
    """Deflate the Sharpe ratio of a run; nothing is drawn at random."""
    return deflate(facts.daily, facts.trials, options, thresholds=facts.thresholds)


def deflate(
    returns: Floats,
    trials: TrialFacts,
    options: DeflationOptions,
    *,
    thresholds: Thresholds = DEFAULTS,
) -> Finding:
    """Return what a Sharpe ratio is worth.

    Parameters
    ----------
    returns : ndarray of float64, shape (n_days,)
        Daily returns of what was chosen.
    trials
        What it was chosen from.
    options
        How it is looked at.
    thresholds
        What is asked of it.
    """
    n_trials = trials.count + options.prior_trials
    try:
        of = estimate(returns)
    except NotComputable as e:
        values = undefined(Undefined(e.detail), days=len(returns), n_trials=n_trials)
        gate = deflated_gate(values["dsr"], thresholds, n_trials=n_trials)
        return Finding.judged(values, gate)
    year = sqrt(YEAR_DAYS)
    benchmark = per_period(options.benchmark, periods_per_year=YEAR_DAYS)
    variance = measured(lambda: trial_variance(trials.sharpes))
    values = {
        "days": float(of.n_periods),
        "sharpe": of.sharpe * year,
        "skew": of.skew,
        "kurtosis": of.kurtosis,
        "psr": measured(lambda: probabilistic_sharpe_ratio(of, benchmark=benchmark)),
        "track_record_days": measured(
            lambda: minimum_track_record_length(
                of, benchmark=benchmark, confidence=options.confidence
            )
        ),
        "n_trials": float(n_trials),
        **_deflated(of, variance, n_trials),
    }
    return Finding.judged(
        values,
        deflated_gate(values["dsr"], thresholds, n_trials=n_trials),
        further=_track_record(values, options),
        figures=_curve(of, variance),
    )


def _deflated(of: SharpeEstimate, variance: Measured, n_trials: int) -> dict[str, Measured]:
    if isinstance(variance, Undefined):
        return dict.fromkeys(("trial_deviation", "luck", "dsr"), variance)
    year = sqrt(YEAR_DAYS)
    return {
        "trial_deviation": sqrt(variance) * year,
        "luck": measured(lambda: expected_maximum_sharpe(n_trials, variance=variance) * year),
        "dsr": measured(lambda: deflated_sharpe_ratio(of, n_trials=n_trials, variance=variance)),
    }


def _track_record(values: dict[str, Measured], options: DeflationOptions) -> str:
    needed, days = values["track_record_days"], values["days"]
    if isinstance(needed, Undefined) or isinstance(days, Undefined):
        return ""
    return (
        f" Were it the only trial, {ceil(needed):,} days would show at"
        f" {options.confidence:.0%} that it exceeds {options.benchmark:g} a year; there are"
        f" {days:,.0f}."
    )


def _curve(of: SharpeEstimate, variance: Measured) -> dict[str, Figure]:
    if isinstance(variance, Undefined):
        return {}
    points = {
        n: measured(lambda n=n: deflated_sharpe_ratio(of, n_trials=n, variance=variance))  # type: ignore[misc]
        for n in _CURVE
    }
    series = [None if isinstance(each, Undefined) else each for each in points.values()]
    title = "Deflated Sharpe ratio by the number of trials"
    return {"trials": lines(title, [f"{n:,}" for n in points], {"deflated Sharpe": series})}


def undefined(missing: Undefined, *, days: int, n_trials: int) -> dict[str, Measured]:
    """Return the values of what has no Sharpe ratio, or is not there."""
    values: dict[str, Measured] = {value.key: missing for value in VALUES}
    return values | {"days": float(days), "n_trials": float(n_trials)}


VALUES: Final = (
    Value("days", "daily returns", Form.COUNT),
    Value("sharpe", "Sharpe a year"),
    Value("skew", "skewness"),
    Value("kurtosis", "kurtosis (normal: 3)"),
    Value("psr", "probability that it exceeds the benchmark", Form.PERCENT),
    Value("track_record_days", "days needed to be sure of it", Form.COUNT),
    Value("n_trials", "trials", Form.COUNT),
    Value("trial_deviation", "deviation of the trials' Sharpe a year"),
    Value("luck", "best Sharpe a year by luck alone"),
    Value("dsr", "deflated Sharpe ratio", Form.PERCENT),
)

TOOL: Final = Tool(
    key="deflated_sharpe",
    title="Deflated Sharpe ratio",
    question="Is the Sharpe ratio more than its own error and the number of trials explain?",
    subject=Subject.RUN,
    needs=Needs.FACTS,
    options=DeflationOptions,
    values=VALUES,
    examine=examine,
)
