"""Who tells the user what happens while it happens."""

from __future__ import annotations

from typing import Protocol

from ..model.requirement import Requirement, Result, StepResult
from ..wait import DeadlinePassed


class Narrator(Protocol):
    """Told of a run's events in the order in which they happen."""

    def progress(self, text: str) -> None:
        """Something that may take a while is being done."""
        ...

    def scenario(self, requirement: Requirement) -> None:
        """A scenario begins."""
        ...

    def step(self, step: StepResult) -> None:
        """A step has ended."""
        ...

    def result(self, result: Result, waited: DeadlinePassed | None) -> None:
        """A requirement has been judged."""
        ...
