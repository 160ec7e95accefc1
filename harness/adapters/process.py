"""Processes that the harness owns: tied to it, logged to a file, ended by id."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

TETHER = Path(__file__).with_name("tether.py")

GRACE = 5.0
"""Seconds between SIGTERM and SIGKILL."""


@dataclass(slots=True)
class OwnedProcess:
    """A program that runs until it is stopped or the harness ends, however that happens.

    The kernel kills it when the thread that started it ends, so start it from a thread that
    lives as long as the stack.

    Attributes:
        name: What it is called in messages.
        command: The program and its arguments; no secret belongs here.
        log: Where its two output streams go.
        environment: Variables on top of the harness's own.
    """

    name: str
    command: Sequence[str | Path]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    _popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the program in a session of its own.

        Raises:
            OSError: the log could not be opened or Python could not be started.
        """
        tie = [sys.executable, "-I", "-S", str(TETHER), str(os.getpid())]
        with self.log.open("ab") as log:
            self._popen = subprocess.Popen(
                [*tie, *map(str, self.command)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.environment},
                start_new_session=True,
            )

    @property
    def pid(self) -> int | None:
        """The process id, `None` before the start."""
        return self._popen.pid if self._popen else None

    @property
    def exit_status(self) -> int | None:
        """The exit status, `None` while it runs; minus the signal where one ended it."""
        return self._popen.poll() if self._popen else None

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._popen is not None and self._popen.poll() is None

    def stop(self, grace: float = GRACE) -> None:
        """End it: SIGTERM, and SIGKILL after `grace` seconds. Does nothing where it has ended."""
        if self._popen is None or self._popen.poll() is not None:
            return
        self._popen.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(grace)
            return
        self._popen.kill()
        self._popen.wait()

    def kill(self) -> None:
        """End it at once."""
        if self._popen is not None and self._popen.poll() is None:
            self._popen.kill()
            self._popen.wait()

    def log_tail(self, lines: int = 15) -> str:
        """Return the last lines of its log, as they are: redact them before they are shown."""
        try:
            text = self.log.read_text(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])


def free_ports(count: int) -> list[int]:
    """Return that many loopback ports that were free just now, all different."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
