"""A study: sets asked for, what became of them told, by any number of processes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from types import TracebackType
from typing import Final, Self

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from common.domain.errors import InvalidArgument
from research.search.addresses import Address
from research.search.drawing import CHUNK, directions_of, draw, goes_on
from research.search.exceptions import StudyDiffers, UnknownSet
from research.search.plan import SearchPlan
from research.search.storage import OpenStorage, open_storage, reaching_storage

_PLAN: Final = "plan"


@dataclass(frozen=True, slots=True)
class Asked:
    """A set to try.

    Parameters
    ----------
    number
        Its number in the study, from 0.
    params
        Every parameter of the grid, as the grid writes it.
    """

    number: int
    params: dict[str, str]


class Study:
    """One search in its storage; a context manager that lets go of the connection."""

    def __init__(self, opened: OpenStorage, name: str, plan: SearchPlan) -> None:
        self._opened = opened
        self._storage = opened.storage
        self._id = opened.storage.get_study_id_from_name(name)
        self._plan = plan

    @classmethod
    def open(cls, address: Address, name: str, plan: SearchPlan) -> Self:
        """Join the study of that name, or begin it.

        Parameters
        ----------
        address
            Where studies are kept.
        name
            Letters, digits, dots, dashes and underscores, at most 100.
        plan
            What the search is to do.

        Raises
        ------
        StudyDiffers
            If it was begun with another plan.
        InvalidArgument
            If the name is written otherwise.
        SearchStorageOutdated
            If the tables are those of another release of Optuna.
        SearchStorageUnavailable
            If the database or the disk refuses.
        """
        opened = open_storage(address, name)
        try:
            with reaching_storage():
                study = optuna.create_study(
                    storage=opened.storage,
                    study_name=name,
                    directions=directions_of(plan),
                    load_if_exists=True,
                )
                _require_same(study, plan)
                return cls(opened, name, plan)
        except BaseException:
            opened.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection to the storage."""
        self._opened.close()

    @reaching_storage()
    def ask(self, count: int, *, chunk: int) -> list[Asked]:
        """Return the sets to try next.

        A set may come again, and may contradict itself.

        Parameters
        ----------
        count
            How many.
        chunk
            Ask once for each: equal history, seed and chunk give equal sets, whichever
            process asks.

        Raises
        ------
        SearchStorageUnavailable
            If the database or the disk refuses; some sets may have been asked for.
        """
        drawn = draw(self._plan, self._trials(), count=count, chunk=chunk)
        ids = {self._storage.create_new_trial(self._id, template_trial=t) for t in drawn}
        return [
            Asked(trial.number, self._plan.space.params(trial.params))
            for trial in self._trials()
            if trial._trial_id in ids  # noqa: SLF001 - nothing public joins it to its number
        ]

    @reaching_storage()
    def judge(self, rung: int, values: Mapping[int, float | None]) -> set[int]:
        """Return which sets go on, from what they reached on a part of the period.

        Parameters
        ----------
        rung
            Which part, from 0; each is longer than the one before.
        values
            The objective there, by the number of the set; None where it is unknown.

        Returns
        -------
        set of int
            All but those worse than the median of the sets tried to the end so far, and
            judged at this rung. One that is unknown or finished goes on. The others are
            to be told by `prune`.

        Raises
        ------
        InvalidArgument
            If the plan does not prune.
        UnknownSet
            If the study never asked for a number.
        SearchStorageUnavailable
            If the database or the disk refuses.
        """
        if not self._plan.pruning:
            raise InvalidArgument("the plan of this search does not prune")
        compared = [
            number for number, value in values.items() if self._report(number, rung, value)
        ]
        trials = self._trials()
        verdicts = goes_on(self._plan, trials, [trials[number] for number in compared])
        pruned = {n for n, goes in zip(compared, verdicts, strict=True) if not goes}
        return set(values) - pruned

    def _report(self, number: int, rung: int, value: float | None) -> bool:
        trial_id = self._trial_id(number)
        if value is None or not isfinite(value):
            return False
        try:
            self._storage.set_trial_intermediate_value(trial_id, rung, float(value))
        except UpdateFinishedTrialError:
            return False
        return True

    @reaching_storage()
    def tell(self, number: int, values: Sequence[float | None] | None) -> bool:
        """Record what a set reached, for the sets to come.

        Parameters
        ----------
        number
            Of the set.
        values
            One for each objective. Where one is None or not finite the set counts as
            failed, and nothing is learned from it; so does None for all.

        Returns
        -------
        bool
            Whether it was under way; what was told first stays.

        Raises
        ------
        InvalidArgument
            If the values are not as many as the objectives.
        UnknownSet
            If the study never asked for that number.
        SearchStorageUnavailable
            If the database or the disk refuses.
        """
        if values is not None and len(values) != len(self._plan.signs):
            raise InvalidArgument(
                f"set {number} has {len(values)} values, objectives are {len(self._plan.signs)}"
            )
        known = [float(v) for v in values or () if v is not None and isfinite(v)]
        if len(known) < len(self._plan.signs):
            return self._finish(number, TrialState.FAIL, None)
        return self._finish(number, TrialState.COMPLETE, known)

    @reaching_storage()
    def prune(self, number: int) -> bool:
        """Record that a set was given up half-way; see `tell`."""
        return self._finish(number, TrialState.PRUNED, None)

    @reaching_storage()
    def abandoned(self, known: Collection[int], *, chunk: int | None = None) -> list[int]:
        """Return the sets under way that nobody knows of: who asked for them has died.

        Parameters
        ----------
        known
            The numbers somebody works on.
        chunk
            Only those asked for this chunk. Without it nobody else may be asking: a set
            just asked for is not known yet.

        Raises
        ------
        SearchStorageUnavailable
            If the database or the disk refuses.
        """
        return [
            trial.number
            for trial in self._trials()
            if trial.state is TrialState.RUNNING
            and trial.number not in known
            and chunk in {None, trial.user_attrs[CHUNK]}
        ]

    @reaching_storage()
    def give_up(self, numbers: Iterable[int]) -> int:
        """Record each set as failed; return how many were under way.

        Raises
        ------
        UnknownSet
            If the study never asked for a number.
        SearchStorageUnavailable
            If the database or the disk refuses.
        """
        return sum(self._finish(number, TrialState.FAIL, None) for number in numbers)

    def _finish(self, number: int, state: TrialState, values: list[float] | None) -> bool:
        try:
            self._storage.set_trial_state_values(self._trial_id(number), state, values)
        except UpdateFinishedTrialError:
            return False
        return True

    def _trials(self) -> list[FrozenTrial]:
        return self._storage.get_all_trials(self._id, deepcopy=False)

    def _trial_id(self, number: int) -> int:
        try:
            return self._storage.get_trial_id_from_study_id_trial_number(self._id, number)
        except KeyError as e:
            raise UnknownSet(f"the study never asked for a set of number {number}") from e


def _require_same(study: optuna.Study, plan: SearchPlan) -> None:
    begun_with = study.user_attrs.get(_PLAN)
    if begun_with is None:
        # Two that begin it at once write the same: a name belongs to one search.
        study.set_user_attr(_PLAN, plan.digest())
    elif begun_with != plan.digest():
        raise StudyDiffers(f"study {study.study_name} was begun with another plan")
