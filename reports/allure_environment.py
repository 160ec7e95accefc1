"""`environment.properties`: what an Allure report shows of the run as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .report import Report
from .wording import headline, printable

SPECIAL = re.compile(r"\\|[^\x20-\x7e]")
"""What does not stand for itself in the value of a properties file (it is Latin-1)."""


def render(report: Report) -> str:
    """Return the environment as text."""
    return "".join(f"{name}={_escape(text)}\n" for name, text in _rows(report))


def _rows(report: Report) -> Iterator[tuple[str, str]]:
    yield "verdict", report.said
    yield "headline", headline(report)
    yield "end", report.end
    yield "exitCode", str(int(report.exit_code))
    yield "profile", report.profile
    yield "platform", report.platform
    yield "run", report.run
    yield "doubles", ", ".join(report.doubles) or "none"
    yield "easings", "; ".join(report.easings) or "none"
    for info in report.components:
        yield info.name, f"{info.implementation} {info.version or 'of unknown version'}"


def _escape(text: str) -> str:
    line = " ".join(printable(text).split())
    return SPECIAL.sub(lambda found: _escaped(found[0]), line)


def _escaped(char: str) -> str:
    units = char.encode("utf-16-be").hex()
    return r"\\" if char == "\\" else "".join(rf"\u{unit}" for unit in re.findall("....", units))
