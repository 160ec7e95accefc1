"""`report.json`: the run for machines, to the schema beside this file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any

import jsonschema

from ..harness.model.component import ComponentInfo
from ..harness.model.observation import Observation
from ..harness.model.propagation import propagation
from ..harness.model.requirement import Result
from ..harness.model.words import End, ExitCode, Verdict

SCHEMA_VERSION = "1"


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
    results: Sequence[Result]
    observations: Mapping[str, Sequence[Observation]]
    failure: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "schemaVersion": SCHEMA_VERSION,
            "run": {
                "id": self.run,
                "started": self.started.isoformat(timespec="seconds"),
                "duration": round(self.duration, 3),
                "end": self.end,
            },
            "profile": self.profile,
            "platform": self.platform,
            "verdict": self.verdict,
            "exitCode": int(self.exit_code),
            "failure": self.failure,
            "doubles": list(self.doubles),
            "easings": list(self.easings),
            "components": [info.to_json() for info in self.components],
            "capabilities": dict(self.capabilities),
            "requirements": [result.to_json() for result in self.results],
            "propagation": [
                {"requirement": requirement, **way}
                for requirement, seen in self.observations.items()
                for way in propagation(seen)
            ],
        }


def render(report: Report) -> str:
    """Return the report as text.

    Raises:
        jsonschema.ValidationError: the report is not to its own schema, which is a bug.
    """
    data = json.loads(json.dumps(report.to_json()))
    validate(data)
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def validate(data: object) -> None:
    """Check a report against the schema.

    Raises:
        jsonschema.ValidationError: it is not to the schema.
    """
    jsonschema.Draft202012Validator(schema()).validate(data)


@cache
def schema() -> dict[str, Any]:
    """Return the schema."""
    text = resources.files(__package__).joinpath("report.schema.json").read_text()
    loaded: dict[str, Any] = json.loads(text)
    return loaded
