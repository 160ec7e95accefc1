"""The features by plain pytest, with the fixtures as a plugin."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

PYTEST = (sys.executable, "-m", "pytest", "-p", "trustee_conformance.fixtures.plugin")
FEATURES = ("--pyargs", "trustee_conformance.fixtures.specification")
NO_CLIENT = ("--conformance-set", "kbsClient.path=/bin/false")
SHORT = ("--conformance-set", "deadlines.fetch=2", "--conformance-set", "deadlines.start=5")


@dataclass
class Ended:
    code: int
    output: str
    report: dict


@pytest.fixture
def features(tmp_path):
    """Run the features with some options of pytest's, in a folder without settings for it."""
    made = []

    def start(*options: str, report_expected: bool = True) -> Ended:
        folder = tmp_path / f"report{len(made)}"
        made.append(folder)
        done = subprocess.run(
            [*PYTEST, *FEATURES, "--conformance-report-dir", str(folder), *options],
            cwd=tmp_path,
            env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")},
            capture_output=True,
            text=True,
            check=False,
        )
        path = folder / "report.json"
        report = json.loads(path.read_text()) if report_expected else {}
        state = tmp_path / "state" / "trustee-conformance"
        assert not state.is_dir() or list(state.iterdir()) == []
        return Ended(done.returncode, done.stdout + done.stderr, report)

    return start


def statuses(report: dict) -> dict[str, str]:
    return {one["id"]: one["status"] for one in report["requirements"]}


def test_all_of_them_are_a_rehearsal_and_every_format_is_written(features, tmp_path):
    done = features("--alluredir", str(tmp_path / "allure"))
    assert done.code == 0, done.output
    assert "8 passed" in done.output
    assert "verdict: rehearsed" in done.output
    assert done.report["verdict"] == "rehearsed"
    written = {path.name for path in (tmp_path / "report0").iterdir()}
    assert {"report.json", "junit.xml", "cucumber.json", "summary.md"} <= written
    assert len(list((tmp_path / "allure").glob("*-result.json"))) == 8


@pytest.mark.parametrize(
    "options", [("-k", "SYNC"), ("-m", "sync"), ("-m", "SYNC-001 or SYNC-002")], ids=str
)
def test_a_part_of_them_is_partial(features, options):
    done = features(*options)
    assert done.code == 0, done.output
    assert "2 passed, 6 deselected" in done.output
    assert (done.report["verdict"], done.report["exitCode"]) == ("partial", 4)


def test_a_failure_stops_where_it_is_to_and_runs_first_again(features):
    failed = features("-x", "-m", "fetch or rotation", *NO_CLIENT, *SHORT)
    assert failed.code == 1, failed.output
    assert statuses(failed.report) == {"FETCH-001": "fail", "ROTATION-001": "skip"}
    assert failed.report["verdict"] == "not-conformant"
    assert "kbs-client" in failed.output
    assert "site-packages" not in failed.output, "a traceback through pytest explains nothing"
    again = features("--lf")
    assert again.code == 0, again.output
    assert statuses(again.report) == {"FETCH-001": "pass"}


def test_workers_share_them_and_one_report_tells_of_all(features, tmp_path):
    done = features("-n", "2")
    assert done.code == 0, done.output
    assert (done.report["verdict"], len(done.report["requirements"])) == ("rehearsed", 8)
    assert done.report["components"]
    assert {way["to"] for way in done.report["propagation"]} == {"store", "secret", "kbs", "client"}
    journal = (tmp_path / "report0" / "observations.jsonl").read_text().splitlines()
    assert {json.loads(line)["requirement"] for line in journal} >= {"SYNC-002", "ROTATION-001"}
    assert list((tmp_path / "report0").glob("*.observations.jsonl")) == []


def test_workers_whose_stack_does_not_start_are_no_verdict(features):
    done = features("-n", "2", "--conformance-set", "kubernetes.etcdPath=/bin/true", *SHORT)
    assert done.code == 3, done.output
    assert done.report["verdict"] is None
    assert "etcd ended" in done.report["failure"]


def test_a_stack_that_does_not_start_is_no_verdict_and_not_green(features):
    done = features("--conformance-set", "kubernetes.etcdPath=/bin/true", *SHORT)
    assert done.code == 3, done.output
    assert "etcd ended" in done.report["failure"]


def test_bad_input_is_a_usage_error(features):
    done = features("--conformance-set", "stoer.path=/x", report_expected=False)
    assert done.code == pytest.ExitCode.USAGE_ERROR
    assert "unknown configuration key stoer.path" in done.output


def test_pytest_in_a_checkout_runs_the_unit_tests():
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    collected = [line for line in done.stdout.splitlines() if "::" in line]
    assert collected
    assert all(line.startswith("tests/unit/") for line in collected)
