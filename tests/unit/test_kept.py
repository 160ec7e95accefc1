"""The reports in docs/kept say what the documentation says of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from trustee_conformance.harness.artifacts.catalogue import EXTERNAL_SECRETS
from trustee_conformance.harness.config import Settings
from trustee_conformance.reports.json_report import validate

ROOT = Path(__file__).parents[2]
KEPT = sorted((ROOT / "docs" / "kept").glob("external-secrets-*.json"))
SERVED = {
    "v0.10.7": ["v1beta1", "v1alpha1"],
    "v0.12.1": ["v1beta1", "v1alpha1"],
    "v0.16.1": ["v1", "v1beta1"],
}
OF_A_MACHINE = re.compile(r"/(?:home|root|tmp|Users)/|127\.0\.0\.1|localhost")


def version_of(path: Path) -> str:
    return path.stem.removeprefix("external-secrets-")


def read(path: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(path.read_text())
    return report


@pytest.mark.parametrize("path", KEPT, ids=version_of)
def test_a_kept_report_is_valid_and_rehearsed(path):
    report = read(path)
    validate(report)
    assert report["verdict"] == "rehearsed"
    assert report["run"]["end"] == "complete"
    assert {one["status"] for one in report["requirements"]} == {"pass"}
    assert report["capabilities"] == {"external-secrets.io": SERVED[version_of(path)]}
    [ran] = [one["version"] for one in report["components"] if one["name"] == "external-secrets"]
    assert ran == version_of(path)


@pytest.mark.parametrize("path", KEPT, ids=version_of)
def test_a_kept_report_names_no_machine(path):
    assert OF_A_MACHINE.findall(path.read_text()) == []


def test_a_report_is_kept_for_every_release_that_is_not_the_default():
    assert {version_of(path) for path in KEPT} == set(SERVED)
    assert {*SERVED, Settings().external_secrets.version} == set(EXTERNAL_SECRETS)
