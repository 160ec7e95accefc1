"""`report.json`: the run for machines, to the schema beside this file."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

import jsonschema

from .report import Report

SCHEMA_VERSION = "1"


def to_json(report: Report) -> dict[str, Any]:
    """Return the report as JSON values."""
    return {
        "schemaVersion": SCHEMA_VERSION,
        "run": {
            "id": report.run,
            "started": report.started.isoformat(timespec="seconds"),
            "duration": round(report.duration, 3),
            "end": report.end,
        },
        "profile": report.profile,
        "platform": report.platform,
        "verdict": report.verdict,
        "exitCode": int(report.exit_code),
        "failure": report.failure,
        "doubles": list(report.doubles),
        "easings": list(report.easings),
        "components": [info.to_json() for info in report.components],
        "capabilities": dict(report.capabilities),
        "requirements": [result.to_json() for result in report.results],
        "propagation": [
            {"requirement": requirement, **way}
            for requirement in report.observations
            for way in report.propagation(requirement)
        ],
    }


def render(report: Report) -> str:
    """Return the report as text.

    Raises:
        jsonschema.ValidationError: the report is not to its own schema, which is a bug.
    """
    data = json.loads(json.dumps(to_json(report)))
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
