"""Several processes on one study, and processes that are killed."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from research.search.addresses import Address, JournalFolder, PostgresAddress
from research.search.study import Study
from research.search.tests.making import finish, go, kill, plan, said, search, start


class TestProcesses:
    def test_begin_one_study_at_once_where_there_is_nothing(
        self, database: PostgresAddress
    ) -> None:
        processes = [start("join", database, "first", plan()) for _ in range(3)]
        assert [said(process) for process in processes] == ["ready"] * 3

        go(processes)

        assert [finish(process) for process in processes] == [""] * 3

    @pytest.mark.slow
    @pytest.mark.parametrize("method", ["tpe", "cmaes", "nsga2"])
    def test_share_a_study_and_tell_each_set_once(self, address: Address, method: str) -> None:
        shared = plan(method)
        processes = [
            start("work", address, "shared", shared, [2 * chunk + own for chunk in range(5)])
            for own in range(2)
        ]
        assert [said(process) for process in processes] == ["ready"] * 2
        go(processes)
        told = [list(map(int, finish(process).split())) for process in processes]

        assert sorted(told[0] + told[1]) == list(range(100))
        assert len(told[0]) == len(told[1]) == 50
        with Study.open(address, "shared", shared) as study:
            assert {trial.state.name for trial in study._trials()} == {"COMPLETE"}
            # Each learned from what both told.
            assert min(trial.value or 0.0 for trial in study._trials()) < 30

    def test_go_on_without_one_that_was_killed(self, address: Address) -> None:
        victim = start("ask", address, "killed", plan(), 5, 7)
        lost = list(map(int, said(victim).split()))
        kill(victim)

        with Study.open(address, "killed", plan()) as study:
            own = [one.number for one in study.ask(3, chunk=8)]

            assert study.abandoned([], chunk=7) == lost == [0, 1, 2, 3, 4]
            assert study.abandoned(lost[:2], chunk=7) == lost[2:]
            assert study.abandoned(own) == lost
            assert study.give_up(lost) == 5
            assert study.give_up(lost) == 0
            assert study.abandoned([]) == own
            search(study, 50)

            assert [trial.state.name for trial in study._trials()][:5] == ["FAIL"] * 5


class TestJournal:
    def test_is_free_as_soon_as_a_killed_writer_is_gone(self, journals: JournalFolder) -> None:
        with Study.open(journals, "held", plan()) as study, ThreadPoolExecutor(1) as thread:
            (one,) = study.ask(1, chunk=0)
            holder = start("hold", journals.folder / "held.journal")
            assert said(holder) == "held"
            telling = thread.submit(study.tell, one.number, [1.0])
            time.sleep(0.2)
            assert not telling.done()

            kill(holder)
            freed = time.monotonic()

            assert telling.result(timeout=30) is True
            assert time.monotonic() - freed < 1
        self.assert_readable(journals)

    def test_loses_nothing_but_a_line_cut_short(self, journals: JournalFolder) -> None:
        with Study.open(journals, "held", plan()) as study:
            (one,) = study.ask(1, chunk=0)
            file = journals.folder / "held.journal"
            whole = file.read_bytes()
            file.write_bytes(whole + b'{"op_code":6,"tri')
        with Study.open(journals, "held", plan()) as study:
            assert study.abandoned([]) == [0]
            study.tell(one.number, [1.0])

        assert file.read_bytes().startswith(whole + b'{"')
        self.assert_readable(journals)

    @staticmethod
    def assert_readable(journals: JournalFolder) -> None:
        assert list(journals.folder.iterdir()) == [Path(journals.folder / "held.journal")]
        with Study.open(journals, "held", plan()) as study:
            (trial,) = study._trials()
            assert trial.values == [1.0]
            assert study.ask(1, chunk=1)[0].number == 1
