"""From the numbers of a validation to its gates."""

from dataclasses import dataclass

from common.domain.enums import Comparison
from research.validation.gates import Gate, Measured, Undefined, Verdict
from research.validation.lookahead import LookAhead
from research.validation.thresholds import DEFAULTS, Thresholds


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The numbers of one strategy version; each may be undefined, with the reason.

    Parameters
    ----------
    round_trips
        Closed round trips out of sample.
    years
        Length of the out-of-sample period, years of 365 days.
    n_trials
        How many trials the version was chosen from, for the meaning of the next.
    deflated_sharpe
        As `deflated_sharpe_ratio` returns it, with that count.
    overfitting
        `Overfitting.pbo` of the trials.
    walk_forward_efficiency, walk_forward_windows
        `WalkForward.efficiency` and `WalkForward.positive_share`.
    doubled_costs
        Total return at twice the fees and slippage, a fraction.
    sharpe, delayed_sharpe
        Sharpe ratio as it is, and with every fill one bar later; in the same unit.
    neighbourhood
        `share_positive` of the neighbours.
    bootstrap
        Quantile of the bootstrapped total return, at the level of the thresholds, a fraction.
    parity
        Difference between engines without an admissible cause, fraction of equity, >= 0.
    look_ahead
        What the look-ahead test found.
    """

    round_trips: Measured
    years: Measured
    n_trials: int
    deflated_sharpe: Measured
    overfitting: Measured
    walk_forward_efficiency: Measured
    walk_forward_windows: Measured
    doubled_costs: Measured
    sharpe: Measured
    delayed_sharpe: Measured
    neighbourhood: Measured
    bootstrap: Measured
    parity: Measured
    look_ahead: LookAhead | Undefined


def verdict(evidence: Evidence, thresholds: Thresholds = DEFAULTS) -> Verdict:
    """Return all gates for the evidence.

    Parameters
    ----------
    evidence
        The numbers.
    thresholds
        What is asked of them.
    """
    return Verdict((
        sample(evidence.round_trips, evidence.years, thresholds),
        deflated_sharpe(evidence.deflated_sharpe, thresholds, n_trials=evidence.n_trials),
        overfitting(evidence.overfitting, thresholds),
        walk_forward_efficiency(evidence.walk_forward_efficiency, thresholds),
        walk_forward_windows(evidence.walk_forward_windows, thresholds),
        doubled_costs(evidence.doubled_costs, thresholds),
        delay(evidence.sharpe, evidence.delayed_sharpe, thresholds),
        neighbourhood(evidence.neighbourhood, thresholds),
        bootstrap(evidence.bootstrap, thresholds),
        parity(evidence.parity, thresholds),
        look_ahead(evidence.look_ahead),
    ))


def sample(round_trips: Measured, years: Measured, thresholds: Thresholds = DEFAULTS) -> Gate:
    """Return whether there is enough to judge: round trips, or years.

    Notes
    -----
    The gate shows the years where they suffice and the round trips do not, else the round trips.

    Examples
    --------
    >>> sample(12, 2.5).passed, sample(100, 0.5).passed, sample(99, 1.9).passed
    (True, True, False)
    """
    by_years = Gate(
        key="sample",
        subject="the length of the out-of-sample period in years",
        value=years,
        comparison=Comparison.AT_LEAST,
        threshold=thresholds.years,
        meaning=f"It stands for the {thresholds.round_trips} round trips there are not.",
    )
    by_trips = Gate(
        key="sample",
        subject="the number of closed round trips out of sample",
        value=round_trips,
        comparison=Comparison.AT_LEAST,
        threshold=thresholds.round_trips,
        meaning=f"Fewer prove nothing in less than {thresholds.years:g} years.",
    )
    return by_years if by_years.passed and not by_trips.passed else by_trips


def deflated_sharpe(value: Measured, thresholds: Thresholds = DEFAULTS, *, n_trials: int) -> Gate:
    """Return whether the Sharpe ratio exceeds what luck gives the best of so many trials."""
    return Gate(
        key="deflated_sharpe",
        subject="the deflated Sharpe ratio",
        value=value,
        comparison=Comparison.AT_LEAST,
        threshold=thresholds.deflated_sharpe,
        meaning=(
            "It is the probability that the true ratio is positive although the version is"
            f" the best of {n_trials} trials."
        ),
    )


def overfitting(value: Measured, thresholds: Thresholds = DEFAULTS) -> Gate:
    """Return whether the best of the past tends to stay above average."""
    return Gate(
        key="overfitting",
        subject="the probability of backtest overfitting",
        value=value,
        comparison=Comparison.AT_MOST,
        threshold=thresholds.overfitting,
        meaning=(
            "That often the best trial in one half of history is not above the median in the"
            " other; trials of noise have about 0.5."
        ),
    )


def walk_forward_efficiency(value: Measured, thresholds: Thresholds = DEFAULTS) -> Gate:
    """Return whether enough of the growth where it was chosen is left where it was not."""
    return Gate(
        key="walk_forward_efficiency",
        subject="the walk-forward efficiency",
        value=value,
        comparison=Comparison.AT_LEAST,
        threshold=thresholds.walk_forward_efficiency,
        meaning="It is the part of the growth on the trains that the tests kept.",
    )


def walk_forward_windows(value: Measured, thresholds: Thresholds = DEFAULTS) -> Gate:
    """Return whether it earned in most windows and not in one."""
    return Gate(
        key="walk_forward_windows",
        subject="the share of walk-forward windows that earned",
        value=value,
        comparison=Comparison.AT_LEAST,
        threshold=thresholds.walk_forward_windows,
        meaning="A few good windows may carry the total and not come again.",
    )


def doubled_costs(value: Measured, thresholds: Thresholds = DEFAULTS) -> Gate:
    """Return whether it earns at twice the costs."""
    return Gate(
        key="doubled_costs",
        subject="the total return at doubled costs",
        value=value,
        comparison=Comparison.ABOVE,
        threshold=thresholds.doubled_costs,
        meaning="Costs are estimates, and worse ones must not turn a gain into a loss.",
    )


def delay(sharpe: Measured, delayed: Measured, thresholds: Thresholds = DEFAULTS) -> Gate:
    """Return whether it survives fills that come one bar later.

    Examples
    --------
    >>> delay(2.0, 1.0).passed, delay(2.0, 0.9).passed, delay(-1.0, -0.9).passed
    (True, False, False)
    """
    return Gate(
        key="delay",
        subject="the part of the Sharpe ratio that is left one bar late",
        value=_kept(sharpe, delayed),
        comparison=Comparison.AT_LEAST,
        threshold=thresholds.delay,
        meaning="What lives on one certain bar is an artefact, or cannot be traded.",
    )


def neighbourhood(value: Measured, thresholds: Thresholds = DEFAULTS) -> Gate:
    """Return whether parameters near the chosen ones earn too."""
    return Gate(
        key="neighbourhood",
        subject="the share of neighbouring parameters that earn",
        value=value,
        comparison=Comparison.AT_LEAST,
        threshold=thresholds.neighbourhood,
        meaning="A lone peak of the parameter surface is a fit to the past.",
    )


def bootstrap(value: Measured, thresholds: Thresholds = DEFAULTS) -> Gate:
    """Return whether nearly all histories made of its own returns earn."""
    return Gate(
        key="bootstrap",
        subject=f"the {thresholds.bootstrap_level:.0%} quantile of the bootstrapped return",
        value=value,
        comparison=Comparison.ABOVE,
        threshold=thresholds.bootstrap,
        meaning="The same returns in other orders and mixtures must seldom lose.",
    )


def parity(value: Measured, thresholds: Thresholds = DEFAULTS) -> Gate:
    """Return whether the engines agree but for causes that are admissible."""
    return Gate(
        key="parity",
        subject="the unexplained difference between engines, as a fraction of equity,",
        # A difference of either sign is one.
        value=value if isinstance(value, Undefined) else abs(value),
        comparison=Comparison.AT_MOST,
        threshold=thresholds.parity,
        meaning="A result that depends on who computes it is none.",
    )


def look_ahead(found: LookAhead | Undefined) -> Gate:
    """Return whether no target and no indicator depends on a later bar."""
    if isinstance(found, Undefined):
        value: Measured = found
        meaning = "A backtest that knows the future proves nothing."
    else:
        leaks = [*([found.targets] if found.targets else []), *found.columns]
        value = float(len(leaks))
        meaning = (
            f"The first: {leaks[0]}."
            if leaks
            else f"Tried at {found.n_cuts} cuts, with {found.n_changes} changes of the target."
        )
    return Gate(
        key="look_ahead",
        subject="the number of targets and columns that depend on later bars",
        value=value,
        comparison=Comparison.AT_MOST,
        threshold=0.0,
        meaning=meaning,
    )


def _kept(sharpe: Measured, delayed: Measured) -> Measured:
    if isinstance(sharpe, Undefined):
        return sharpe
    if isinstance(delayed, Undefined):
        return delayed
    if not sharpe > 0.0:
        return Undefined(f"the Sharpe ratio itself is {sharpe:.6g}, so there is nothing to keep")
    return delayed / sharpe
