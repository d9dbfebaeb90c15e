import math

import pytest

from common.domain.errors import InvalidArgument
from research.search.addresses import Address, JournalFolder, PostgresAddress
from research.search.exceptions import StudyDiffers, UnknownSet
from research.search.methods import METHODS
from research.search.study import Asked, Study
from research.search.tests.making import bowl, plan, search, space


class TestAsk:
    def test_gives_sets_of_the_grid_to_the_letter(self, address: Address) -> None:
        floats = plan(space=space("x=0.1:1.0:0.1", "side=long,short", "a=7"))
        with Study.open(address, "floats", floats) as study:
            asked = study.ask(40, chunk=0)

        assert [one.number for one in asked] == list(range(40))
        assert {one.params["x"] for one in asked} <= set(floats.space.dimensions[0].values)
        assert {one.params["side"] for one in asked} == {"long", "short"}
        assert {one.params["a"] for one in asked} == {"7"}

    @pytest.mark.parametrize("method", METHODS)
    def test_is_the_same_for_an_equal_history_whoever_asks_and_wherever(
        self, database: PostgresAddress, journals: JournalFolder, method: str
    ) -> None:
        begun: list[list[Asked]] = [[], []]
        with Study.open(database, "one", plan(method)) as study:
            for chunk in range(4):
                begun[0] += study.ask(10, chunk=chunk)
                for one in begun[0][-10:]:
                    study.tell(one.number, [bowl(one)])
        for chunk in range(4):
            with Study.open(journals, "two", plan(method)) as study:
                begun[1] += study.ask(10, chunk=chunk)
                for one in begun[1][-10:]:
                    study.tell(one.number, [bowl(one)])

        assert begun[0] == begun[1]

    @pytest.mark.parametrize("method", METHODS)
    def test_differs_by_seed_and_by_chunk(self, journals: JournalFolder, method: str) -> None:
        drawn = []
        for seed, chunk in ((0, 0), (0, 1), (1, 0)):
            with Study.open(journals, f"s{seed}-{chunk}", plan(method, seed=seed)) as study:
                drawn.append([one.params for one in study.ask(10, chunk=chunk)])

        assert drawn[0] != drawn[1] != drawn[2] != drawn[0]

    def test_spreads_a_batch_that_nobody_has_told_yet(self, journals: JournalFolder) -> None:
        with Study.open(journals, "spread", plan()) as study:
            search(study, 100)
            batch = study.ask(50, chunk=10)

        assert len({tuple(one.params.values()) for one in batch}) >= 40


class TestTell:
    def test_keeps_what_was_told_first(self, address: Address) -> None:
        with Study.open(address, "once", plan()) as study:
            one, two = study.ask(2, chunk=0)

            assert study.tell(one.number, [1.5]) is True
            assert study.tell(one.number, [2.5]) is False
            assert study.prune(one.number) is False
            assert study.tell(two.number, None) is True
            assert study.tell(two.number, [2.5]) is False

            trials = study._trials()

        assert [(trial.state.name, trial.values) for trial in trials] == [
            ("COMPLETE", [1.5]),
            ("FAIL", None),
        ]

    @pytest.mark.parametrize("values", [None, [None, 1.0], [1.0, math.nan], [math.inf, 1.0]])
    def test_learns_nothing_from_what_cannot_be_ranked(
        self, journals: JournalFolder, values: list[float | None] | None
    ) -> None:
        with Study.open(journals, "unknown", plan(signs=(1, -1))) as study:
            (one,) = study.ask(1, chunk=0)

            assert study.tell(one.number, values) is True

            assert study._trials()[0].state.name == "FAIL"

    def test_refuses_another_count_of_values_and_a_set_never_asked_for(
        self, address: Address
    ) -> None:
        with Study.open(address, "wrong", plan()) as study:
            (one,) = study.ask(1, chunk=0)

            with pytest.raises(InvalidArgument, match="2 values, objectives are 1"):
                study.tell(one.number, [1.0, 2.0])
            with pytest.raises(UnknownSet, match="number 1"):
                study.tell(1, [1.0])

            assert study.abandoned([]) == [0]


class TestJudge:
    @staticmethod
    def judged(address: Address, sign: int, complete: int, least: float = 5.4) -> set[int]:
        """Return who goes on beside sets told that had 1, 2, 3, … on a part."""
        with Study.open(address, f"of-{complete}", plan(signs=(sign,), pruning=True)) as study:
            told = [one.number for one in study.ask(complete, chunk=0)]
            study.judge(0, {number: number + 1.0 for number in told})
            for number in told:
                study.tell(number, [0.0])
            low, level, high, unknown, ended = (one.number for one in study.ask(5, chunk=1))
            study.give_up([ended])
            values = {low: least, level: 5.5, high: 5.6, unknown: None, ended: 5.5}
            goes_on = {number - complete for number in study.judge(0, values)}
            for number in set(values) - {n + complete for n in goes_on}:
                assert study.prune(number) is True
            assert study.abandoned([]) == sorted(
                number + complete for number in goes_on if number != 4
            )
        return goes_on

    def test_gives_up_what_is_worse_than_the_median(self, address: Address) -> None:
        # Of 1 to 10 the median is 5.5.
        assert self.judged(address, 1, 10) == {1, 2, 3, 4}

    def test_turns_with_the_direction(self, journals: JournalFolder) -> None:
        assert self.judged(journals, -1, 10) == {0, 1, 3, 4}

    def test_lets_all_go_on_until_ten_are_known(self, journals: JournalFolder) -> None:
        assert self.judged(journals, 1, 9, 0.5) == {0, 1, 2, 3, 4}
        assert self.judged(journals, 1, 10, 0.5) == {1, 2, 3, 4}

    def test_is_refused_where_nothing_is_pruned(self, journals: JournalFolder) -> None:
        with (
            Study.open(journals, "whole", plan()) as study,
            pytest.raises(InvalidArgument, match="does not prune"),
        ):
            study.judge(0, {})


class TestOpen:
    def test_refuses_another_plan_under_the_name(self, address: Address) -> None:
        Study.open(address, "mine", plan(signs=(1,))).close()

        with pytest.raises(StudyDiffers, match="mine"):
            Study.open(address, "mine", plan(signs=(-1,)))
        Study.open(address, "mine", plan(signs=(1,))).close()

    @pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "a" * 101, "a b"])
    def test_refuses_a_name_that_is_none_of_a_file(
        self, journals: JournalFolder, name: str
    ) -> None:
        with pytest.raises(InvalidArgument, match="study name"):
            Study.open(journals, name, plan())

    def test_says_nothing(
        self, address: Address, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
    ) -> None:
        with Study.open(address, "quiet", plan("nsga2")) as study:
            search(study, 50)

        assert capfd.readouterr() == ("", "")
        assert caplog.records == []
