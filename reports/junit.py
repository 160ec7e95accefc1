"""`junit.xml`: one test case a requirement, under names that stay the same from run to run.

Only what the schema of Jenkins' xUnit plugin knows is written, since that plugin passes over a
file with anything else in it. There a test case has no properties: those of a requirement stand
with the suite's own, under its id, and once more as text in the test case.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC

from ..harness.model.component import ComponentInfo
from ..harness.model.requirement import Result
from ..harness.model.words import Status
from .report import Report
from .wording import NAME, brief, explained, headline, hops, printable, weight, without_verdict

TAGS = {Status.FAIL: "failure", Status.ERROR: "error", Status.SKIP: "skipped"}


def render(report: Report) -> str:
    """Return the report as text."""
    suites = ET.Element("testsuites", name=NAME)
    suite = _add(suites, "testsuite", name=NAME)
    properties = _add(suite, "properties")
    for name, value in _properties(report):
        _add(properties, "property", name=name, value=value)
    for result in report.whole():
        _case(suite, report, result)
    if without_verdict(report):
        _run_case(suite, report)
    _add(suite, "system-out", headline(report))
    _count(suites, suite, report)
    ET.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, "unicode") + "\n"


def _case(suite: ET.Element, report: Report, result: Result) -> None:
    asked = result.requirement
    case = _add(
        suite,
        "testcase",
        name=f"{asked.id} {asked.scenario}",
        classname=f"{NAME}.{asked.stage}",
        time=_seconds(result.duration),
    )
    status = weight(result)
    if status is not Status.PASS:
        text = explained(result) if result.status is not Status.SKIP else ""
        kind = result.reason if result.status is Status.FAIL else result.status
        _add(case, TAGS[status], text, message=brief(result), type=kind or result.status)
    _add(case, "system-out", "\n".join(f"{name}: {text}" for name, text in _facts(report, result)))


def _run_case(suite: ET.Element, report: Report) -> None:
    """Make a run that came to nothing red for whoever reads this file alone."""
    case = _add(
        suite, "testcase", name="run", classname=f"{NAME}.run", time=_seconds(report.duration)
    )
    _add(case, "error", headline(report), message=headline(report), type=report.said)


def _count(suites: ET.Element, suite: ET.Element, report: Report) -> None:
    counts = {
        "tests": str(len(suite.findall("testcase"))),
        "failures": str(len(suite.findall("testcase/failure"))),
        "errors": str(len(suite.findall("testcase/error"))),
        "time": _seconds(report.duration),
    }
    suites.attrib.update(counts)
    suite.attrib.update(
        **counts,
        skipped=str(len(suite.findall("testcase/skipped"))),
        timestamp=report.started.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds"),
    )


def _properties(report: Report) -> Iterator[tuple[str, str]]:
    yield "verdict", report.said
    yield "exitCode", str(int(report.exit_code))
    yield "end", report.end
    yield "failure", report.failure or ""
    yield "profile", report.profile
    yield "platform", report.platform
    yield "run", report.run
    yield "started", report.started.isoformat(timespec="seconds")
    yield "doubles", ", ".join(report.doubles)
    yield "easings", "; ".join(report.easings)
    for info in report.components:
        yield from _component(info)
    for result in report.whole():
        for name, text in _facts(report, result):
            yield f"{result.requirement.id}.{name}", text


def _component(info: ComponentInfo) -> Iterator[tuple[str, str]]:
    yield f"component.{info.name}.implementation", info.implementation
    yield f"component.{info.name}.version", info.version or ""
    yield f"component.{info.name}.digest", info.digest or ""


def _facts(report: Report, result: Result) -> Iterator[tuple[str, str]]:
    yield "statement", result.requirement.statement
    yield "level", result.requirement.level
    yield "stage", result.requirement.stage
    for edge, seconds in hops(report, result.requirement.id).items():
        yield f"propagation.{edge}", _seconds(seconds)
    for name, word in (result.culprit.to_json() if result.culprit else {}).items():
        if word is not None:
            yield f"culprit.{name}", word


def _add(parent: ET.Element, tag: str, text: str = "", **attributes: str) -> ET.Element:
    child = ET.SubElement(parent, tag, {name: printable(one) for name, one in attributes.items()})
    child.text = printable(text) or None
    return child


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"
