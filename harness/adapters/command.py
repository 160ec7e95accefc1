"""Programs that are run to their end, and end with all they started when the harness does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

TETHER = Path(__file__).with_name("tether.py")
LEASH = Path(__file__).with_name("leash.py")


@dataclass(frozen=True, slots=True)
class Ended:
    """What a program came to.

    Attributes:
        status: Its exit status.
        output: Its standard output.
        errors: Its standard error.
    """

    status: int
    output: str
    errors: str


def run(
    command: Sequence[str | Path],
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Ended:
    """Run a program and all it starts to the end.

    Raises:
        OSError: the interpreter could not be started; what keeps the program itself from starting
            shows in status and errors.
    """
    with leashed(command, cwd, environment, stdout=subprocess.PIPE) as process:
        output, errors = process.communicate()
    return Ended(process.returncode, output, errors)


@contextmanager
def leashed(
    command: Sequence[str | Path],
    cwd: Path | None,
    environment: Mapping[str, str] | None,
    stdout: int | IO[str] | None = None,
    stdin: int = subprocess.DEVNULL,
) -> Iterator[subprocess.Popen[str]]:
    """Start a program whose standard error is to be read; end it if the reader does not stay."""
    process = subprocess.Popen(
        [*_isolated(LEASH), *map(str, command)],
        cwd=cwd,
        env=environment,
        stdin=stdin,
        stdout=stdout or subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    with process:
        try:
            yield process
        except BaseException:
            process.terminate()
            raise


def tethered(command: Sequence[str | Path]) -> list[str]:
    """Return a command line that runs one program, which dies with the harness."""
    return [*_isolated(TETHER), *map(str, command)]


def _isolated(script: Path) -> list[str]:
    """Return the interpreter with a script that wants to know who owns it."""
    return [sys.executable, "-I", "-S", str(script), str(os.getpid())]
