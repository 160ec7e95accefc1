"""However a run ends, nothing is left of it, and the report says how it ended."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
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


def started(tmp_path: Path, *options: str, after: str) -> subprocess.Popen[str]:
    """Start a run and wait until its output holds a text."""
    output = tmp_path / "output"
    command = [*CLI, "run", "--report-dir", str(tmp_path / "report"), *options]
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


def nothing_runs(left) -> None:
    """Wait until no process of a stack is left."""
    wait_until(
        lambda: left()[1],
        lambda processes: not processes,
        expected="no process of the stack",
        deadline=Deadline("gone", 5),
    )


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
    nothing_runs(left)
    assert len(left()[0]) == 1
    done = subprocess.run([*CLI, "down"], capture_output=True, text=True, check=True)
    assert "removed what" in done.stdout


SEED = 20261124
"""Of the moments at which runs are killed: the same ones in every test run."""


@pytest.mark.parametrize("moment", random.Random(SEED).sample(range(1, 140), 20))
def test_after_kill_at_any_moment_down_leaves_nothing(tmp_path, moment, left):
    """From the interpreter's start to the verdict: no process, port, folder or lock is left."""
    command = [*CLI, "run", "--report-dir", str(tmp_path / "report")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(moment / 10)
    listened = ports(process)
    process.kill()
    process.wait()
    subprocess.run([*CLI, "down"], capture_output=True, check=True)
    assert left() == (set(), set())
    assert [port for port in listened if in_use(port)] == []
    assert [path for path in (tmp_path / "state").rglob("*") if not path.is_dir()] == []


def ports(process: subprocess.Popen[bytes]) -> set[int]:
    """Return the ports that a run and all it has started listen on."""
    with contextlib.suppress(psutil.NoSuchProcess):
        whole = [psutil.Process(process.pid)]
        whole += whole[0].children(recursive=True)
        return {port for one in whole for port in listening(one)}
    return set()


def listening(process: psutil.Process) -> set[int]:
    with contextlib.suppress(psutil.Error):
        return {
            one.laddr.port
            for one in process.net_connections(kind="tcp")
            if one.status == psutil.CONN_LISTEN
        }
    return set()


def in_use(port: int) -> bool:
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return one.connect_ex(("127.0.0.1", port)) == 0


def test_two_runs_at_once_do_not_disturb_each_other(tmp_path):
    """`benchmarks/pairs.py` does this many times over."""
    pair = [
        subprocess.Popen(
            [*CLI, "run", "--report-dir", str(tmp_path / f"report{number}")],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for number in range(2)
    ]
    told = [process.communicate()[0] for process in pair]
    assert [process.returncode for process in pair] == [7, 7], "\n".join(told)


def test_a_kept_stack_outlives_its_run_until_down(tmp_path, left):
    report = tmp_path / "report"
    command = [*CLI, "run", "--keep", "--only", "INSTALL-001", "--report-dir", str(report)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 4, done.stdout + done.stderr
    url = re.search(r'^export BAO_ADDR="(.*)"$', done.stdout, re.MULTILINE)[1]
    assert requests.get(f"{url}/v1/sys/health", timeout=5).status_code == 200
    assert json.loads((report / "report.json").read_text())["verdict"] == "partial"
    down = subprocess.run([*CLI, "down"], capture_output=True, text=True, check=True)
    assert "ended" in down.stdout


def test_a_run_that_is_to_be_kept_ends_whole_when_it_is_interrupted(tmp_path):
    process = started(tmp_path, "--keep", after="attestation-fetch")
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 130


def test_a_run_that_is_to_be_kept_dies_with_its_front(tmp_path, left):
    process = started(tmp_path, "--keep", after="attestation-fetch")
    process.kill()
    process.wait()
    nothing_runs(left)
    subprocess.run([*CLI, "down"], capture_output=True, check=True)


def test_the_deadline_of_the_whole_run_ends_it_without_a_verdict(tmp_path):
    report = tmp_path / "report"
    command = [*CLI, "run", "--deadline", "5", "--report-dir", str(report)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=15)
    assert done.returncode == 3, done.stdout + done.stderr
    told = json.loads((report / "report.json").read_text())
    assert (told["run"]["end"], told["verdict"], told["exitCode"]) == ("deadline", None, 3)
    assert "the deadline of the run passed" in done.stdout


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
