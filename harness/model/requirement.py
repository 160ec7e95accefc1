"""Requirements and what became of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .culprit import Culprit
from .words import Level, Stage, Status

ID_PATTERN = re.compile(r"^[A-Z]+-\d{3}$")
"""AREA-NNN: never changes, never returns."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One sentence with MUST or MUST NOT, and the scenario that tries it.

    Attributes:
        id: AREA-NNN.
        statement: The sentence.
        level: How much it decides.
        stage: The part of the walkthrough that it belongs to.
        scenario: The scenario's title.
        feature: The feature's file, below the folder of features.
        title: The feature's title.
        line: The scenario's line in that file.
    """

    id: str
    statement: str
    level: Level
    stage: Stage
    scenario: str
    feature: str
    title: str = ""
    line: int = 1

    @property
    def area(self) -> str:
        """The area that the id begins with, in lower case."""
        return self.id.partition("-")[0].lower()


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a step of a scenario came to; `skip` where an earlier one ended the scenario.

    Attributes:
        keyword: Given, When, Then, And.
        text: The step without its keyword.
        line: Its line in the feature's file.
        status: What it came to.
        seconds: How long it took.
    """

    keyword: str
    text: str
    line: int
    status: Status
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the step's entry in `report.json`."""
        return {"text": str(self), "status": self.status, "seconds": round(self.seconds, 3)}

    def __str__(self) -> str:
        """Return the step as the feature has it."""
        return f"{self.keyword} {self.text}"


@dataclass(frozen=True, slots=True)
class Result:
    """What a requirement came to in one run.

    Attributes:
        requirement: What was asked.
        status: What it came to.
        duration: Seconds that its scenario took, set-up included.
        reason: A word, or for a skip or an error the sentence that says why.
        culprit: Who broke it, where that can be told.
        expected: What the rule asked for, for people.
        seen: What was there instead, for people.
        step: The step that ended the scenario, where it did not pass.
        evidence: What the parts on the culprit's edge said of themselves, a sentence each.
        steps: All steps of the scenario.
    """

    requirement: Requirement
    status: Status
    duration: float
    reason: str | None = None
    culprit: Culprit | None = None
    expected: str = ""
    seen: str = ""
    step: str | None = None
    evidence: tuple[str, ...] = ()
    steps: tuple[StepResult, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the entry of `report.json`."""
        asked = self.requirement
        return {
            "id": asked.id,
            "statement": asked.statement,
            "level": asked.level,
            "stage": asked.stage,
            "proven": False,
            "status": self.status,
            "flaky": False,
            "reason": self.reason,
            "expected": self.expected or None,
            "seen": self.seen or None,
            "step": self.step,
            "steps": [step.to_json() for step in self.steps],
            "evidence": list(self.evidence),
            "scenario": asked.scenario,
            "duration": round(self.duration, 3),
            "culprit": self.culprit.to_json() if self.culprit else None,
        }
