"""The charts of a validation, point by point."""

import json
from typing import Any

import numpy as np
import pytest

from portfolio.metrics.daily import DAY_NS
from research.selectors.chart_shapes import Chart
from research.selectors.sweep_charts import distribution_chart
from research.selectors.validation_charts import (
    deflation_chart,
    drawdown_chart,
    equity_chart,
    logits_chart,
)
from research.services.validation_figures import describe_days, describe_histogram
from research.services.validation_returns import judge_returns
from research.tests.test_validate_days import matrix
from research.tests.validating import asked, gate
from research.validation.bootstrap import bootstrap, max_drawdown
from research.validation.distribution import Distribution
from research.validation.gates import KEYS

GATES = {name: gate(name) for name in KEYS}
DAYS = [f"2020-01-0{day}" for day in range(1, 7)]


def points(chart: Chart) -> dict[str, list[tuple[Any, Any]]]:
    """Return the points of each series by its label."""
    return {
        series["label"]: [(point["x"], point["y"]) for point in series["data"]]
        for series in json.loads(chart.data)["datasets"]
    }


def axis(chart: Chart) -> tuple[str, str]:
    x = json.loads(chart.options)["scales"]["x"]
    return x["type"], x["title"]["text"]


class TestEquity:
    def test_starts_out_of_sample_where_the_chosen_set_is(self) -> None:
        windows = [{"test": {"start": f"{DAYS[place]}T00:00:00Z"}} for place in (3, 5)]
        equity = [1.1, 1.2, 0.5, 1.8, 1.5, 2.0]
        figures = {
            "days": DAYS,
            "equity": equity,
            "out_of_sample": [0.5, 1.0, 1.5],
            "windows": windows,
        }

        chart = equity_chart(figures, GATES)

        assert points(chart) == {
            "in sample: the chosen set": list(zip(DAYS, equity, strict=True)),
            "out of sample: chosen on earlier days": list(
                zip(DAYS[2:], [0.5, 0.25, 0.5, 0.75], strict=True)
            ),
            "a window begins": [
                (DAYS[3], 0.25), (DAYS[3], 2.0), (DAYS[3], None),
                (DAYS[5], 0.25), (DAYS[5], 2.0), (DAYS[5], None),
            ],
        }  # fmt: skip
        assert json.loads(chart.data)["labels"] == DAYS
        assert axis(chart) == ("category", "day (UTC)")
        assert "over all 6 days, the chosen set made +100.00%" in chart.caption
        assert "from 2020-01-04 on, what each window chose" in chart.caption
        assert "made +50.00%; the chosen set" in chart.caption
        assert "made +300.00% on them" in chart.caption

    def test_says_why_there_is_nothing_out_of_sample(self) -> None:
        gates = {**GATES, "walk_forward_efficiency": gate("walk", None, sentence="too short.")}

        chart = equity_chart({"days": DAYS[:2], "equity": [1.1, 0.9]}, gates)

        assert [*points(chart)] == ["in sample: the chosen set"]
        assert chart.caption.endswith("made -10.00%. Out of sample: Too short.")


class TestDeflation:
    CURVE = ({"n_trials": 2, "dsr": 0.99}, {"n_trials": 100, "dsr": 0.9})

    def chart(self, n_trials: int) -> Chart:
        figures = {"deflation": {"n_trials": n_trials, "curve": self.CURVE}}
        gates = {**GATES, "deflated_sharpe": gate("deflated_sharpe", 0.94, threshold=0.95)}
        return deflation_chart(figures, gates)

    def test_has_the_trials_there_were_and_what_is_needed(self) -> None:
        chart = self.chart(20)

        assert points(chart) == {
            "deflated Sharpe ratio": [(2, 0.99), (20, 0.94), (100, 0.9)],
            "needed: 0.95": [(2, 0.95), (100, 0.95)],
            "trials counted: 20": [(20, 0.0), (20, 1.0)],
        }
        assert axis(chart) == ("logarithmic", "number of trials (logarithmic)")
        assert chart.caption.endswith("falls below 0.95 between 2 and 20 trials.")

    def test_reaches_as_far_as_the_trials(self) -> None:
        found = points(self.chart(100_000))

        assert found["needed: 0.95"] == [(2, 0.95), (100_000, 0.95)]
        assert found["trials counted: 100,000"][0] == (100_000, 0.0)


