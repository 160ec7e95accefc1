"""All that a report says, whatever its format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..harness.model.component import ComponentInfo
from ..harness.model.observation import Observation
from ..harness.model.propagation import propagation
from ..harness.model.requirement import Requirement, Result
from ..harness.model.words import End, ExitCode, Status, Verdict

NOT_SELECTED = "not selected"


@dataclass(frozen=True, slots=True)
class Report:
    """All that a report says.

    Attributes:
        run: The run's id.
        started: When it began.
        duration: How many seconds it took.
        end: How it ended.
        profile: The profile that was asked for.
        platform: Where it ran.
        verdict: What it came to, `None` where it came to nothing.
        exit_code: What the process says.
        doubles: The components that were doubles.
        easings: What made it easier than an installation.
        components: The parts as they ran.
        capabilities: What the stack offers.
        planned: The requirements of the profile.
        selected: The ids of those that were to be judged.
        results: What each requirement came to.
        observations: What was seen, by requirement.
        failure: What the engine or its environment failed with.
    """

    run: str
    started: datetime
    duration: float
    end: End
    profile: str
    platform: str
    verdict: Verdict | None
    exit_code: ExitCode
    doubles: Sequence[str]
    easings: Sequence[str]
    components: Sequence[ComponentInfo]
    capabilities: Mapping[str, Any]
    planned: Sequence[Requirement]
    selected: Sequence[str]
    results: Sequence[Result]
    observations: Mapping[str, Sequence[Observation]] = field(default_factory=dict)
    failure: str | None = None

    @property
    def said(self) -> str:
        """The verdict in a word or two, for people and for tags; why there is none included."""
        if self.verdict is not None:
            return str(self.verdict)
        if self.end is not End.COMPLETE:
            return f"no verdict: {self.end}"
        return "no verdict"

    def whole(self) -> Iterator[Result]:
        """Yield a result for every requirement of the profile, in the order of the walkthrough.

        One that was to be judged and was not is an error, so that no reader takes it for green;
        one that was not selected is a skip.
        """
        judged = {result.requirement.id: result for result in self.results}
        for requirement in self.planned:
            if requirement.id in judged:
                yield judged[requirement.id]
            elif requirement.id in self.selected:
                yield Result(requirement, Status.ERROR, 0.0, reason=f"not judged: {self._why()}")
            else:
                yield Result(requirement, Status.SKIP, 0.0, reason=NOT_SELECTED)

    def propagation(self, requirement: str) -> list[dict[str, Any]]:
        """Return how long the value took from place to place, where a requirement followed it."""
        return propagation(self.observations.get(requirement, ()))

    def _why(self) -> str:
        if self.end is not End.COMPLETE:
            return f"the run was ended ({self.end})"
        return self.failure or "the run ended before it"
