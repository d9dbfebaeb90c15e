"""Each method on objectives whose best sets are known."""

import numpy as np
import pytest

from research.search.addresses import JournalFolder
from research.search.pareto import pareto_front
from research.search.study import Asked, Study
from research.search.tests.making import bowl, plan, search, space

# Of 2,500 cells the eight round the optimum and itself lie within this.
NEIGHBOURHOOD = 2.0


def best_by_seed(journals: JournalFolder, method: str, sign: int) -> list[float]:
    best = []
    for seed in range(3):
        with Study.open(journals, f"{method}-{seed}", plan(method, (sign,), seed=seed)) as study:
            best.append(min(search(study, 200, -sign)))
    return best


@pytest.mark.slow
class TestSearching:
    @pytest.mark.parametrize("sign", [1, -1])
    @pytest.mark.parametrize("method", ["tpe", "cmaes", "nsga2"])
    def test_finds_what_even_drawing_does_not(
        self, journals: JournalFolder, method: str, sign: int
    ) -> None:
        found = best_by_seed(journals, method, sign)
        drawn = best_by_seed(journals, "random", sign)

        assert max(found) <= NEIGHBOURHOOD < np.median(drawn)

    @pytest.mark.parametrize("method", ["tpe", "cmaes", "nsga2"])
    def test_goes_where_it_is_told(self, journals: JournalFolder, method: str) -> None:
        with Study.open(journals, "down", plan(method, (-1,))) as study:
            down = search(study, 200)[-50:]
        with Study.open(journals, "up", plan(method, (1,))) as study:
            up = search(study, 200)[-50:]

        # 928 is the mean of all cells, 3,281 the most there is.
        assert np.median(down) < 100
        assert np.median(up) > 1856

    def test_learns_from_a_whole_batch_and_the_first_one(self, journals: JournalFolder) -> None:
        with Study.open(journals, "batch", plan("cmaes", (1,), batch=50)) as study:
            first = study.ask(50, chunk=0)
            for asked in first:
                # More is better; but not of the first ten, and CMA-ES takes six by itself.
                a = float(asked.params["a"])
                study.tell(asked.number, [-a if asked.number < 10 else a])
            second = study.ask(50, chunk=1)

        before, after = ([int(one.params["a"]) for one in batch] for batch in (first, second))
        # Begun from the middle by a sixth of the range, where even drawing has 14.4.
        assert 6 < np.std(before) < 10
        assert np.mean(after) - np.mean(before) > 3

    def test_draws_evenly_at_random(self, journals: JournalFolder) -> None:
        with Study.open(journals, "even", plan("random")) as study:
            asked = [one for chunk in range(20) for one in study.ask(50, chunk=chunk)]

        for name in ("a", "b"):
            values = [int(one.params[name]) for one in asked]
            # A mean of 1,000 even draws from 1 to 50 has a deviation of 14.4 / sqrt(1000).
            assert abs(np.mean(values) - 25.5) < 3 * 0.456
            assert (min(values), max(values)) == (1, 50)

    @pytest.mark.parametrize("method", ["tpe", "nsga2"])
    def test_finds_the_front_of_schaffer(self, journals: JournalFolder, method: str) -> None:
        # x**2 and (x - 2)**2 cannot both shrink where x is in [0, 2], and can elsewhere.
        schaffer = plan(
            method, (-1, -1), space=space("x=-10:10:0.01", "side=long,short"), batch=20
        )
        rows, at = [], []
        with Study.open(journals, "schaffer", schaffer) as study:
            for chunk in range(20):
                for asked in study.ask(20, chunk=chunk):
                    x = float(asked.params["x"])
                    at.append(x)
                    rows.append([x**2, (x - 2) ** 2])
                    study.tell(asked.number, rows[-1])

        front = np.unique(np.array(at)[pareto_front(np.array(rows), (-1, -1))])
        # Of even drawing a tenth would lie there: 40, none nearer the ends than chance.
        assert len(front) >= 80
        assert front.min() >= -0.02
        assert front.max() <= 2.02

    def test_searches_choices_and_numbers_together(self, journals: JournalFolder) -> None:
        mixed = plan(space=space("a=1:50:1", "b=9", "side=long,short,both"))
        asked: list[Asked] = []
        with Study.open(journals, "mixed", mixed) as study:
            for chunk in range(15):
                for one in study.ask(10, chunk=chunk):
                    asked.append(one)
                    study.tell(one.number, [bowl(one) + 500 * (one.params["side"] != "short")])

        assert sum(one.params["side"] == "short" for one in asked[-10:]) >= 7
        assert all(one.params["b"] == "9" for one in asked)
