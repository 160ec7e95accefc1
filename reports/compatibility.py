"""`python -m trustee_conformance.reports.compatibility FOLDER PAGE`: a table of kept reports.

Every row is read from a report.json, none is written by hand.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

HEADER = """\
# Releases of the Trustee operator

One run of profile `full` on platform local for each release that the operator double emulates,
from the reports in [kept](kept/). Trustee is a double in all of them: they say what the releases do
as far as the double knows them, and that the judge finds it out by what it sees. Made by
`python -m trustee_conformance.reports.compatibility docs/kept docs/compatibility.md`.

| operator | verdict | failed | culprit | new value arrives | with a fresh pod | run | report |
|---|---|---|---|---|---|---|---|
"""

OPERATOR, KBS = "trustee-operator", "kbs"


def page(reports: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the page.

    Args:
        reports: Reports as read from report.json, by file name.
    """
    rows = [_row(name, report) for name, report in sorted(reports.items())]
    first = next(iter(reports.values()))
    easings = "\n".join(f"- {one}" for one in _common(reports.values()))
    requirements = "\n".join(
        f"- {one['id']} ({one['level']}): {one['statement']}" for one in first["requirements"]
    )
    return (
        f"{HEADER}{''.join(rows)}\n## Eased in all of them\n\n{easings}\n"
        f"\n## What was asked\n\n{requirements}\n"
    )


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the reports of a folder that are about the operator, by file name."""
    files = sorted(folder.glob(f"{OPERATOR}-*.json"))
    return {file.name: json.loads(file.read_text()) for file in files}


def _row(name: str, report: Mapping[str, Any]) -> str:
    failed = [one for one in report["requirements"] if one["status"] == "fail"]
    cells = (
        _emulated(report),
        report["verdict"],
        ", ".join(one["id"] for one in failed) or "nothing",
        "; ".join(_culprit(one) for one in failed) or "none",
        _seconds(report, "ROTATION-001"),
        _seconds(report, "ROTATION-002"),
        f"{report['run']['duration']:.0f} s",
        f"[{name}](kept/{name})",
    )
    return f"| {' | '.join(cells)} |\n"


def _emulated(report: Mapping[str, Any]) -> str:
    """Read what ran from what was read of it while it ran."""
    [operator] = [one for one in report["components"] if one["name"] == OPERATOR]
    return str(operator["source"]).rpartition("emulates ")[2]


def _culprit(result: Mapping[str, Any]) -> str:
    culprit = result["culprit"]
    return f"{culprit['component']} (hop {culprit['hop']}, edge {culprit['edge']})"


def _seconds(report: Mapping[str, Any], requirement: str) -> str:
    """Return how long a new value took from the store to the client, in seconds."""
    ways = [one for one in report["propagation"] if one["requirement"] == requirement]
    if not any(one["to"] == "client" for one in ways):
        return "never"
    return f"{sum(one['seconds'] for one in ways):.1f} s"


def _common(reports: Iterable[Mapping[str, Any]]) -> list[str]:
    first, *others = [list(one["easings"]) for one in reports]
    return [one for one in first if all(one in other for other in others)]


def main() -> None:
    """Write the page."""
    folder, file = (Path(argument) for argument in sys.argv[1:])
    file.write_text(page(read(folder)))


if __name__ == "__main__":
    main()
