"""docs/compatibility.md is made of kept reports, and they agree with the behaviour table."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from trustee_conformance.harness.reference.operator.releases import RELEASES, Delivery
from trustee_conformance.reports.compatibility import page, read
from trustee_conformance.reports.json_report import validate

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
KEPT = read(DOCS / "kept")
OF_A_MACHINE = re.compile(r"/(?:home|root|tmp|Users)/|127\.0\.0\.1|localhost")
JUDGING = ("model", "engine", "observe.py", "wait.py")


def results(report: dict[str, Any]) -> dict[str, Any]:
    return {one["id"]: one for one in report["requirements"]}


def test_there_is_a_report_of_every_release():
    assert set(KEPT) == {f"trustee-operator-{name}.json" for name in RELEASES}


@pytest.mark.parametrize("name", RELEASES)
def test_a_report_agrees_with_the_behaviour_table(name):
    report = KEPT[f"trustee-operator-{name}.json"]
    validate(report)
    [operator] = [one for one in report["components"] if one["name"] == "trustee-operator"]
    assert operator["source"].endswith(f"emulates {name}")
    live = RELEASES[name].delivery is Delivery.LIVE
    found = results(report)
    assert report["verdict"] == ("rehearsed" if live else "not-conformant")
    failed = [one for one, result in found.items() if result["status"] != "pass"]
    assert failed == ([] if live else ["ROTATION-001"])
    if not live:
        assert found["ROTATION-001"]["culprit"] == {
            "hop": "kbs",
            "edge": "secret->kbs",
            "component": "trustee-operator",
        }
    for easing in ("trusteeOperator.period 1 s", "trusteeOperator.gap 1 s"):
        assert any(easing in one for one in report["easings"])


def test_the_page_is_what_the_reports_say():
    assert (DOCS / "compatibility.md").read_text() == page(KEPT)


def test_the_page_tells_a_report_that_says_something_else():
    changed = json.loads(json.dumps(KEPT))
    results(changed["trustee-operator-v0.17.json"])["SYNC-002"]["status"] = "fail"
    results(changed["trustee-operator-v0.17.json"])["SYNC-002"]["culprit"] = {
        "hop": "secret",
        "edge": "store->secret",
        "component": "store",
    }
    assert "| SYNC-002 | store (hop secret, edge store->secret) |" in page(changed)


@pytest.mark.parametrize("name", KEPT)
def test_a_kept_report_names_no_machine(name):
    assert OF_A_MACHINE.findall(json.dumps(KEPT[name])) == []


def test_nothing_that_judges_reads_which_release_is_emulated():
    files = [
        path
        for part in JUDGING
        for path in [ROOT / "harness" / part, *(ROOT / "harness" / part).rglob("*.py")]
        if path.is_file()
    ] + [*(ROOT / "steps").glob("*.py"), *(ROOT / "fixtures").glob("*.py")]
    assert len(files) > 40
    assert [path for path in files if "emulates" in path.read_text()] == []
