"""A program never outlives its sandbox, whenever that is killed."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys

import psutil
from trustee_conformance.harness.reference.operator.pod import SANDBOX
from trustee_conformance.harness.wait import Deadline, wait_until

MARK = "86399.125"
"""Seconds of a sleep that no other process asks for."""


def sleepers() -> list[int]:
    return [
        process.pid
        for process in psutil.process_iter(["cmdline", "status"])
        if (process.info["cmdline"] or [])[-1:] == [MARK]
        and process.info["status"] != psutil.STATUS_ZOMBIE
        and "sandbox" not in " ".join(process.info["cmdline"])
    ]


def test_no_program_is_left_of_a_sandbox_that_is_killed_while_it_starts():
    for moment in range(60):
        command = [sys.executable, "-I", "-S", str(SANDBOX), str(os.getpid()), "sleep", MARK]
        with subprocess.Popen(command, start_new_session=True) as sandbox:
            with contextlib.suppress(subprocess.TimeoutExpired):
                sandbox.wait(moment / 1000)
            sandbox.kill()
    wait_until(sleepers, lambda left: left == [], expected="none", deadline=Deadline("gone", 5))


def test_a_program_ends_with_the_owner():
    owner = subprocess.Popen(["sleep", "60"])
    command = [sys.executable, "-I", "-S", str(SANDBOX), str(owner.pid), "sleep", MARK]
    with subprocess.Popen(command) as sandbox:
        wait_until(sleepers, bool, expected="the program", deadline=Deadline("start", 5))
        owner.kill()
        owner.wait()
        assert sandbox.wait(5) != 0
    assert sleepers() == []
