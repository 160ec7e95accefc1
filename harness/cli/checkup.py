"""`doctor`."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from ..artifacts.cache import Cache
from ..artifacts.provide import Provider
from ..artifacts.toolchain import version_of
from ..config import Configured
from ..engine.state import state_root
from ..model.words import ExitCode
from ..platforms.local import missing_artifacts
from .terminal import Terminal

BUILD_SPACE = 8 << 30
"""Bytes that building everything takes, Go's caches included."""


def doctor(terminal: Terminal, configured: Configured) -> ExitCode:
    """Print checks and settings; return 3 where something keeps a run from starting."""
    failed = _checks(terminal, configured)
    table = Table(title="settings", title_justify="left", box=None)
    for column in ("key", "value", "from"):
        table.add_column(column, overflow="fold")
    for key, value, origin in configured.rows():
        table.add_row(key, escape(value), escape(origin))
    terminal.console.print(table)
    return ExitCode.NO_VERDICT if failed else ExitCode.CONFORMANT


def _checks(terminal: Terminal, configured: Configured) -> bool:
    provider = Provider(Cache.default(), terminal.progress)
    missing = missing_artifacts(configured.settings, provider)
    found = [
        ("Linux on x86_64", platform.system() == "Linux" and platform.machine() == "x86_64", ""),
        (
            "Linux 5.3 or later, for pidfd",
            hasattr(os, "pidfd_open") and _pidfd(),
            platform.release(),
        ),
        ("Python 3.11 or later", sys.version_info >= (3, 11), platform.python_version()),
        _writable("state folder", state_root()),
        _writable("cache", provider.cache.root),
    ]
    for what, holds, detail in found:
        mark = "[green]ok[/]  " if holds else "[red]no[/]  "
        terminal.say(f"{mark}{what} [dim]{escape(detail)}[/]")
    if missing:
        _tell_missing(terminal, [f"{one.name} {one.version}" for one in missing], provider.cache)
    else:
        terminal.say("[green]ok[/]  all programs are in the cache")
    terminal.say("")
    return not all(holds for _, holds, _ in found)


def _tell_missing(terminal: Terminal, names: list[str], cache: Cache) -> None:
    go = shutil.which("go")
    version = version_of(Path(go)) if go else None
    by = f"Go {'.'.join(map(str, version))} of this machine" if version else "Go from a wheel"
    free = shutil.disk_usage(_existing(cache.root)).free
    terminal.say(f"[yellow]to do[/]  the next run gets or builds {', '.join(names)}, with {by}")
    terminal.say(
        "       that takes up to 15 minutes on 2 cores, once; `artifacts build` with the same"
        " settings does it now"
    )
    if free < BUILD_SPACE:
        terminal.say(f"[red]no[/]  {free >> 30} GiB are free there, {BUILD_SPACE >> 30} are needed")


def _pidfd() -> bool:
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return False
    return True


def _writable(what: str, folder: Path) -> tuple[str, bool, str]:
    return f"{what} can be written", os.access(_existing(folder), os.W_OK), str(folder)


def _existing(folder: Path) -> Path:
    return next(one for one in (folder, *folder.parents) if one.exists())
