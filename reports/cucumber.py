"""`cucumber.json`: the older JSON format of Cucumber, which many readers of features take.

Features' own lines and descriptions are not in a report: they stand as line 1 and empty.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from ..harness.model.requirement import Result, StepResult
from ..harness.model.words import End, Status
from .cleaning import clean
from .report import Report
from .wording import explained, headline, printable, weight, without_verdict

STATUS = {
    Status.PASS: "passed",
    Status.FAIL: "failed",
    Status.SKIP: "skipped",
    Status.ERROR: "failed",
}
NANOSECONDS = 1_000_000_000


def render(report: Report) -> str:
    """Return the report as text."""
    by_file: dict[str, list[Result]] = {}
    for result in report.whole():
        by_file.setdefault(result.requirement.feature, []).append(result)
    features = [_feature(report, results) for results in by_file.values()]
    if without_verdict(report):
        features.append(_run_feature(report))
    return json.dumps(clean(features, printable), indent=2, ensure_ascii=False) + "\n"


def _feature(report: Report, results: list[Result]) -> dict[str, Any]:
    asked = results[0].requirement
    return {
        "uri": f"features/{asked.feature}",
        "id": _slug(asked.title),
        "keyword": "Feature",
        "name": asked.title,
        "description": "",
        "line": 1,
        "tags": _tags(_run_tags(report), 1),
        "elements": [_element(report, result) for result in results],
    }


def _element(report: Report, result: Result) -> dict[str, Any]:
    asked = result.requirement
    names = [asked.id, asked.level, asked.stage, *_run_tags(report)]
    return {
        "id": f"{_slug(asked.title)};{_slug(asked.id)}",
        "keyword": "Scenario",
        "type": "scenario",
        "name": f"{asked.id} {asked.scenario}",
        "description": asked.statement,
        "line": asked.line,
        "tags": _tags(names, asked.line),
        "steps": _steps(result),
    }


def _steps(result: Result) -> list[dict[str, Any]]:
    """Return the steps; where none of them says what the requirement came to, one more that does.

    A step can fail where the requirement counts as skipped (a provisional one): then it is not
    told as failed.
    """
    steps = [_step(result, step) for step in result.steps]
    came_to = STATUS[weight(result)]
    if came_to not in {step["result"]["status"] for step in steps}:
        steps.append(_last_step(result, came_to))
    return steps


def _step(result: Result, step: StepResult) -> dict[str, Any]:
    status = STATUS[weight(result) if step.status is Status.FAIL else step.status]
    told: dict[str, Any] = {"status": status, "duration": round(step.seconds * NANOSECONDS)}
    if status == "failed":
        told["error_message"] = explained(result)
    return {
        "keyword": f"{step.keyword} ",
        "name": step.text,
        "line": step.line,
        "match": {"location": f"features/{result.requirement.feature}:{step.line}"},
        "result": told,
    }


def _last_step(result: Result, status: str) -> dict[str, Any]:
    told: dict[str, Any] = {"status": status, "duration": 0}
    if status == "failed":
        told["error_message"] = explained(result)
    line = result.requirement.line
    return {"keyword": "* ", "name": "the requirement is judged", "line": line, "result": told}


def _run_feature(report: Report) -> dict[str, Any]:
    """Make a run that came to nothing red for whoever reads this file alone."""
    told = {"status": "failed", "duration": 0, "error_message": headline(report)}
    tags = _tags(_run_tags(report), 1)
    return {
        "uri": "run",
        "id": "run",
        "keyword": "Feature",
        "name": "Run",
        "description": "",
        "line": 1,
        "tags": tags,
        "elements": [
            {
                "id": "run;run",
                "keyword": "Scenario",
                "type": "scenario",
                "name": "run",
                "description": headline(report),
                "line": 1,
                "tags": tags,
                "steps": [{"keyword": "* ", "name": "the run ends", "line": 1, "result": told}],
            }
        ],
    }


def _run_tags(report: Report) -> list[str]:
    """The verdict, or that there is none and how the run was ended; and whether on doubles."""
    tags = [str(report.verdict or "no-verdict")]
    if report.end is not End.COMPLETE:
        tags.append(report.end)
    if report.doubles:
        tags.append("doubles")
    return tags


def _tags(names: Iterable[str], line: int) -> list[dict[str, Any]]:
    return [{"name": f"@{name}", "line": line} for name in names]


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