class TestHistograms:
    def test_of_the_logits_has_the_line_of_the_median(self) -> None:
        found = {
            "pbo": 0.25,
            "probability_of_loss": 0.125,
            "logits": {"edges": [-1.0, 0.0, 1.0], "counts": [2, 6]},
        }

        chart = logits_chart({"overfitting": found}, GATES)

        assert points(chart) == {
            "splits of the days": [
                (-1.0, 0), (-1.0, 2), (0.0, 2), (0.0, 6), (1.0, 6), (1.0, 0),
            ],
            "median rank": [(0.0, 0), (0.0, 6)],
        }  # fmt: skip
        assert "Of 8 splits of the days into halves, 25.00% are" in chart.caption
        assert chart.caption.endswith("in 12.50%.")

    def test_of_drawdowns_has_the_observed_one_in_percent(self) -> None:
        figures = {
            "drawdowns": {"edges": [0.25, 0.5, 0.75], "counts": [3, 1], "observed": 0.375},
            "bootstrap": {"max_drawdown": {"0.5": 0.4375, "0.95": 0.625}},
        }

        chart = drawdown_chart(figures, GATES)

        assert points(chart) == {
            "resampled histories": [(25, 0), (25, 3), (50, 3), (50, 1), (75, 1), (75, 0)],
            "observed": [(37.5, 0), (37.5, 3)],
            "95 % quantile": [(62.5, 0), (62.5, 3)],
        }
        assert "half fell by 43.75% or more and one in twenty by 62.50% or more" in chart.caption
        assert chart.caption.endswith("observed fell by 37.50%.")

    def test_of_an_objective_has_the_best_and_the_median(self) -> None:
        # Four different values make two bins.
        chart = distribution_chart("s", metric="sharpe", values=[0, 1, 1, 3, 4], best=(7, 4.0))

        assert points(chart) == {
            "sets": [(0, 0), (0, 3), (2, 3), (2, 2), (4, 2), (4, 0)],
            "median": [(1, 0), (1, 3)],
            "best: set 7": [(4, 0), (4, 3)],
        }
        assert chart.caption.startswith("The median of 5 sets is 1, the best, set 7, has 4.")


class TestMissing:
    @pytest.mark.parametrize(
        ("draw", "name"),
        [
            (equity_chart, "walk_forward_efficiency"),
            (deflation_chart, "deflated_sharpe"),
            (logits_chart, "overfitting"),
            (drawdown_chart, "bootstrap"),
        ],
    )
    def test_says_why(self, draw: Any, name: str) -> None:
        gates = {**GATES, name: gate(name, None, sentence="the reason is this.")}

        chart = draw({}, gates)

        assert (chart.data, chart.caption) == ("", "The reason is this.")
        # A gate with a value is no reason.
        assert "kept no figures" in draw({}, GATES).caption


class TestFigures:
    def test_count_values_between_edges(self) -> None:
        found = describe_histogram(Distribution.of(range(80)), observed=3.0)

        assert found["edges"][:2] == [0.0, 1.975]
        assert (len(found["edges"]), found["counts"]) == (41, [2] * 40)
        assert found["observed"] == 3.0

    def test_name_the_days_that_there_are(self) -> None:
        days = matrix([0.0, 0.1, 0.2])
        assert describe_days(days) == ["1970-01-01", "1970-01-02", "1970-01-03"]
        assert days.day_ns[-1] == 2 * DAY_NS

    def test_draw_the_drawdowns_of_the_histories_of_the_gate(self) -> None:
        returns = np.random.default_rng(3).normal(0.0, 0.02, 200)

        figures = judge_returns(
            matrix(returns), chosen=returns, question=asked("fast=2,3", "slow=8"), level=0.05
        ).figures

        drawn = bootstrap(returns, max_drawdown, rng=np.random.default_rng(0))
        found = figures["drawdowns"]
        assert found["counts"] == np.histogram(drawn.values, bins=40)[0].tolist()
        assert (found["edges"][0], found["edges"][-1]) == (drawn.values.min(), drawn.values.max())
        marks = np.cumprod(np.concatenate([[1.0], 1.0 + returns]))
        assert found["observed"] == pytest.approx(
            (1.0 - marks / np.maximum.accumulate(marks)).max(), rel=1e-12
        )
