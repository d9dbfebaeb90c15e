"""Tools that look at the sets of a sweep: what they catch, and what they keep."""

from math import log
from typing import Any

import numpy as np
import pytest

from common.domain.bars import Floats
from common.domain.errors import InvalidArgument
from portfolio.metrics.daily import DAY_NS
from research.examination import best_deflated_sharpe, combinatorial, overfitting, walk_forward
from research.examination.facts import SweepFacts, TrialFacts
from research.examination.tests.making import MONDAY_NS
from research.examination.tool import Finding
from research.validation.day_matrix import DayMatrix
from research.validation.splits import Training
from trading.strategies.parameters import Value

DAYS = 600


def swept(
    *columns: Floats, best: int | None = 0, sets: tuple[dict[str, Value], ...] = ()
) -> SweepFacts:
    """Return a sweep with these daily returns, over one parameter unless sets are given."""
    n_days = len(columns[0])
    period: tuple[dict[str, Value], ...] = tuple({"period": 10 * n} for n in range(1, 100))
    sharpes = np.array([each.mean() / (each.std(ddof=1) or np.nan) for each in columns])
    return SweepFacts(
        matrix=DayMatrix(
            numbers=tuple(range(len(columns))),
            sets=sets or period[: len(columns)],
            returns=np.column_stack(columns),
            round_trips=np.ones((n_days, len(columns)), np.int32),
            day_ns=MONDAY_NS + np.arange(n_days) * DAY_NS,
        ),
        best=best,
        trials=TrialFacts(count=len(columns), sharpes=sharpes),
    )


def noise(seed: int, sets: int = 20) -> SweepFacts:
    draws = np.random.default_rng(seed).normal(0.0, 0.01, (DAYS, sets))
    # Nothing is earned by anyone over the whole.
    columns = [*(draws - draws.mean(axis=0)).T]
    return swept(*columns, best=0)


def edge(seed: int, sets: int = 20) -> SweepFacts:
    """Return sets of noise of which the fourth earns all the time."""
    draws = np.random.default_rng(seed).normal(0.0, 0.01, (DAYS, sets))
    draws[:, 3] += 0.003
    return swept(*draws.T, best=3)


