"""The KBS container on a machine without a kubelet: one program that outlives the operator.

As on a cluster, the pod goes on serving while the operator is away, and a new operator takes
it over. It ends with the process that owns the stack.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

SANDBOX = Path(__file__).with_name("sandbox.py")
GRACE = 3.0
"""Seconds between SIGTERM and SIGKILL."""
PLAIN = {"NO_COLOR": "1"}
"""KBS from v0.18 on colours its log, also off a terminal, unless it is told not to."""


@dataclass(frozen=True, slots=True)
class Pod:
    """Runs one program in a sandbox process, at most one at a time.

    Attributes:
        state: The file that says which process it is, and whether the pod was deleted: whoever
            deletes it sets `deleted` there before ending the process.
        owner: The process with whose end the pod ends.
        log: Where the program's output goes.
    """

    state: Path
    owner: int
    log: Path
    _children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(
        self, command: Sequence[str], environment: Mapping[str, str], about: Mapping[str, str]
    ) -> str:
        """Start the program; return the pod's name, which no other pod has.

        Args:
            command: The program.
            environment: Variables on top of the operator's own.
            about: What readers of the state file shall know of the pod.
        """
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(SANDBOX), str(self.owner), *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **PLAIN, **environment},
                start_new_session=True,
            )
        self._children.append(process)
        started = psutil.Process(process.pid).create_time()
        name = f"kbs-{process.pid}-{int(started * 1000)}"
        write(self.state, {"name": name, "pid": process.pid, "started": started, **about})
        return name

    @property
    def running(self) -> bool:
        """Whether its program runs."""
        return self._process() is not None

    @property
    def exists(self) -> bool:
        """Whether there is a pod, running or not: started, and not deleted since."""
        record = read(self.state)
        return record is not None and not record.get("deleted")

    def stop(self) -> None:
        """End the pod, if one runs."""
        process = self._process()
        if process is not None:
            with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
                process.send_signal(signal.SIGTERM)
                self._await_end(process)
        self._reap()
        self.state.unlink(missing_ok=True)

    def _await_end(self, process: psutil.Process) -> None:
        try:
            process.wait(GRACE)
        except psutil.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _reap(self) -> None:
        """Let those that have ended go, so that no zombie is left of them."""
        self._children[:] = [child for child in self._children if child.poll() is None]

    def _process(self) -> psutil.Process | None:
        self._reap()
        record = read(self.state)
        if record is None:
            return None
        try:
            process = psutil.Process(record["pid"])
            same = abs(process.create_time() - record["started"]) < 1
            alive = same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if alive else None


def read(state: Path) -> dict[str, Any] | None:
    """Return what a state file says, `None` where there is none that can be read."""
    try:
        record: dict[str, Any] = json.loads(state.read_text())
    except (OSError, ValueError):
        return None
    return record


def write(state: Path, record: Mapping[str, Any]) -> None:
    """Write a state file as a whole."""
    aside = state.with_suffix(".new")
    aside.write_text(json.dumps(record))
    aside.rename(state)
