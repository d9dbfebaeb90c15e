"""What the sets of a sweep earn out of sample on many histories: combinatorial purged splits."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np

from common.domain.bars import Floats
from portfolio.metrics import ratios
from research.examination.facts import SweepFacts, write_set
from research.examination.figures import Figure, histogram, table
from research.examination.options import option
from research.examination.tool import Finding, Form, Needs, Subject, Tool, Value
from research.validation.combinatorial import Split, purged_splits
from research.validation.day_matrix import DayMatrix
from research.validation.exceptions import NotComputable
from research.validation.gates import Measured, Undefined

_SHOWN: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitOptions:
    """How the days are grouped."""

    n_groups: int = option(8, "groups of consecutive days", low=2, high=50)
    n_test: int = option(3, "groups tested at a time", low=1, high=49)
    purge: int = option(5, "days left out on both sides of every test", low=0, high=3650)
    embargo: int = option(5, "days left out after those that follow a test", low=0, high=3650)


def examine(facts: SweepFacts, options: SplitOptions, seed: int) -> Finding:  # noqa: ARG001
    """Choose on every way to leave groups out, and look at those; nothing is random.

    Raises
    ------
    InvalidArgument
        If the days cannot be split so.
    """
    matrix = facts.matrix
    splits = purged_splits(
        len(matrix.day_ns),
        n_groups=options.n_groups,
        n_test=options.n_test,
        purge=options.purge,
        embargo=options.embargo,
    )
    try:
        chosen = [_choose(matrix.returns, split) for split in splits.splits]
    except NotComputable as e:
        values: dict[str, Measured] = {value.key: Undefined(e.detail) for value in TOOL.values}
        return Finding(values=values, sentence=f"Nothing can be chosen: {e.detail}.")
    paths = splits.path_returns([
        {group: matrix.returns[_slice(days), column] for group, days in _tested(split)}
        for split, (column, _) in zip(splits.splits, chosen, strict=True)
    ])
    return _finding(paths, chosen, matrix)


type _Chosen = list[tuple[int, float]]


def _choose(returns: Floats, split: Split) -> tuple[int, float]:
    # The column of the best set on the train, and its Sharpe ratio a year there.
    rows = np.concatenate([returns[_slice(days)] for days in split.train])
    found = ratios.sharpe(rows)
    if np.isnan(found).all():
        raise NotComputable(f"no set has a Sharpe ratio beside the groups {split.groups}")
    best = int(np.nanargmax(found))
    return best, float(found[best])


def _finding(paths: Floats, chosen: _Chosen, matrix: DayMatrix) -> Finding:
    sharpes = ratios.sharpe(paths.T)
    known = sharpes[np.isfinite(sharpes)]
    inside = float(np.mean([sharpe for _, sharpe in chosen]))
    totals = np.prod(1.0 + paths, axis=1) - 1.0
    missing = Undefined("no path has a Sharpe ratio: its returns do not vary")
    median: Measured = float(np.median(known)) if len(known) else missing
    values: dict[str, Measured] = {
        "paths": float(len(paths)),
        "splits": float(len(chosen)),
        "in_sample": inside,
        "sharpe_p05": float(np.quantile(known, 0.05)) if len(known) else missing,
        "sharpe_median": median,
        "sharpe_p95": float(np.quantile(known, 0.95)) if len(known) else missing,
        "share_losing": float(np.mean(known <= 0.0)) if len(known) else missing,
        "return_median": float(np.median(totals)),
        "choices": float(len({column for column, _ in chosen})),
    }
    sentence = (
        missing.reason
        if isinstance(median, Undefined)
        else f"Over {len(paths)} histories, every day of which was out of sample, the choice has"
        f" a Sharpe ratio of {median:.2f} a year in the median, where it was chosen one of"
        f" {inside:.2f}; {values['share_losing']:.0%} of the histories earn nothing for their"
        f" risk. In {len(chosen)} splits {len({c for c, _ in chosen})} sets were chosen."
    )
    return Finding(values=values, sentence=sentence, figures=_figures(known, chosen, matrix))


def _figures(known: Floats, chosen: _Chosen, matrix: DayMatrix) -> dict[str, Figure]:
    counts = Counter(column for column, _ in chosen).most_common(_SHOWN)
    rows = [[write_set(matrix.sets[column]), count] for column, count in counts]
    figures = {"choices": table("Sets chosen most often", ["set", "splits"], rows)}
    if len(known):
        title = "Sharpe ratio a year of the histories out of sample"
        figures["sharpes"] = histogram(title, known)
    return figures


def _tested(split: Split) -> list[tuple[int, range]]:
    return list(zip(split.groups, split.test, strict=True))


def _slice(days: range) -> slice:
    return slice(days.start, days.stop)


TOOL: Final = Tool(
    key="combinatorial",
    title="Combinatorial purged cross-validation",
    question="How is the choice spread out of sample over many histories instead of one?",
    subject=Subject.SWEEP,
    needs=Needs.DAYS,
    options=SplitOptions,
    values=(
        Value("paths", "histories", Form.COUNT),
        Value("splits", "splits", Form.COUNT),
        Value("in_sample", "Sharpe a year where it was chosen, mean"),
        Value("sharpe_p05", "Sharpe a year out of sample, 5 % quantile"),
        Value("sharpe_median", "Sharpe a year out of sample, median"),
        Value("sharpe_p95", "Sharpe a year out of sample, 95 % quantile"),
        Value("share_losing", "histories without a gain for their risk", Form.PERCENT),
        Value("return_median", "return out of sample, median", Form.PERCENT),
        Value("choices", "different sets chosen", Form.COUNT),
    ),
    examine=examine,
)