def fitted(*sets: dict[str, Value]) -> SweepFacts:
    """Return six sets of which each earns on a stretch of its own and loses on the others."""
    wobble = np.tile([0.001, -0.001], DAYS // 2)
    turn = np.arange(DAYS) // (DAYS // 6)
    return swept(*(np.where(turn == n, 0.01, -0.004) + wobble for n in range(6)), sets=sets)


def find(module: Any, facts: SweepFacts, **options: Any) -> Finding:
    tool = module.TOOL
    found: Finding = tool.find(facts, tool.options(**options), 0)
    return found


class TestWalkForward:
    def test_keeps_an_edge(self) -> None:
        found = find(walk_forward, edge(1))

        assert found.passed is True
        assert found.numbers["efficiency"] > 0.5
        assert [row[4] for row in found.figures["windows"]["rows"]] == ["period=40"] * 6
        assert (found.numbers["unchanged"], found.numbers["step"]) == (1.0, 0.0)

    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_rejects_noise(self, seed: int) -> None:
        assert find(walk_forward, noise(seed)).passed is False

    def test_rejects_what_was_fitted_to_the_past(self) -> None:
        found = find(walk_forward, fitted(), train_days=100, n_windows=5, purge=0, embargo=0)

        # What was best on each hundred days loses on the next.
        assert (found.passed, found.numbers["share_positive"]) == (False, 0.0)
        assert found.numbers["train_growth"] > 0.0 > found.numbers["efficiency"]
        assert found.numbers["unchanged"] == 0.0
        # Steps of 10 between 10, 20, 30, 40, 50, whose mean is 30.
        assert found.numbers["step"] == pytest.approx(1 / 3)

    def test_growth_is_that_of_the_logarithm_in_a_year(self) -> None:
        found = find(walk_forward, swept(np.tile([0.02, -0.01], 60)), n_windows=2)

        yearly = 365 * (log(1.02) + log(0.99)) / 2
        assert found.numbers["train_growth"] == pytest.approx(yearly)
        assert found.numbers["test_growth"] == pytest.approx(yearly)
        assert found.numbers["efficiency"] == pytest.approx(1.0)

    def test_stability_is_of_parameters_that_vary(self) -> None:
        sets: list[dict[str, Value]] = [
            {"fast": 10, "slow": 100 + n, "side": "long"} for n in range(6)
        ]
        sets[0]["fast"] = sets[2]["fast"] = 30
        found = find(walk_forward, fitted(*sets), train_days=100, n_windows=5, purge=0, embargo=0)

        # 30 10 30 10 10 keeps one of four, 100 to 104 none; the side never varies.
        assert found.numbers["unchanged"] == 0.125
        # Three steps of 20 in four, over a mean of 18; those of the other are a hundredth.
        assert found.numbers["step"] == pytest.approx(15 / 18)

    def test_anchored_windows_choose_on_all_that_is_past(self) -> None:
        rolling = find(walk_forward, fitted(), train_days=100, training=Training.ROLLING)
        anchored = find(walk_forward, fitted(), train_days=100, training=Training.ANCHORED)

        def trains(found: Finding) -> set[str]:
            return {row[0][:10] for row in found.figures["windows"]["rows"]}

        assert trains(anchored) == {"2024-01-01"}
        assert len(trains(rolling)) == 6

    def test_purge_and_embargo_lie_between(self) -> None:
        found = find(walk_forward, edge(1), train_days=100, purge=3, embargo=4, n_windows=1)

        (row,) = found.figures["windows"]["rows"]
        # A hundred days from Jan 1 end on Apr 9; the 7 after it are in neither.
        assert row[:2] == ["2024-01-01 to 2024-04-09", "2024-04-17 to 2025-08-22"]

    def test_counts_what_ended_out_of_sample(self) -> None:
        found = find(walk_forward, edge(1), train_days=100, purge=0, embargo=0)

        assert found.numbers["round_trips"] == DAYS - 100

    def test_too_few_days_do_not_pass(self) -> None:
        found = find(walk_forward, swept(np.tile([0.01, -0.01], 6)))

        assert found.passed is False
        assert "at least 6 needed" in found.undefined["efficiency"]


class TestCombinatorial:
    def test_keeps_an_edge_and_rejects_noise(self) -> None:
        kept, none = find(combinatorial, edge(2)), find(combinatorial, noise(2))

        assert kept.numbers["sharpe_p05"] > 2.0
        assert (kept.numbers["share_losing"], kept.numbers["choices"]) == (0.0, 1.0)
        assert none.numbers["share_losing"] > 0.5
        assert none.numbers["in_sample"] > none.numbers["sharpe_p95"]
        assert (kept.passed, none.passed) == (None, None)

    def test_every_path_of_the_only_set_is_its_history(self) -> None:
        days = np.random.default_rng(5).normal(0.001, 0.01, 120)
        found = find(combinatorial, swept(days), n_groups=6, n_test=2, purge=0, embargo=0)

        # C(6, 2) splits, and each group is tested in C(5, 1) of them.
        assert (found.numbers["splits"], found.numbers["paths"]) == (15.0, 5.0)
        sharpe = days.mean() / days.std(ddof=1) * np.sqrt(365)
        assert found.numbers["sharpe_p05"] == pytest.approx(sharpe)
        assert found.numbers["return_median"] == pytest.approx(np.prod(1 + days) - 1)

    def test_splits_that_leave_nothing_are_refused(self) -> None:
        with pytest.raises(InvalidArgument, match="leave nothing to choose on"):
            find(combinatorial, edge(1), purge=400)
        with pytest.raises(InvalidArgument, match="n_test is 8"):
            find(combinatorial, edge(1), n_test=8)

    def test_sets_that_never_trade_are_none_to_choose(self) -> None:
        found = find(combinatorial, swept(np.zeros(120), np.zeros(120)))

        assert "no set has a Sharpe ratio" in found.undefined["sharpe_median"]


class TestOverfitting:
    def test_keeps_an_edge(self) -> None:
        found = find(overfitting, edge(3))

        assert (found.passed, found.numbers["pbo"] < 0.05) == (True, True)
        assert (found.numbers["sets"], found.numbers["combinations"]) == (20.0, 12_870.0)

    def test_noise_lies_near_one_half(self) -> None:
        draws = np.random.default_rng(1).normal(0.0, 0.01, (16, DAYS, 20))
        found = [find(overfitting, swept(*each.T), n_blocks=10) for each in draws]

        probabilities = [each.numbers["pbo"] for each in found]
        assert 0.35 < np.mean(probabilities) < 0.65
        assert sum(bool(each.passed) for each in found) <= 4

    def test_sets_of_which_none_earns_over_the_whole_are_rejected(self) -> None:
        # What they gained in one half they lost in the other.
        assert find(overfitting, noise(1)).numbers["pbo"] > 0.95

    def test_what_was_fitted_to_the_past_is_rejected(self) -> None:
        found = find(overfitting, fitted(), n_blocks=6)

        assert (found.passed, found.numbers["pbo"] > 0.5) == (False, True)
        assert found.numbers["in_sample"] > found.numbers["out_of_sample"]

    def test_one_set_is_no_choice(self) -> None:
        found = find(overfitting, swept(np.tile([0.01, -0.005], 60)))

        assert (found.passed, "at least 2 needed" in found.undefined["pbo"]) == (False, True)

    def test_an_odd_number_of_blocks_is_refused(self) -> None:
        with pytest.raises(InvalidArgument, match="n_blocks is 5, must be even"):
            find(overfitting, edge(1), n_blocks=5)


class TestBestDeflatedSharpe:
    def test_keeps_an_edge_and_rejects_the_best_of_noise(self) -> None:
        kept = find(best_deflated_sharpe, edge(4))
        none = noise(4)
        best = int(np.nanargmax(none.trials.sharpes))
        lucky = SweepFacts(matrix=none.matrix, best=best, trials=none.trials)

        assert (kept.passed, find(best_deflated_sharpe, lucky).passed) == (True, False)
        assert kept.sentence.startswith("Of period=40: the deflated Sharpe ratio is")
        assert kept.numbers["n_trials"] == 20

    def test_trials_made_elsewhere_count(self) -> None:
        found = find(best_deflated_sharpe, edge(4), prior_trials=80)

        assert found.numbers["n_trials"] == 100

    def test_a_sweep_in_which_none_may_rank_does_not_pass(self) -> None:
        found = find(best_deflated_sharpe, swept(np.zeros(50), best=None))

        assert found.passed is False
        assert found.undefined["dsr"] == "none of the sets that were executed may rank"
