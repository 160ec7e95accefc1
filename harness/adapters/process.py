"""Processes that the harness owns: tied to it, logged to a file, ended by id."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .command import tethered
from .logs import LogFile

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
        with self.log.open("ab") as log:
            self._popen = subprocess.Popen(
                tethered(self.command),
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
        return LogFile(self.log).tail(lines)


@dataclass(slots=True)
class Ports:
    """Loopback ports that nobody else on this machine is given while they are held.

    A socket that is bound with SO_REUSEADDR and never listens keeps its port from everyone who asks
    the kernel for any port, and lets a server that sets the same option listen on it (socket(7));
    Go's net, asyncio and Rust's standard library set it. The kernel drops it with this process.
    """

    _held: list[socket.socket] = field(default_factory=list)

    def take(self, count: int) -> list[int]:
        """Return that many ports that nobody uses, all different."""
        taken = [_bound() for _ in range(count)]
        self._held.extend(taken)
        return [int(one.getsockname()[1]) for one in taken]

    def close(self) -> None:
        """Give all ports back."""
        while self._held:
            self._held.pop().close()


def _bound() -> socket.socket:
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(("127.0.0.1", 0))
    return one
