"""Surfaces small enough to be looked at, cell by cell."""

from typing import Any

import pytest

from common.data_pipeline.store import SeriesStore
from common.domain.errors import InvalidArgument
from research.domain.sweep import Objective
from research.selectors.sweep_bins import Binned, BinnedSurface, trials_at
from research.selectors.sweep_surfaces import Surface, read_surface
from research.tests.test_sweeps import question, sweep


def surface(*points: tuple[Any, Any, float | None]) -> Surface:
    return Surface.of(points, x="x", y="y", metric="sharpe")


class TestGroups:
    def test_are_of_nearly_equal_number(self) -> None:
        sizes = [len(Binned(tuple(range(120)), 50).members(group)) for group in range(50)]

        assert (sum(sizes), set(sizes)) == (120, {2, 3})

    def test_hold_each_value_once_and_in_order(self) -> None:
        binned = Binned((1, 2, 3, 4, 5, 6, 7), 3)

        assert [binned.members(group) for group in range(3)] == [(1, 2, 3), (4, 5), (6, 7)]
        assert binned.labels == ("1 to 3", "4 to 5", "6 to 7")

    def test_of_few_values_are_the_values(self) -> None:
        assert Binned.of(("a", "b"), most=50).labels == ("a", "b")


class TestFit:
    def test_leaves_2500_places_as_they_are(self) -> None:
        found = BinnedSurface.fit(surface(*((x, y, x + y) for x in range(100) for y in range(25))))

        assert not found.is_grouped
        assert (found.x.n_bins, found.y.n_bins, len(found.medians)) == (100, 25, 2_500)
        assert found.medians[99, 24] == 123

    def test_groups_more_and_takes_the_median_of_all_their_sets(self) -> None:
        # 102 by 51: the first group of x has 0, 1 and 2, and that of y has 0 and 1.
        found = BinnedSurface.fit(
            surface(*((x, y, 10.0 * x + y * y) for x in range(102) for y in range(51)))
        )

        assert found.is_grouped
        assert (found.x.n_bins, found.y.n_bins, len(found.medians)) == (50, 50, 2_500)
        assert (found.x.labels[0], found.x.labels[1]) == ("0 to 2", "3 to 4")
        assert (found.y.labels[0], found.y.labels[1]) == ("0 to 1", "2")
        # 0, 10, 20 and 1, 11, 21; then 4 above 30 and 40.
        assert found.medians[0, 0] == 10.5
        assert found.medians[1, 1] == 39.0

    def test_leaves_an_axis_of_few_values_alone(self) -> None:
        found = BinnedSurface.fit(surface(*((x, y, 1.0) for x in range(3) for y in range(1_000))))

        assert (found.x.n_bins, found.y.n_bins) == (3, 50)

    def test_groups_what_a_search_left_full_of_holes(self) -> None:
        # 40 values at 1,600 places make six by six groups, those on the diagonal with six or seven.
        found = BinnedSurface.fit(surface(*((x, x, float(x)) for x in range(40))))

        assert (found.x.n_bins, found.y.n_bins) == (6, 6)
        assert [*found.medians] == [(group, group) for group in range(6)]
        assert found.medians[0, 0] == 3.0

    def test_leaves_a_quarter_of_the_places_alone(self) -> None:
        quarter = [
            (x, y, 1.0 if x % 2 == y % 2 == 0 else None) for x in range(8) for y in range(8)
        ]

        assert not BinnedSurface.fit(surface(*quarter)).is_grouped
        assert BinnedSurface.fit(surface(*quarter[1:])).is_grouped

    def test_has_no_place_without_a_value(self) -> None:
        found = BinnedSurface.fit(surface((1, 1, 2.0), (1, 2, None), (2, 2, 4.0)))

        assert found.medians == {(0, 0): 2.0, (1, 1): 4.0}


class TestPlaces:
    @pytest.mark.parametrize("text", ["", "1", "1;2", "-1,0", "2,0", "0,2", "a,b", "0,0,0"])
    def test_that_there_are_not_are_refused(self, text: str) -> None:
        found = BinnedSurface.fit(surface((1, 1, 2.0), (2, 2, 4.0)))

        assert found.read_place("1,0") == (1, 0)
        with pytest.raises(InvalidArgument, match="the place is"):
            found.read_place(text)

    @pytest.mark.django_db
    @pytest.mark.both_databases
    @pytest.mark.engine("vectorbt")
    @pytest.mark.parametrize(("objective", "sign"), [("sharpe", -1), ("max_drawdown", 1)])
    def test_have_their_sets_the_best_first(
        self, store: SeriesStore, objective: str, sign: int
    ) -> None:
        asked = question(
            "fast=2,3", "slow=8,20,30", "allow_short=false", objective=Objective(objective)
        )
        done = sweep(store, asked)
        found = BinnedSurface.fit(read_surface(done, x="fast", y="allow_short", metric=objective))

        trials = trials_at(done, found, (1, 0), most=2)

        expected = [t for t in done.trials.all() if t.params["fast"] == 3]
        expected.sort(key=lambda trial: sign * (trial.value or 0.0))
        assert [trial.number for trial in trials] == [trial.number for trial in expected[:2]]
        assert len(expected) == 3
