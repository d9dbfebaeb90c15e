"""The front against pairwise comparison and against Optuna's own."""

import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.errors import InvalidArgument
from research.search.pareto import pareto_front

# Few values, so that sets tie in one objective or in all.
FEW = st.sampled_from([-2.0, -1.0, 0.0, 0.5, 3.0])
UNKNOWN = st.sampled_from([float("nan"), float("inf"), float("-inf")])


@st.composite
def reached(draw: st.DrawFn, *, unknown: bool) -> tuple[list[list[float]], tuple[int, ...]]:
    signs = tuple(draw(st.lists(st.sampled_from([1, -1]), min_size=1, max_size=3)))
    value = st.one_of(FEW, UNKNOWN) if unknown else FEW
    rows = st.lists(value, min_size=len(signs), max_size=len(signs))
    return draw(st.lists(rows, min_size=1, max_size=12)), signs


def beats(a: list[float], b: list[float], signs: tuple[int, ...]) -> bool:
    gains = [sign * (x - y) for x, y, sign in zip(a, b, signs, strict=True)]
    return min(gains) >= 0 and max(gains) > 0


class TestParetoFront:
    @given(reached(unknown=True))
    def test_is_every_known_set_that_none_beats(
        self, case: tuple[list[list[float]], tuple[int, ...]]
    ) -> None:
        rows, signs = case
        known = [row for row in rows if np.isfinite(row).all()]

        found = pareto_front(np.array(rows), signs)

        expected = [row in known and not any(beats(o, row, signs) for o in known) for row in rows]
        assert found.tolist() == expected

    @given(reached(unknown=False))
    def test_is_what_optuna_finds(self, case: tuple[list[list[float]], tuple[int, ...]]) -> None:
        rows, signs = case
        study = optuna.create_study(
            directions=["maximize" if sign > 0 else "minimize" for sign in signs]
        )
        study.add_trials([optuna.trial.create_trial(values=row) for row in rows])

        found = np.flatnonzero(pareto_front(np.array(rows), signs)).tolist()

        best = {trial.number for trial in study.best_trials}
        # Of one objective Optuna names one best trial, of several all that tie.
        assert set(found) == best if len(signs) > 1 else best <= set(found)

    def test_turns_with_the_signs(self) -> None:
        values = np.array([[1.0, 1.0], [2.0, 2.0], [1.0, 3.0], [3.0, 1.0]])

        assert pareto_front(values, (1, 1)).tolist() == [False, True, True, True]
        assert pareto_front(values, (-1, -1)).tolist() == [True, False, False, False]
        assert pareto_front(values, (1, -1)).tolist() == [False, False, False, True]

    def test_has_none_where_nothing_is_known(self) -> None:
        assert pareto_front(np.full((3, 2), np.nan), (1, 1)).tolist() == [False] * 3
        assert pareto_front(np.empty((0, 2)), (1, 1)).tolist() == []

    def test_refuses_signs_that_are_not_as_many_as_the_objectives(self) -> None:
        with pytest.raises(InvalidArgument, match=r"shape \(3, 2\), objectives are 1"):
            pareto_front(np.zeros((3, 2)), (1,))
