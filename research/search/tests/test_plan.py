from typing import Any

import pytest
from optuna.samplers import BaseSampler

from common.domain.errors import InvalidArgument
from research.search.exceptions import MethodUnfit, UnknownMethod
from research.search.methods import METHODS
from research.search.samplers import sampler_of
from research.search.tests.making import plan, space


class TestSearchPlan:
    @pytest.mark.parametrize("method", METHODS)
    def test_admits_every_method_and_each_has_a_sampler(self, method: str) -> None:
        assert isinstance(sampler_of(plan(method), chunk=0), BaseSampler)

    def test_refuses_an_unknown_method_and_names_those_there_are(self) -> None:
        with pytest.raises(UnknownMethod, match="'bayes' is none of: random, tpe, cmaes, nsga2"):
            plan("bayes")

    @pytest.mark.parametrize(
        ("method", "rest", "said"),
        [
            ("cmaes", {"signs": (1, -1)}, "1 objective, here are 2"),
            ("cmaes", {"space": space("a=1:5:1", "side=long,short")}, "side is a choice"),
            ("cmaes", {"pruning": True}, "no pruning"),
            ("nsga2", {"pruning": True}, "no pruning"),
            ("tpe", {"pruning": True, "signs": (1, 1)}, "1 objective, here are 2"),
        ],
    )
    def test_refuses_what_the_method_cannot_do(
        self, method: str, rest: dict[str, Any], said: str
    ) -> None:
        with pytest.raises(MethodUnfit, match=said):
            plan(method, **rest)

    def test_lets_cmaes_have_a_choice_that_is_fixed(self) -> None:
        assert plan("cmaes", space=space("a=1:5:1", "side=long")).method == "cmaes"

    @pytest.mark.parametrize(
        "rest", [{"signs": ()}, {"signs": (2,)}, {"signs": (0, 1)}, {"seed": -1}, {"batch": 0}]
    )
    def test_refuses_numbers_out_of_range(self, rest: dict[str, Any]) -> None:
        with pytest.raises(InvalidArgument):
            plan(**rest)

    def test_has_one_digest_for_each_plan(self) -> None:
        plans = [
            plan(),
            plan("random"),
            plan(signs=(1,)),
            plan(seed=1),
            plan(batch=11),
            plan(pruning=True),
            plan(space=space("a=1:50:1", "b=1:49:1")),
            plan(space=space("b=1:50:1", "a=1:50:1")),
        ]

        assert len({one.digest() for one in plans}) == len(plans)
        assert plan().digest() == plan().digest()
