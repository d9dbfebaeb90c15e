"""A search's next sets: asked of its study, kept with the chunk, and told how they did."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db import connection

from research.compute.set_files import TriedSet
from research.domain.search import RUNGS
from research.domain.set_list import SetList
from research.domain.sweep import SweepQuestion
from research.exceptions import SweepNotRunning, UnsearchableSpace
from research.models import Sweep, SweepChunk
from research.search.addresses import Address, JournalFolder, PostgresAddress
from research.search.plan import SearchPlan
from research.search.space import Space
from research.services import sweep_chunks
from research.services.sweep_rows import study_name
from trading.models import StrategyVersion
from trading.strategies.described import described_parameters
from trading.strategies.parameters import Value

if TYPE_CHECKING:
    from research.search.study import Study

# Sets asked for at once learn nothing from one another; a search has at least so many rounds.
_ROUNDS: Final = 20
_LARGEST_BATCH: Final = 50

type Sets = Sequence[Mapping[str, Value]]
type _Name = tuple[tuple[str, Value], ...]


def batch_size(question: SweepQuestion, most: int) -> int:
    """Return how many sets a search asks for at once.

    Parameters
    ----------
    most
        How many fit into the memory of a chunk.
    """
    rounds = -(-question.n_places // _ROUNDS)
    return max(1, min(rounds, most, _LARGEST_BATCH))


def plan_of(question: SweepQuestion, version: StrategyVersion, *, batch: int) -> SearchPlan:
    """Return how a space is searched, checked.

    Raises
    ------
    UnsearchableSpace
        If the sets are named one by one, or there is no search.
    PlatformError
        If the method cannot search such a space, or for such objectives.
    """
    search, grid = question.search, question.grid
    if search is None or isinstance(grid, SetList):
        raise UnsearchableSpace("only the axes of a grid can be searched")
    return SearchPlan(
        space=Space.of(grid, described_parameters(version.parameters)),
        method=search.method,
        signs=tuple(objective.sign for objective in question.objectives),
        seed=question.question.seed,
        batch=batch,
        pruning=search.pruning,
    )


class GridSets:
    """The sets of a grid, by their places; nobody needs to be told how they did."""

    rungs: tuple[float, ...] = ()

    def __init__(self, question: SweepQuestion) -> None:
        self._grid = question.grid

    def sets_of(self, chunk: SweepChunk) -> Sets:
        """Return the sets of a chunk, as they are written."""
        return self._grid.written(chunk.first, chunk.size)

    def judge(self, chunk: SweepChunk, rung: int, found: Mapping[int, TriedSet]) -> set[int]:  # noqa: ARG002
        """Return the places that are given up: none."""
        return set()

    def repeated(self, chunk: SweepChunk) -> dict[int, int]:  # noqa: ARG002
        """Return the places of sets that were tried before: none."""
        return {}

    def tell(self, chunk: SweepChunk, found: Mapping[int, TriedSet]) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class SearchedSets:
    """The sets that a study asks for; each is kept with its chunk before it is tried."""

    def __init__(self, sweep: Sweep, question: SweepQuestion) -> None:
        self._sweep, self._question = sweep, question
        self._study: Study | None = None
        self._known: dict[_Name, int] = {}
        self._seen: set[int] = set()
        pruning = question.search is not None and question.search.pruning
        self.rungs: tuple[float, ...] = RUNGS if pruning else ()

    def sets_of(self, chunk: SweepChunk) -> Sets:
        """Return the sets of a chunk, as they are written: asked for now, or as they were.

        Raises
        ------
        SweepNotRunning
            If the chunk is not this process's any more.
        PlatformError
            If the study cannot be reached.
        """
        if chunk.asked is None:
            self._ask(chunk)
        return [each["params"] for each in chunk.asked or []]

    def judge(self, chunk: SweepChunk, rung: int, found: Mapping[int, TriedSet]) -> set[int]:
        """Return the places that are given up after the part of the bars of a rung."""
        numbers = _numbers(chunk)
        metric = self._question.objective.metric
        values = {
            numbers[place]: None if each is None else each[1].metrics.get(metric)
            for place, each in found.items()
        }
        going_on = self._open(chunk).judge(rung, values)
        return {place for place in found if numbers[place] not in going_on}

    def repeated(self, chunk: SweepChunk) -> dict[int, int]:
        """Return the places of sets that were tried before, with the number of that trial."""
        self._learn()
        names = [_name(each["params"]) for each in chunk.asked or []]
        return {
            place: self._known[name] for place, name in enumerate(names) if name in self._known
        }

    def tell(self, chunk: SweepChunk, found: Mapping[int, TriedSet]) -> None:
        """Tell the study what each set of a chunk came to.

        Those not found were tried before, or given up. It is told before the trials are
        written: a process that dies in between leaves a chunk that is tried again, and a
        study that has heard it already.
        """
        study, known = self._open(chunk), self._known_values(chunk)
        for place, number in enumerate(_numbers(chunk)):
            if place in found:
                each = found[place]
                values = None if each is None else self._question.values_of(each[1].metrics)
                study.tell(number, values)
            elif place in known:
                study.tell(number, known[place])
            else:
                study.prune(number)

    def _learn(self) -> None:
        """Note the sets of the chunks that were written since it was asked last."""
        done = self._sweep.chunks.filter(state=SweepChunk.State.DONE).exclude(pk__in=self._seen)
        written = list(done.order_by("first"))
        if not written:
            return
        trials = self._sweep.trials.filter(number__gte=written[0].first)
        tried = set(trials.values_list("number", flat=True))
        for chunk in written:
            for number, each in enumerate(chunk.asked or [], chunk.first):
                if number in tried:
                    self._known[_name(each["params"])] = number
            self._seen.add(chunk.pk)

    def _known_values(self, chunk: SweepChunk) -> dict[int, list[float] | None]:
        """Return what the sets that were tried before came to; those given up have nothing."""
        places = self.repeated(chunk)
        trials = self._sweep.trials.filter(number__in=places.values(), pruned_after=None)
        rows = {trial.number: trial for trial in trials}
        return {
            place: rows[number].values or _listed(rows[number].value)
            for place, number in places.items()
            if number in rows
        }

    def close(self) -> None:
        """Let go of the study."""
        if self._study is not None:
            self._study.close()
            self._study = None

    def _ask(self, chunk: SweepChunk) -> None:
        study = self._open(chunk)
        # Asked for by a process that died before it could keep them.
        study.give_up(study.abandoned((), chunk=chunk.index))
        asked = study.ask(chunk.size, chunk=chunk.index)
        chunk.asked = [{"number": each.number, "params": each.params} for each in asked]
        if not sweep_chunks.held(chunk).update(asked=chunk.asked):
            study.give_up([each.number for each in asked])
            raise SweepNotRunning(f"{chunk} is not of this process any more")

    def _open(self, chunk: SweepChunk) -> "Study":
        if self._study is None:
            # Optuna takes half a second to load, which only a search is to wait for.
            from research.search.study import Study

            batch = chunk.size if chunk.index == 0 else self._batch()
            plan = plan_of(self._question, self._sweep.strategy_version, batch=batch)
            self._study = Study.open(_address(), study_name(self._sweep), plan)
        return self._study

    def _batch(self) -> int:
        return self._sweep.chunks.values_list("size", flat=True).get(index=0)


def sets_source(sweep: Sweep, question: SweepQuestion) -> GridSets | SearchedSets:
    """Return what says which sets each chunk has."""
    return GridSets(question) if question.search is None else SearchedSets(sweep, question)


def _name(params: Mapping[str, Value]) -> _Name:
    return tuple(sorted(params.items()))


def _listed(value: float | None) -> list[float] | None:
    return None if value is None else [value]


def _numbers(chunk: SweepChunk) -> list[int]:
    return [each["number"] for each in chunk.asked or []]


def _address() -> Address:
    """Return where studies are kept: beside the platform's own tables, or in files."""
    if connection.vendor == "sqlite":
        return JournalFolder(Path(settings.VAR) / "searches")
    found = connection.get_connection_params()
    options = {"sslmode": found["sslmode"]} if "sslmode" in found else {}
    return PostgresAddress(
        host=found.get("host") or "",
        port=str(found.get("port") or ""),
        user=found.get("user") or "",
        password=found.get("password") or "",
        dbname=found["dbname"],
        options=options,
    )
