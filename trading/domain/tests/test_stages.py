import pytest

from trading.domain.stages import BUILT, TRANSITIONS, Stage, check_demotion, check_promotion
from trading.exceptions import StageNotBuilt, UnknownStage, WrongTransition

R, C, P, S, L = Stage
PAIRS = [(a, b) for a in Stage for b in Stage]
UP = {(R, C), (C, P), (P, S), (S, L)}
DOWN = {(C, R), (P, R), (P, C), (S, R), (S, C), (S, P), (L, R), (L, C), (L, P), (L, S)}


class TestTransitions:
    def test_lead_up_by_one_step_and_down_by_any(self) -> None:
        table = {(a, b) for a, to_stages in TRANSITIONS.items() for b in to_stages}

        assert table == UP | DOWN
        assert len(PAIRS) == 25

    def test_built_is_the_way_to_candidate_and_back(self) -> None:
        assert {(R, C), (C, R)} == BUILT


class TestPromotion:
    @pytest.mark.parametrize("pair", PAIRS)
    def test_every_pair_is_taken_or_refused(self, pair: tuple[Stage, Stage]) -> None:
        if pair == (R, C):
            check_promotion(*pair)
        elif pair in UP:
            with pytest.raises(StageNotBuilt, match="strategies get as far as candidate"):
                check_promotion(*pair)
        else:
            with pytest.raises(WrongTransition, match="there is no promotion from"):
                check_promotion(*pair)


class TestDemotion:
    @pytest.mark.parametrize("pair", PAIRS)
    def test_every_pair_is_taken_or_refused(self, pair: tuple[Stage, Stage]) -> None:
        if pair == (C, R):
            check_demotion(*pair)
        elif pair in DOWN:
            with pytest.raises(StageNotBuilt, match="is not built"):
                check_demotion(*pair)
        else:
            with pytest.raises(WrongTransition, match="there is no demotion from"):
                check_demotion(*pair)


class TestNames:
    def test_are_those_people_write(self) -> None:
        assert [Stage.parse(name) for name in Stage] == [R, C, P, S, L]

    @pytest.mark.parametrize("text", ["", "Candidate", "live_small", "candidate "])
    def test_of_none_are_refused_with_those_there_are(self, text: str) -> None:
        with pytest.raises(UnknownStage, match="research, candidate, paper, live-small, live"):
            Stage.parse(text)
