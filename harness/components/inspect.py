"""Reads from a running process what it is."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ..adapters import buildinfo
from ..adapters.command import TETHER
from ..artifacts.provide import Binary
from ..errors import EnvironmentFailed
from ..wait import Deadline, wait_until

REFERENCE = Path(__file__).parent.parent / "reference"
"""Where the reference programs are."""


def executable(pid: int) -> Path:
    """Return the file that the process runs, reachable even if it was replaced since."""
    return Path(f"/proc/{pid}/exe")


def await_program(pid: int) -> None:
    """Wait until a process that has just been started runs its program and not its tether.

    Raises:
        DeadlinePassed: it does not become the program.
    """

    def seen() -> str:
        try:
            executable(pid).readlink()
            line = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return "gone"
        # while the kernel replaces a program, there is no command line for a moment
        return "the program" if line and TETHER.name.encode() not in line else "the tether"

    wait_until(
        seen,
        lambda now: now != "the tether",
        expected=f"process {pid} to run its program",
        deadline=Deadline("exec", 10),
    )


def digest_of_process(pid: int | None) -> str | None:
    """Return the SHA-256 of the program that runs, `None` where none does."""
    if pid is None:
        return None
    await_program(pid)
    try:
        with executable(pid).open("rb") as file:
            return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def checked_digest(pid: int | None, binary: Binary) -> str | None:
    """Return the SHA-256 of the program that runs, compared with what was made.

    Raises:
        EnvironmentFailed: the cache no longer holds what was made.
    """
    digest = digest_of_process(pid)
    if digest is not None and binary.digest not in {None, digest}:
        raise EnvironmentFailed(
            f"the cached {binary.path} is not what it was when it was made",
            hint="`trustee-conformance artifacts clean`, then run the same command again",
        )
    return digest


def digest_of_double(program: str) -> str:
    """Return the SHA-256 over the Python files of a reference program and what it shares."""
    total = hashlib.sha256()
    for path in sorted([*REFERENCE.glob("*.py"), *(REFERENCE / program).rglob("*.py")]):
        total.update(path.relative_to(REFERENCE).as_posix().encode() + b"\0")
        total.update(path.read_bytes() + b"\0")
    return "sha256:" + total.hexdigest()


def module_version(pid: int | None, module: str) -> str | None:
    """Return the version of a Go module in the program that runs, `None` where it has none."""
    if pid is None:
        return None
    await_program(pid)
    try:
        info = buildinfo.read(executable(pid))
    except OSError:
        return None
    return info.modules.get(module) if info else None
