"""Lets the judge read what a Then recorded, and ends the scenario where it is not met."""

from __future__ import annotations

from ..adapters.store import StoreError
from ..errors import ComponentFailed
from ..model import observation
from ..model.judge import judge
from ..model.rules import Judgement
from ..model.words import Component, Stage, Status
from ..observe import Journal
from ..wait import DeadlinePassed


class NotMet(AssertionError):
    """A requirement is not met.

    Attributes:
        judgement: What the judge made of the observations.
        waited: The wait that ended in vain, if one did.
        stage: The stage that could not be reached, where it was not the Then that failed.
    """

    def __init__(
        self,
        judgement: Judgement,
        waited: DeadlinePassed | None = None,
        stage: Stage | None = None,
    ) -> None:
        self.judgement, self.waited, self.stage = judgement, waited, stage
        super().__init__(f"expected {judgement.expected}; seen {judgement.seen}")


def require(journal: Journal, rule: str, waited: DeadlinePassed | None = None) -> Judgement:
    """Judge what was observed for the requirement at hand.

    Raises:
        NotMet: the rule does not hold, or nothing was observed that it could read.
    """
    judgement = judge(rule, journal.current())
    if judgement.status is not Status.PASS:
        raise NotMet(judgement, waited)
    return judgement


def judge_failure(journal: Journal, failure: ComponentFailed | StoreError) -> Judgement:
    """Record that a part did not do what it was asked to, and judge it.

    A value that the store did not take is judged as one that is missing there.
    """
    missing = judge("value-reaches-store", journal.current())
    if isinstance(failure, StoreError) and missing.culprit is not None:
        return missing
    part = failure.component if isinstance(failure, ComponentFailed) else Component.STORE
    what = f"{part} does what it is asked to"
    seen = failure.message if isinstance(failure, ComponentFailed) else str(failure)
    sight = observation.outcome(journal.now(), part, holds=False, what=what, seen=seen)
    return judge("outcomes-hold", [journal.keep(sight)])
