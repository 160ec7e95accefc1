"""`up` and `down`: stacks that are kept, and what dead runs left."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Mapping

import psutil
from rich.markup import escape

from ..artifacts.cache import Cache
from ..artifacts.provide import Provider
from ..config import Configured
from ..engine.run import Run
from ..engine.state import KEPT, StateFolder
from ..errors import EnvironmentFailed, UsageError
from ..model.canary import Canaries
from ..model.words import ExitCode
from ..platforms.local import LocalPlatform
from ..wait import Deadline, DeadlinePassed, wait_until
from .detaching import HandOver, detached
from .terminal import Terminal

DOWN_SECONDS = 20.0


def up(terminal: Terminal, name: str, configured: Configured) -> int:
    """Start a stack in a process of its own and print the exports; return the exit code.

    Raises:
        EnvironmentFailed: the stack does not come up.
    """

    def work(hand_over: HandOver) -> int:
        state, canaries = StateFolder.make(name), Canaries()
        provider = Provider(Cache.default(), terminal.progress)
        settings = configured.settings
        platform = LocalPlatform(settings, state.path, provider, canaries, terminal.progress)
        terminal.redact = canaries.redact
        try:
            for component, failure in platform.start().failures.items():
                raise EnvironmentFailed(f"{component} did not come up: {failure}")
            state.write({"kind": KEPT, "exports": platform.exports()})
            _say_exports(name, platform.exports(), terminal)
            hand_over(ExitCode.CONFORMANT)
            return 0
        finally:
            platform.stop()
            state.remove()

    return detached(work)


def say_kept(run: Run, terminal: Terminal) -> None:
    """Print how to reach the stack of a run that is kept."""
    _say_exports(run.id, run.exports, terminal)


def down(terminal: Terminal, name: str | None) -> None:
    """End kept stacks and remove what dead runs left; a run that lives is left alone.

    Raises:
        UsageError: there is no such stack, or it is a run that lives.
        EnvironmentFailed: a stack does not end.
    """
    folders = [StateFolder.find(name)] if name else StateFolder.all()
    for folder in folders:
        run = folder.path.name
        if folder.claim_dead():
            _remove(folder)
            terminal.say(f"removed what {escape(run)} left")
        elif folder.record().get("kind") == KEPT:
            _end(folder)
            terminal.say(f"ended {escape(run)}")
        elif name:
            raise UsageError(
                f"{run} is a run that goes on", hint="interrupt it to end it: Ctrl-C, or SIGTERM"
            )
        else:
            terminal.say(f"left {escape(run)} alone: it is a run that goes on")
    if not folders:
        terminal.say("there is nothing to end")


def _say_exports(name: str, exports: Mapping[str, str], terminal: Terminal) -> None:
    for variable, value in exports.items():
        sys.stdout.write(f'export {variable}="{value}"\n')
    terminal.say(f"stack {name} is up; `trustee-conformance down {name}` ends it")


def _end(folder: StateFolder) -> None:
    """Let the owner of a kept stack end it."""
    owner = folder.owner
    if owner is not None:
        owner.send_signal(signal.SIGTERM)
        _await_end(folder, lambda: _ended(owner))
    if folder.path.exists() and folder.claim_dead():
        _remove(folder)


def _remove(folder: StateFolder) -> None:
    """Kill what a dead run may have left running, and remove its folder."""
    for process in folder.processes():
        process.kill()
    _await_end(folder, lambda: not folder.processes())
    folder.remove()


def _await_end(folder: StateFolder, gone: Callable[[], bool]) -> None:
    name = folder.path.name
    try:
        wait_until(gone, bool, expected=f"{name} to end", deadline=Deadline("down", DOWN_SECONDS))
    except DeadlinePassed:
        left = ", ".join(str(process.pid) for process in folder.processes()) or "none by its folder"
        raise EnvironmentFailed(
            f"{name} did not end within {DOWN_SECONDS:g} s", hint=f"look at the processes: {left}"
        ) from None


def _ended(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
