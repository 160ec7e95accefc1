"""Processes die with whoever owns them, whatever happens to it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path

import psutil
import pytest
from trustee_conformance.harness.adapters.process import OwnedProcess, Ports
from trustee_conformance.harness.wait import Deadline, wait_until

OWNER = """
import sys, time
from pathlib import Path
from trustee_conformance.harness.adapters.process import OwnedProcess
process = OwnedProcess("sleep", ["/bin/sleep", "300"], Path(sys.argv[1]))
process.start()
print(process.pid, flush=True)
time.sleep(300)
"""


def gone(pid: int) -> None:
    def seen() -> bool:
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    wait_until(seen, bool, expected=f"process {pid} to be gone", deadline=Deadline("gone", 5))


def await_end(process: OwnedProcess) -> None:
    wait_until(
        lambda: process.exit_status,
        lambda status: status is not None,
        expected="the end",
        deadline=Deadline("end", 5),
    )


def test_a_process_dies_with_an_owner_that_is_killed(tmp_path):
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True
    )
    with owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        assert psutil.pid_exists(pid)
        owner.send_signal(signal.SIGKILL)
        owner.wait(5)
    gone(pid)


def test_a_pod_outlives_the_operator_and_dies_with_the_owner(tmp_path):
    sandbox = Path(sys.modules[OwnedProcess.__module__].__file__).parents[1]
    sandbox = sandbox / "reference" / "operator" / "sandbox.py"
    owner = subprocess.Popen(["/bin/sleep", "300"])
    operator = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import subprocess, sys; print(subprocess.Popen(sys.argv[1:]).pid, flush=True)",
            *(sys.executable, str(sandbox), str(owner.pid), "/bin/sleep", "300"),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    with operator:
        assert operator.stdout is not None
        pod = int(operator.stdout.readline())
    process = psutil.Process(pod)
    wait_until(process.children, bool, expected="the pod's program", deadline=Deadline("start", 5))
    [program] = process.children()
    owner.kill()
    owner.wait(5)
    gone(program.pid)
    gone(pod)


def test_a_process_is_stopped_its_log_kept_and_its_status_known(tmp_path):
    process = OwnedProcess("echo", ["/bin/sh", "-c", "echo hello; exit 3"], tmp_path / "log")
    process.start()
    await_end(process)
    assert (process.exit_status, process.running, process.log_tail()) == (3, False, "hello")


def test_one_that_ignores_sigterm_is_killed(tmp_path):
    stubborn = OwnedProcess(
        "stubborn",
        ["/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"],
        tmp_path / "log",
    )
    stubborn.start()
    wait_until(stubborn.log_tail, bool, expected="ready", deadline=Deadline("start", 5))
    stubborn.stop(grace=0.2)
    assert not stubborn.running
    assert stubborn.exit_status == -signal.SIGKILL


def test_ports_are_all_different():
    with closing(Ports()) as ports:
        assert len(set(ports.take(50))) == 50


def test_a_port_that_is_held_is_given_to_nobody_else_and_can_be_listened_on():
    with closing(Ports()) as ports, ExitStack() as others:
        [port] = ports.take(1)
        for _ in range(500):
            other = others.enter_context(socket.socket())
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", 0))
            assert other.getsockname()[1] != port
        with socket.create_server(("127.0.0.1", port)):
            socket.create_connection(("127.0.0.1", port)).close()


@pytest.mark.parametrize("command", [["/nowhere/at/all"]])
def test_a_program_that_is_not_there_ends_with_a_status(tmp_path, command):
    process = OwnedProcess("absent", command, tmp_path / "log")
    process.start()
    await_end(process)
    assert process.exit_status == 1
