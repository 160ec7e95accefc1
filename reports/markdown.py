"""`summary.md`: the run on a job's page, in GitHub's flavour of Markdown.

Whatever comes from outside stands in code spans, where nothing is markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from ..harness.model.component import ComponentInfo, Part
from ..harness.model.culprit import CHAIN
from ..harness.model.requirement import Result
from ..harness.model.words import Status
from .report import Report
from .wording import NAME, again, explanation, headline, hops, printable

ACTIVE = re.compile(r"([\\`*_\[\]<&~$@#])")
"""What could begin markup, a mention or a link in the middle of a line."""

EDGES = [f"{before}->{after}" for before, after in pairwise(CHAIN)]
SHORT = len("sha256:") + 12
"""How much of a digest is shown."""


def render(report: Report) -> str:
    """Return the report as text."""
    parts = [
        f"## {NAME}: {plain(report.said)}",
        (code if report.failure else plain)(headline(report)),
        _requirements(report),
        *(_explanation(one) for one in report.whole() if one.status in {Status.FAIL, Status.ERROR}),
        _propagation(report),
        _components(report),
        _easings(report),
        _run(report),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def plain(text: str) -> str:
    """Return our own words as one line of text, with nothing in it that could be markup."""
    return ACTIVE.sub(r"\\\1", _line(text))


def code(text: str) -> str:
    """Return what came from outside as a code span, empty where there is nothing to show."""
    line = _line(text)
    if not line:
        return ""
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells that are Markdown already; only the bars in them are escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    """A bar ends a cell even within a code span, unless a backslash stands before it."""
    return text.replace("|", r"\|")


def _requirements(report: Report) -> str:
    head = ("requirement", "level", "status", "time", "culprit")
    return (
        table(head, [_requirement(result) for result in report.whole()]) if report.planned else ""
    )


def _requirement(result: Result) -> Sequence[str]:
    asked = result.requirement
    passed = result.status is Status.PASS
    why = str(result.culprit) if result.culprit else result.reason or ""
    return (
        f"{plain(asked.id)} {plain(asked.scenario)}",
        asked.level,
        result.status if passed else f"**{result.status}**",
        f"{result.duration:.2f} s",
        code(why),
    )


def _explanation(result: Result) -> str:
    asked = result.requirement
    lines = [f"- **{name}** {code(text)}" for name, text in explanation(result)[1:-1]]
    return "\n".join(
        [
            f"### {plain(asked.id)} {plain(asked.scenario)}",
            "",
            f"> {plain(asked.statement)}",
            "",
            *lines,
            f"- **next** {code(again(result))}",
        ]
    )


def _propagation(report: Report) -> str:
    followed = {name: hops(report, name) for name in report.observations}
    rows = [
        (plain(name), *(f"{seconds[edge]:.2f} s" if edge in seconds else "" for edge in EDGES))
        for name, seconds in followed.items()
        if set(seconds) & set(EDGES)
    ]
    head = ("requirement", *(plain(edge) for edge in EDGES))
    return f"### Propagation of the value\n\n{table(head, rows)}" if rows else ""


def _components(report: Report) -> str:
    head = ("component", "implementation", "version", "digest", "source")
    rows = [row for info in report.components for row in _component(info)]
    return f"### Components\n\n{table(head, rows)}" if rows else ""


def _component(info: ComponentInfo) -> Iterator[Sequence[str]]:
    yield (plain(info.name), code(info.implementation), *_version(info))
    for part in info.parts:
        yield (f"{plain(info.name)}: {plain(part.name)}", "", *_version(part))


def _version(part: ComponentInfo | Part) -> Sequence[str]:
    return code(part.version or ""), code((part.digest or "")[:SHORT]), code(part.source)


def _easings(report: Report) -> str:
    lines = [f"- {code(easing)}" for easing in report.easings]
    return "\n".join(["### Easings", "", *lines]) if lines else ""


def _run(report: Report) -> str:
    started = report.started.isoformat(sep=" ", timespec="seconds")
    where = f"profile {code(report.profile)}, platform {code(report.platform)}"
    when = f"started {code(started)}, {report.duration:.1f} s, {report.end}"
    return f"Run {code(report.run)}, {where}, {when}, exit code {int(report.exit_code)}"


def _line(text: str) -> str:
    return " ".join(printable(text).split())
