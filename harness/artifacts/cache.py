"""The cache: an entry is complete or absent, and made by one process at a time."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import EnvironmentFailed
from .recipe import Artifact, Progress

PROVENANCE = "provenance.json"


@dataclass(frozen=True, slots=True)
class Cache:
    """The folder that holds made artifacts, one folder each.

    Attributes:
        root: The folder, by default `$XDG_CACHE_HOME/trustee-conformance`.
    """

    root: Path

    @classmethod
    def default(cls) -> Cache:
        """Return the cache of this user."""
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        return cls(Path(base) / "trustee-conformance")

    def entry(self, artifact: Artifact) -> Path:
        """Return where the artifact is or will be."""
        return self.root / "artifacts" / artifact.key

    def has(self, artifact: Artifact) -> bool:
        """Tell whether the artifact is there, complete."""
        return (self.entry(artifact) / PROVENANCE).is_file()

    def provide(self, artifact: Artifact, progress: Progress) -> Path:
        """Return the artifact's folder, made now if it is not there.

        Raises:
            EnvironmentFailed: it could not be made.
        """
        if self.has(artifact):
            return self.entry(artifact)
        with self._locked(artifact, progress):
            if not self.has(artifact):
                self._make(artifact, progress)
        return self.entry(artifact)

    def clean(self) -> int:
        """Remove all that is cached, the Go caches included; return the bytes that were freed."""
        freed = 0
        for name in ("artifacts", "go", "making"):
            folder = self.root / name
            if folder.exists():
                freed += sum(p.lstat().st_size for p in folder.rglob("*") if not p.is_dir())
                _remove(folder)
        return freed

    def _make(self, artifact: Artifact, progress: Progress) -> None:
        making = self.root / "making"
        making.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f"{artifact.key}.", dir=making))
        try:
            artifact.recipe.make(aside, self.root, progress)
            _check_files(artifact, aside)
            self._write_provenance(artifact, aside)
            self.entry(artifact).parent.mkdir(exist_ok=True)
            _remove(self.entry(artifact))
            aside.rename(self.entry(artifact))
        finally:
            _remove(aside)

    def _write_provenance(self, artifact: Artifact, folder: Path) -> None:
        data = {
            "name": artifact.name,
            "version": artifact.version,
            "source": artifact.recipe.source,
            "recipe": artifact.recipe.digest,
        }
        (folder / PROVENANCE).write_text(json.dumps(data, indent=2) + "\n")

    @contextmanager
    def _locked(self, artifact: Artifact, progress: Progress) -> Iterator[None]:
        locks = self.root / "locks"
        locks.mkdir(parents=True, exist_ok=True)
        lock = FileLock(locks / f"{artifact.key}.lock")
        try:
            lock.acquire(timeout=0.2)
        except Timeout:
            progress(f"{artifact.name} is being made by another process, waiting for it")
            lock.acquire()
        try:
            yield
        finally:
            lock.release()


def _check_files(artifact: Artifact, folder: Path) -> None:
    for role, name in artifact.files.items():
        if not (folder / name).exists():
            raise EnvironmentFailed(
                f"{artifact.name} {artifact.version} was made without its {role} ({name})",
                hint="this is a bug of trustee-conformance, please report it",
            )


def _remove(folder: Path) -> None:
    """Remove a folder, read-only Go module files included."""
    if not folder.exists():
        return
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(folder)
