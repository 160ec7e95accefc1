"""What cannot be used is told before anything starts; another program is judged as what it does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CLI = (sys.executable, "-m", "trustee_conformance.harness.cli")
SHORT = ("--set", "deadlines.start=10", "--set", "deadlines.fetch=4")
OTHER = "/bin/true"
"""A program, but none of a stack's."""


@pytest.mark.parametrize(
    ("key", "requirement", "component"),
    [
        ("store.path", "INSTALL-001", "store"),
        ("externalSecrets.path", "INSTALL-002", "external-secrets"),
        ("kbsClient.path", "FETCH-001", "kbs-client"),
    ],
)
def test_another_program_for_a_part_under_test_fails_its_requirement(
    run, key, requirement, component
):
    done = run("--only", requirement, "--set", f"{key}={OTHER}", *SHORT)
    assert done.code == 1, done.output
    assert done.culprit(requirement)[2] == component


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("kubernetes.etcdPath", "etcd"),
        ("kubernetes.apiserverPath", "kube-apiserver"),
        ("kubernetes.controllerManagerPath", "kube-controller-manager"),
    ],
)
def test_another_program_for_what_the_stack_stands_on_is_no_verdict(run, key, name):
    done = run("--only", "INSTALL-001", "--set", f"{key}={OTHER}", *SHORT)
    assert done.code == 3, done.output
    assert done.report["verdict"] is None
    assert f"{name} ended with status 0" in done.report["failure"]


@pytest.mark.parametrize(
    "part", ["control_plane", "store", "external_secrets", "trustee"], ids=lambda part: part
)
def test_a_taken_port_is_the_environments_failure(run, monkeypatch, part):
    monkeypatch.setenv("WHOSE", f"components/{part}.py")
    done = run("--only", "install", *SHORT, broken="port-taken")
    assert done.code == 3, done.output
    assert "end the program that listens there" in done.output


def test_a_part_of_the_profile_is_never_better_than_partial(run):
    done = run("--only", "INSTALL-001", "--accept-rehearsal")
    assert (done.code, done.report["verdict"]) == (4, "partial")


def test_an_expression_that_selects_nothing_starts_nothing(run):
    done = run("--only", "no-such-area")
    assert done.code == 5, done.output
    assert "starting etcd" not in done.output


def test_two_runs_do_not_share_a_report_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    command = [*CLI, "run", "--only", "INSTALL-001", "--report-dir", str(tmp_path / "report")]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(2)
    ]
    told = [one.communicate()[0] for one in both]
    assert sorted(one.returncode for one in both) == [2, 4], told
    assert sum("another run uses it" in text for text in told) == 1


def test_a_disk_that_fills_while_it_runs_is_no_verdict(tmp_path, monkeypatch):
    """The report folder takes 40 kB: enough to begin with, too little for the whole."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=40k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small file system needs root")
    try:
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
        command = [*CLI, "run", "--report-dir", str(disk / "report")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 3, done.stdout + done.stderr
        assert "No space left on device" in done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
        assert not (disk / "report" / "report.json").exists()
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert list((tmp_path / "state" / "trustee-conformance").iterdir()) == []


def test_a_state_folder_that_cannot_be_written_is_no_verdict(tmp_path):
    environment = {**os.environ, "XDG_STATE_HOME": "/proc/nowhere"}
    report = tmp_path / "report"
    done = subprocess.run(
        [*CLI, "run", "--report-dir", str(report)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 3, done.stdout + done.stderr
    assert "the state folder /proc/nowhere" in done.stdout
    assert Path(report / "report.json").is_file()
