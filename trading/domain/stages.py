"""The stages of a strategy on its way to money, and the steps between them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from trading.exceptions import StageNotBuilt, UnknownStage, WrongTransition


class Stage(StrEnum):
    """How far a strategy version has come, in this order."""

    RESEARCH = "research"
    CANDIDATE = "candidate"
    PAPER = "paper"
    LIVE_SMALL = "live-small"
    LIVE = "live"

    @classmethod
    def parse(cls, text: str) -> "Stage":
        """Return the stage of that name.

        Raises
        ------
        UnknownStage
            If there is none.
        """
        try:
            return cls(text)
        except ValueError as e:
            raise UnknownStage(
                f"there is no stage {text!r}; there are: {', '.join(cls)}", stage=text
            ) from e

    @property
    def rank(self) -> int:
        """Its place in the order, from 0."""
        return [*Stage].index(self)


# Up by one step only; down from anywhere to anywhere, since less is always safe.
TRANSITIONS: Final[Mapping[Stage, frozenset[Stage]]] = {
    Stage.RESEARCH: frozenset({Stage.CANDIDATE}),
    Stage.CANDIDATE: frozenset({Stage.RESEARCH, Stage.PAPER}),
    Stage.PAPER: frozenset({Stage.RESEARCH, Stage.CANDIDATE, Stage.LIVE_SMALL}),
    Stage.LIVE_SMALL: frozenset({Stage.RESEARCH, Stage.CANDIDATE, Stage.PAPER, Stage.LIVE}),
    Stage.LIVE: frozenset({Stage.RESEARCH, Stage.CANDIDATE, Stage.PAPER, Stage.LIVE_SMALL}),
}
# Those whose evidence the platform can judge.
BUILT: Final = frozenset({
    (Stage.RESEARCH, Stage.CANDIDATE),
    (Stage.CANDIDATE, Stage.RESEARCH),
})


def check_promotion(from_stage: Stage, to_stage: Stage) -> None:
    """Refuse a step that does not lead up, or that cannot be taken.

    Raises
    ------
    WrongTransition
        If the table has no such step, or it leads down.
    StageNotBuilt
        If the platform cannot judge it yet.
    """
    _check(from_stage, to_stage, is_promotion=True)


def check_demotion(from_stage: Stage, to_stage: Stage) -> None:
    """Refuse a step that does not lead down, or that cannot be taken.

    Raises
    ------
    WrongTransition
        If the table has no such step, or it leads up.
    StageNotBuilt
        If the platform does not know how to take it yet.
    """
    _check(from_stage, to_stage, is_promotion=False)


def _check(from_stage: Stage, to_stage: Stage, *, is_promotion: bool) -> None:
    leads_up = to_stage.rank > from_stage.rank
    if to_stage not in TRANSITIONS[from_stage] or leads_up is not is_promotion:
        step = "promotion" if is_promotion else "demotion"
        raise WrongTransition(
            f"there is no {step} from {from_stage} to {to_stage}",
            from_stage=from_stage.value,
            to_stage=to_stage.value,
        )
    if (from_stage, to_stage) not in BUILT:
        raise StageNotBuilt(
            f"the step from {from_stage} to {to_stage} is not built: what it needs cannot be"
            f" judged yet; strategies get as far as {Stage.CANDIDATE}",
            from_stage=from_stage.value,
            to_stage=to_stage.value,
        )
