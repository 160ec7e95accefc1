"""What all formats say in the same words: the headline, an explanation, text made printable."""

from __future__ import annotations

import re

from ..harness.model.requirement import Result
from ..harness.model.words import ExitCode, Level, Status, Verdict
from .report import Report

NAME = "trustee-conformance"

UNPRINTABLE = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Control characters, and what neither XML nor UTF-8 can hold."""


def printable(text: str) -> str:
    """Return the text with every character that cannot be printed as its escape."""
    return UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def headline(report: Report) -> str:
    """Return one sentence: the verdict or that there is none, why, and on which doubles."""
    said = [f"{report.said}: {_because(report)}"]
    if report.exit_code is ExitCode.CANARY_LEAKED:
        said.insert(0, "a secret was found in an artefact or in the output")
    if report.doubles:
        said.append(f"doubles: {', '.join(report.doubles)}")
    return "; ".join(said)


def without_verdict(report: Report) -> bool:
    """Tell whether the run itself went wrong, so that no green requirement may hide it."""
    leaked = report.exit_code is ExitCode.CANARY_LEAKED
    return leaked or report.verdict is None or report.failure is not None


def weight(result: Result) -> Status:
    """Return the status for readers that turn every failure red: a provisional one decides nothing.

    It counts as a skip there, as it does in the verdict.
    """
    decides = result.requirement.level is not Level.PROVISIONAL
    return result.status if decides or result.status is not Status.FAIL else Status.SKIP


def brief(result: Result) -> str:
    """Return one line that says why a requirement did not pass."""
    if not result.expected:
        return result.reason or str(result.status)
    who = f"{result.culprit}: " if result.culprit else ""
    return f"{who}expected {result.expected}; seen {result.seen}"


def again(result: Result) -> str:
    """Return the command that tries one requirement again."""
    return f"{NAME} run --only {result.requirement.id}"


def explanation(result: Result) -> list[tuple[str, str]]:
    """Return all that is known of a requirement that did not pass, as names and texts."""
    rows = [
        ("requirement", f"{result.requirement.id}: {result.requirement.statement}"),
        ("culprit", str(result.culprit) if result.culprit else "none found"),
        ("reason", result.reason or ""),
        ("step", result.step or ""),
        ("expected", result.expected),
        ("seen", result.seen),
        *(("evidence", line) for line in result.evidence),
        ("next", again(result)),
    ]
    return [(name, text) for name, text in rows if text]


def explained(result: Result) -> str:
    """Return the explanation as lines of text."""
    return "\n".join(f"{name:12}{text}" for name, text in explanation(result))


def hops(report: Report, requirement: str) -> dict[str, float]:
    """Return the seconds that the value took, by edge."""
    ways = report.propagation(requirement)
    return {f"{way['from']}->{way['to']}": way["seconds"] for way in ways}


def _because(report: Report) -> str:
    if report.verdict is Verdict.NOT_CONFORMANT:
        return f"{_ids(report, Status.FAIL)} did not hold"
    if report.verdict is Verdict.PARTIAL:
        return f"{_ids(report, Status.SKIP)} not judged"
    if report.verdict is not None:
        held = [result for result in report.whole() if result.status is Status.PASS]
        return f"{len(held)} of {len(report.planned)} requirements held"
    if report.failure is not None:
        return report.failure
    return f"{_ids(report, Status.ERROR)} not judged" if report.selected else "nothing was selected"


def _ids(report: Report, status: Status) -> str:
    ids = [one.requirement.id for one in report.whole() if one.status is weight(one) is status]
    return ", ".join(ids)
