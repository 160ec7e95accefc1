"""`up`, the supervisor behind it, and `down`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import psutil
from rich.markup import escape

from ..artifacts.cache import Cache
from ..artifacts.provide import Provider
from ..config import Configured
from ..engine.state import StateFolder, state_root
from ..errors import EnvironmentFailed, Interrupted, UsageError
from ..model.canary import Canaries
from ..platforms.local import LocalPlatform
from ..wait import Deadline, DeadlinePassed, wait_until
from .terminal import Terminal

UP_SECONDS = 3600.0
"""How long `up` waits; a first build is in it."""

DOWN_SECONDS = 20.0


def up(
    terminal: Terminal,
    name: str,
    platform: str | None,
    config: Path | None,
    assignments: Sequence[str],
) -> None:
    """Start a supervisor, wait until its stack is up, print the exports.

    Raises:
        EnvironmentFailed: the stack does not come up.
    """
    folder = state_root() / name
    folder.mkdir(mode=0o700, parents=True)
    log = folder / "supervisor.log"
    process = _start_supervisor(name, platform, config, assignments, log)
    told = _Follower(log, terminal)
    try:
        wait_until(
            told.look,
            lambda _: bool(StateFolder(folder).record().get("exports")),
            expected=f"the stack {name} to be up",
            deadline=Deadline("up", UP_SECONDS),
            fatal=lambda _: _supervisor_ended(process, told),
        )
    except (DeadlinePassed, KeyboardInterrupt, EnvironmentFailed):
        process.terminate()
        process.wait()
        StateFolder(folder).remove()
        raise
    for line in _exports(folder):
        sys.stdout.write(f"{line}\n")
    terminal.say(f"stack {name} is up; `trustee-conformance down {name}` ends it")


def supervise(terminal: Terminal, name: str, configured: Configured) -> None:
    """Own a stack until SIGTERM.

    Raises:
        EnvironmentFailed: it does not come up.
    """
    state = StateFolder.make(name, "stack")
    stopped, canaries = threading.Event(), Canaries()
    provider = Provider(Cache.default(), terminal.progress)
    platform = LocalPlatform(configured.settings, state.path, provider, canaries, terminal.progress)
    terminal.redact = canaries.redact
    try:
        stack = platform.start()
        for component, failure in stack.failures.items():
            raise EnvironmentFailed(f"{component} did not come up: {failure}")
        state.write({"exports": platform.exports()})
        stopped.wait()
    except Interrupted:
        return
    finally:
        platform.stop()
        state.remove()


def down(terminal: Terminal, name: str | None) -> None:
    """End kept stacks and remove what dead runs left; a run that lives is left alone.

    Raises:
        UsageError: there is no such stack, or it is a run that lives.
        EnvironmentFailed: a stack does not end.
    """
    folders = [StateFolder.find(name)] if name else StateFolder.all()
    for folder in folders:
        run = folder.path.name
        if not folder.alive:
            folder.remove()
            terminal.say(f"removed what {escape(run)} left")
        elif folder.record().get("kind") == "stack":
            _end(folder)
            terminal.say(f"ended {escape(run)}")
        elif name:
            raise UsageError(f"{run} is a run that goes on; interrupt it to end it")
        else:
            terminal.say(f"left {escape(run)} alone: it is a run that goes on")
    if not folders:
        terminal.say("there is nothing to end")


def _start_supervisor(
    name: str, platform: str | None, config: Path | None, assignments: Sequence[str], log: Path
) -> subprocess.Popen[bytes]:
    options = [part for one in assignments for part in ("--set", one)]
    options += ["--config", str(config)] if config else []
    options += ["--platform", platform] if platform else []
    module = "trustee_conformance.harness.cli"
    with log.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, "-u", "-m", module, "supervise", name, *options],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
            env=os.environ,
        )


def _supervisor_ended(
    process: subprocess.Popen[bytes], told: _Follower
) -> EnvironmentFailed | None:
    if process.poll() is None:
        return None
    told.look()
    return EnvironmentFailed(
        "the stack did not come up",
        hint="the reason is in the lines above; `trustee-conformance doctor` checks this machine",
    )


def _exports(folder: Path) -> list[str]:
    exports = StateFolder(folder).record().get("exports")
    named = exports if isinstance(exports, dict) else {}
    return [f'export {name}="{value}"' for name, value in named.items()]


def _end(folder: StateFolder) -> None:
    owner = folder.owner
    if owner is None:
        return
    owner.send_signal(signal.SIGTERM)
    try:
        owner.wait(DOWN_SECONDS)
    except psutil.TimeoutExpired:
        raise EnvironmentFailed(
            f"{folder.path.name} did not end within {DOWN_SECONDS:g} s",
            hint=f"look at process {owner.pid}",
        ) from None
    folder.remove()


class _Follower:
    """Tells the lines that a log has got since the last look, also once it was removed."""

    def __init__(self, log: Path, terminal: Terminal) -> None:
        self._file, self._terminal, self._seen = log.open("rb"), terminal, 0

    def look(self) -> int:
        while (line := self._file.readline()).endswith(b"\n"):
            text = escape(line[:-1].decode(errors="replace"))
            self._terminal.console.print(text, soft_wrap=True, style="dim")
            self._seen += 1
        self._file.seek(-len(line), os.SEEK_CUR)
        return self._seen
