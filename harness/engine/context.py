"""What every part of the engine works with."""

from __future__ import annotations

from dataclasses import dataclass

from ..components.stack import Stack
from ..config import DeadlineSettings
from ..errors import EnvironmentFailed
from ..model.canary import Canaries
from ..observe import Journal


@dataclass(frozen=True, slots=True)
class Context:
    """One stack under observation.

    Attributes:
        stack: The system under test.
        journal: Where observations go.
        canaries: Where secrets are made known.
        deadlines: How long single waits may last.
    """

    stack: Stack
    journal: Journal
    canaries: Canaries
    deadlines: DeadlineSettings

    def fatal(self, _: object = None) -> EnvironmentFailed | None:
        """Return what is wrong with what the stack stands on, for waits to end at once."""
        return self.stack.vitals()
