"""Spaces, plans and objectives that tests and their processes share."""

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

from research.domain.grid import Grid
from research.search.plan import SearchPlan
from research.search.space import Space
from research.search.study import Asked, Study
from trading.strategies.parameters import ChoiceParameter, FloatParameter, IntParameter

PARAMETERS = (
    IntParameter(name="a", default=1, low=1, high=100),
    IntParameter(name="b", default=1, low=1, high=100),
    FloatParameter(name="x", default=0.0, low=-10.0, high=10.0),
    ChoiceParameter(name="side", default="long", choices=("long", "short", "both")),
    ChoiceParameter(name="trail", default=False, choices=(False, True)),
)


def space(*axes: str) -> Space:
    return Space.of(Grid.parse(axes or ["a=1:50:1", "b=1:50:1"]), PARAMETERS)


def plan(method: str = "tpe", signs: tuple[int, ...] = (-1,), **rest: Any) -> SearchPlan:
    return SearchPlan(**{"space": space(), "method": method, "signs": signs, "batch": 10, **rest})


def bowl(asked: Asked) -> float:
    """Return a value that is 0 at (41, 9) and grows away from it."""
    return float((int(asked.params["a"]) - 41) ** 2 + (int(asked.params["b"]) - 9) ** 2)


def search(study: Study, trials: int, sign: int = 1) -> list[float]:
    """Search the bowl in batches of ten; return what every set reached."""
    reached = []
    for chunk in range(trials // 10):
        for asked in study.ask(10, chunk=chunk):
            reached.append(bowl(asked))
            study.tell(asked.number, [sign * bowl(asked)])
    return reached


def start(action: str, *arguments: Any) -> subprocess.Popen[str]:
    """Start a process that does what `worker.py` calls by that name."""
    given = pickle.dumps((action, arguments)).hex()
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "research.search.tests.worker", given],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONPATH": ""},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def said(process: subprocess.Popen[str]) -> str:
    """Return the next line of the process, and what it complains of if there is none."""
    assert process.stdout is not None
    assert process.stderr is not None
    line = str(process.stdout.readline()).strip()
    assert line, process.stderr.read()
    return line


def go(processes: list[subprocess.Popen[str]]) -> None:
    """Let all of them do what counts, together."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate(timeout=10)


def finish(process: subprocess.Popen[str]) -> str:
    """Wait until the process ends well; return what else it said."""
    out, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    return str(out).strip()
