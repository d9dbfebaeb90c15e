"""Processes of tests: each says what it did, and waits for a line before what counts."""

import fcntl
import pickle
import sys
from collections.abc import Callable
from pathlib import Path

from research.search.addresses import Address
from research.search.plan import SearchPlan
from research.search.study import Study
from research.search.tests.making import bowl


def join(address: Address, name: str, plan: SearchPlan) -> None:
    _say("ready")
    sys.stdin.readline()
    Study.open(address, name, plan).close()


def ask(address: Address, name: str, plan: SearchPlan, count: int, chunk: int) -> None:
    with Study.open(address, name, plan) as study:
        _say(" ".join(str(one.number) for one in study.ask(count, chunk=chunk)))
        sys.stdin.readline()


def work(address: Address, name: str, plan: SearchPlan, chunks: list[int]) -> None:
    with Study.open(address, name, plan) as study:
        _say("ready")
        sys.stdin.readline()
        told: list[int] = []
        for chunk in chunks:
            asked = study.ask(plan.batch, chunk=chunk)
            told += [one.number for one in asked if study.tell(one.number, [bowl(one)])]
        _say(" ".join(map(str, told)))


def hold(journal: Path) -> None:
    with journal.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(b'{"op_code":4,"worker_id":"cut o')
        file.flush()
        _say("held")
        sys.stdin.readline()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    action, arguments = pickle.loads(bytes.fromhex(sys.argv[1]))
    actions: dict[str, Callable[..., None]] = {
        "join": join,
        "ask": ask,
        "work": work,
        "hold": hold,
    }
    actions[action](*arguments)
