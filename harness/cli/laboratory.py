"""`lab`."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from ..artifacts.cache import Cache
from ..lab.building import Lab, Row
from ..lab.docker import Docker
from ..lab.machine import CAP_SYS_RESOURCE, Machine, engine_script, may, probe
from ..model.words import ExitCode
from .terminal import Terminal


def build(terminal: Terminal) -> None:
    """Build the images that are not there as they must be.

    Raises:
        EnvironmentFailed: docker does not answer, or something could not be had.
    """
    lab = _lab(terminal)
    machine = probe(lab.docker)
    lab.build(lambda image: terminal.say(f"{escape(image.name)} is there"))
    if machine.lacks_wrapper:
        terminal.say("[yellow]to do[/]  " + escape(_wrapper_missing(machine)))


def status(terminal: Terminal) -> ExitCode:
    """Print the machine and the images; return 3 where an image or the wrapper is missing.

    Raises:
        EnvironmentFailed: docker does not answer.
    """
    lab = _lab(terminal)
    machine, rows = probe(lab.docker), lab.rows()
    terminal.say(f"docker {machine.engine}, runtime {machine.runtime}, cgroup v{machine.cgroup}")
    terminal.say(f"CAP_SYS_RESOURCE: {'yes' if machine.sys_resource else 'no'}")
    _print(terminal, rows)
    if machine.lacks_wrapper:
        terminal.say("[red]no[/]  " + escape(_wrapper_missing(machine)))
    current = all(row.is_current for row in rows)
    if not current:
        terminal.say("next: trustee-conformance lab build")
    ready = current and not machine.lacks_wrapper
    return ExitCode.CONFORMANT if ready else ExitCode.NO_VERDICT


def clean(terminal: Terminal) -> None:
    """Remove images and layers.

    Raises:
        EnvironmentFailed: docker does not answer, or a container uses an image.
    """
    terminal.say(f"{_lab(terminal).clean() / 1e6:.0f} MB of layers were freed")


def engine() -> None:
    """Print the script that starts docker here."""
    capabilities = Path("/proc/self/status").read_text()
    sys.stdout.write(engine_script(sys_resource=may(CAP_SYS_RESOURCE, capabilities)))


def _lab(terminal: Terminal) -> Lab:
    return Lab(Docker.found(), Cache.default(), terminal.progress)


def _print(terminal: Terminal, rows: list[Row]) -> None:
    table = Table(box=None)
    for column in ("image", "there", "size", "digest of inputs"):
        table.add_column(column, overflow="fold")
    for row in rows:
        there = "yes" if row.is_current else "of other inputs" if row.held else "no"
        size = f"{row.held.size / 1e6:.0f} MB" if row.held else ""
        table.add_row(escape(row.image.name), there, size, row.image.digest[:12])
    terminal.console.print(table)


def _wrapper_missing(machine: Machine) -> str:
    return (
        f"no cluster starts with the runtime {machine.runtime} where root has no CAP_SYS_RESOURCE:"
        " `trustee-conformance lab engine` prints another"
    )
