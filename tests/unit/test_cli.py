"""Bad input ends in a sentence and exit code 2, and starts nothing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

CLI = (sys.executable, "-m", "trustee_conformance.harness.cli")


def cli(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*CLI, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "--set", "stoer.path=/x"], "unknown configuration key stoer.path"),
        (["run", "--profile", "everything"], "profile = 'everything'"),
        (["run", "--platform", "cloud"], "platform = 'cloud'"),
        (["run", "--config", "/nowhere.yaml"], "configuration file /nowhere.yaml"),
        (["run", "--set", "store.path=/nowhere"], "there is no such file"),
        (["run", "--report-dir", "/proc/report"], "cannot be written"),
        (["run", "--report-dir", "/etc"], "is not empty"),
        (["artifacts", "build", "--set", "externalSecrets.version=v9"], "'v0.16.1' or 'v0.20.4'"),
        (["artifacts", "list", "--config", "/nowhere.yaml"], "configuration file /nowhere.yaml"),
        (["down", "no-such-stack"], "there is no stack no-such-stack"),
        (["run", "--no-such-option"], "No such option"),
        (["no-such-command"], "No such command"),
        (["plan", "--only", "sync or"], "--only sync or"),
        (["run", "--only", "sync or"], "--only sync or"),
    ],
)
def test_bad_input(arguments, told):
    done = cli(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_plan_lists_what_is_selected():
    done = cli("plan", "--only", "rotation")
    assert done.returncode == 0
    assert "ROTATION-001" in done.stdout
    assert "1 of 8 requirements" in done.stdout
    assert cli("plan", "--only", "nothing").returncode == 5


def test_doctor_tells_settings_and_their_origin():
    done = cli("doctor", "--set", "deadlines.sync=7")
    assert done.returncode == 0, done.stdout
    assert "--set deadlines.sync" in done.stdout


def test_plan_does_not_wait_for_kubernetes_to_be_imported():
    code = (
        "import sys; from trustee_conformance.harness.cli import app; "
        "sys.exit('kubernetes' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("variable", "arguments"),
    [("XDG_CACHE_HOME", ["artifacts", "build"]), ("XDG_STATE_HOME", ["up"])],
)
def test_what_nobody_foresaw_is_no_verdict_and_no_traceback(variable, arguments):
    done = subprocess.run(
        [*CLI, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, variable: "/proc/nowhere"},
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    assert "error:" in done.stderr


def test_a_run_that_cannot_start_says_why_and_has_no_verdict(tmp_path):
    done = subprocess.run(
        [*CLI, "run", "--report-dir", tmp_path / "report"],
        capture_output=True,
        text=True,
        env={**os.environ, "XDG_CACHE_HOME": "/proc/nowhere", "XDG_STATE_HOME": str(tmp_path)},
        check=False,
    )
    assert done.returncode == 3, done.stdout
    assert "/proc/nowhere" in done.stdout
    assert "verdict: no verdict" in done.stdout
