"""Finds out of which generation a KBS program is, by starting it.

Every release of KBS says that it is version 0.1.0, but no generation takes the configuration of
the other: confidential-containers/trustee `kbs/src/config.rs` at v0.17.0 and v0.21.0.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from .localise import localised
from .pod import GRACE, PLAIN, SANDBOX
from .releases import GENERATIONS, KbsGeneration
from .texts import kbs_config

log = logging.getLogger("operator")

PATIENCE = 10.0
"""Seconds within which a program listens or ends."""
PAUSE = 0.05
"""Seconds between two looks whether it listens."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Starts a program on a configuration of each generation.

    Attributes:
        program: The KBS.
        socket: Where it may listen, host:port.
        folder: Where its files may be meanwhile.
    """

    program: Path
    socket: str
    folder: Path

    def recognise(self) -> KbsGeneration | None:
        """Return the generation whose configuration the program takes, `None` where it is none."""
        for generation in sorted(GENERATIONS.values(), key=lambda one: one.name, reverse=True):
            output = self._refusal(generation)
            if output is None:
                return generation
            log.info("KBS does not start as %s: %s", generation.name, _last_line(output))
        return None

    def _refusal(self, generation: KbsGeneration) -> str | None:
        """Return what the program said when it ended, `None` where it listens."""
        with tempfile.TemporaryDirectory(prefix="kbs-trial-", dir=self.folder) as made:
            root = Path(made)
            (root / "repository").mkdir()
            text = kbs_config(generation, restricted=False)
            config = root / "kbs-config.toml"
            config.write_text(localised(text, lambda one: root / one.lstrip("/"), self.socket))
            with (root / "output").open("wb") as output:
                process = subprocess.Popen(
                    [*self._sandboxed, "--config-file", str(config)],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, **PLAIN},
                    start_new_session=True,
                )
            listens = self._await(process)
            said = (root / "output").read_text(errors="replace")
        return None if listens else said

    @property
    def _sandboxed(self) -> list[str]:
        """It ends with this process, so that it does not keep the port."""
        return [sys.executable, "-I", "-S", str(SANDBOX), str(os.getpid()), str(self.program)]

    def _await(self, process: subprocess.Popen[bytes]) -> bool:
        """Wait until the program listens or ends; end it then."""
        until = time.monotonic() + PATIENCE
        listens = False
        while not listens and time.monotonic() < until and not _ends(process):
            listens = _listens(self.socket)
        _end(process)
        return listens


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program, also one that does not listen to SIGTERM."""
    process.terminate()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _ends(process: subprocess.Popen[bytes]) -> bool:
    """Let a moment pass; tell whether the program ended in it."""
    try:
        process.wait(PAUSE)
    except subprocess.TimeoutExpired:
        return False
    return True


def _listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


def _last_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
