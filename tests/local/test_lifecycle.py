"""However a run ends, nothing is left of it, and the report says how it ended."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from trustee_conformance.harness.wait import Deadline, wait_until

CLI = (sys.executable, "-u", "-m", "trustee_conformance.harness.cli")


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch, left) -> Iterator[None]:
    """A state folder of this test's own, empty again at its end."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    yield
    assert left() == (set(), set())


def started(tmp_path: Path, *, after: str) -> subprocess.Popen[str]:
    """Start a run and wait until its output holds a text."""
    output = tmp_path / "output"
    command = [*CLI, "run", "--report-dir", str(tmp_path / "report")]
    with output.open("w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, text=True)
    wait_until(
        output.read_text,
        lambda text: after in text,
        expected=after,
        deadline=Deadline("output", 60),
        fatal=lambda _: None if process.poll() is None else RuntimeError(output.read_text()),
        describe=lambda text: text[-100:],
    )
    return process


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "sigterm"]
)
@pytest.mark.parametrize("after", ["starting etcd", "attestation-fetch"])
def test_an_interrupted_run_ends_within_five_seconds(tmp_path, number, code, after):
    process = started(tmp_path, after=after)
    process.send_signal(number)
    assert process.wait(5) == code
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert report["run"]["end"] == "interrupted"
    assert (report["verdict"], report["exitCode"]) == (None, code)


def test_after_kill_nothing_runs_and_down_removes_the_rest(tmp_path, left):
    process = started(tmp_path, after="attestation-fetch")
    process.kill()
    process.wait()
    wait_until(
        lambda: left()[1],
        lambda processes: not processes,
        expected="no process of the stack",
        deadline=Deadline("gone", 5),
    )
    assert len(left()[0]) == 1
    done = subprocess.run([*CLI, "down"], capture_output=True, text=True, check=True)
    assert "removed what" in done.stdout


def test_down_leaves_a_run_that_goes_on_alone(tmp_path):
    process = started(tmp_path, after="installing")
    done = subprocess.run([*CLI, "down"], capture_output=True, text=True, check=True)
    assert "alone" in done.stdout
    assert process.wait(60) == 7, (tmp_path / "output").read_text()


def test_up_prints_what_to_paste_and_down_ends_it():
    up = subprocess.run([*CLI, "up"], capture_output=True, text=True, check=True)
    exports = dict(re.findall(r'^export (\w+)="(.*)"$', up.stdout, re.MULTILINE))
    assert set(exports) == {
        "KUBECONFIG",
        "BAO_ADDR",
        "BAO_TOKEN",
        "VAULT_ADDR",
        "VAULT_TOKEN",
        "KBS_URL",
    }
    token_file = Path(re.fullmatch(r"\$\(cat (.*)\)", exports["BAO_TOKEN"]).group(1))
    assert token_file.stat().st_mode & 0o077 == 0
    token = token_file.read_text()
    assert token not in up.stdout + up.stderr
    answer = requests.get(
        f"{exports['BAO_ADDR']}/v1/auth/token/lookup-self",
        headers={"X-Vault-Token": token},
        timeout=5,
    )
    assert answer.json()["data"]["policies"] == ["root"]
    assert os.access(exports["KUBECONFIG"], os.R_OK)
    done = subprocess.run([*CLI, "down"], capture_output=True, text=True, check=True)
    assert "ended" in done.stdout
    assert not token_file.exists()


def test_a_stack_that_does_not_come_up_leaves_nothing():
    command = [*CLI, "up", "--set", "kubernetes.etcdPath=/bin/true"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "etcd ended" in done.stderr
