"""A program that is run to its end takes all it started with it, however the harness ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from trustee_conformance.harness.adapters.command import leashed, run
from trustee_conformance.harness.wait import Deadline, wait_until

FAMILY = "sleep 300 & echo $! > {file}; wait"
"""A shell that starts a child of its own, as `go build` starts compilers."""

OWNER = """
import sys
from trustee_conformance.harness.adapters.command import run
run(["/bin/sh", "-c", sys.argv[1]])
"""


def child_of(file: Path) -> psutil.Process:
    wait_until(
        lambda: file.exists() and file.read_text(),
        bool,
        expected="the child's id",
        deadline=Deadline("start", 10),
    )
    return psutil.Process(int(file.read_text()))


def gone(process: psutil.Process) -> None:
    def seen() -> bool:
        try:
            return process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    wait_until(seen, bool, expected="the child to be gone", deadline=Deadline("gone", 5))


def test_what_it_wrote_and_how_it_ended_is_told():
    done = run(["/bin/sh", "-c", "echo out; echo err >&2; exit 3"])
    assert (done.status, done.output, done.errors) == (3, "out\n", "err\n")


def test_a_signal_is_told_as_shells_tell_it():
    assert run(["/bin/sh", "-c", "kill -TERM $$"]).status == 128 + signal.SIGTERM


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["kill", "term"])
def test_grandchildren_end_with_an_owner_that_is_killed(tmp_path, number):
    script = FAMILY.format(file=tmp_path / "pid")
    owner = subprocess.Popen([sys.executable, "-c", OWNER, script])
    child = child_of(tmp_path / "pid")
    owner.send_signal(number)
    owner.wait(5)
    gone(child)


def test_an_interrupted_reader_ends_the_program_at_once(tmp_path):
    began = time.monotonic()
    script = FAMILY.format(file=tmp_path / "pid")

    def read() -> None:
        with leashed(["/bin/sh", "-c", script], None, os.environ):
            children.append(child_of(tmp_path / "pid"))
            raise KeyboardInterrupt

    children: list[psutil.Process] = []
    with pytest.raises(KeyboardInterrupt):
        read()
    gone(children[0])
    assert time.monotonic() - began < 5
