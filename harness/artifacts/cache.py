"""The cache: an entry is complete or absent, and made by one process at a time."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import EnvironmentFailed
from .recipe import Artifact, Progress, next_step

PROVENANCE = "provenance.json"


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A file as it was made: its size in bytes, its time in nanoseconds, its SHA-256."""

    size: int
    modified: int
    digest: str


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
        """Tell whether the artifact is there, complete, as it was made."""
        return bool(self.files(artifact)) and not self.damage(artifact)

    def files(self, artifact: Artifact) -> dict[str, MadeFile]:
        """Return what is noted of the files that were made, by role; nothing where none were."""
        try:
            noted = json.loads((self.entry(artifact) / PROVENANCE).read_text())["files"]
            return {role: MadeFile(**one) for role, one in noted.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}

    def damage(self, artifact: Artifact) -> str:
        """Say which file is not as it was made; empty where all are.

        Size and time tell; where the time differs, as after a CI system has restored its cache,
        the digest does. To read 500 MB before every run would cost a second.
        """
        for role, made in self.files(artifact).items():
            path = self.entry(artifact) / artifact.files.get(role, role)
            if not path.is_file():
                return f"{path.name} is gone"
            if not _as_made(path, made):
                return f"{path.name} was changed"
        return ""

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
        """Remove all that is cached, the Go caches included; return the bytes that were freed.

        Raises:
            EnvironmentFailed: another process is making something here.
        """
        with self._alone():
            return self._empty()

    def discard(self, unwanted: Callable[[str], bool]) -> int:
        """Remove the entries whose folder's name is unwanted; return the bytes that were freed.

        One that is being made or looked at stays.

        Raises:
            OSError: an entry could not be removed.
        """
        return sum(
            self._discard(entry)
            for entry in sorted((self.root / "artifacts").glob("*"))
            if unwanted(entry.name)
        )

    def _discard(self, entry: Path) -> int:
        try:
            with FileLock(self.root / "locks" / f"{entry.name}.lock", timeout=0):
                return _freed(entry)
        except Timeout:
            return 0

    def _empty(self) -> int:
        return sum(_freed(self.root / name) for name in ("artifacts", "debian", "go", "making"))

    def _make(self, artifact: Artifact, progress: Progress) -> None:
        making = self.root / "making"
        making.mkdir(parents=True, exist_ok=True)
        for left in making.glob(f"{artifact.key}.*"):
            _remove(left)  # of a process that was killed: the lock is ours now
        if damage := self.damage(artifact):
            progress(f"{artifact.name} {artifact.version} is made anew: in the cache {damage}")
        aside = Path(tempfile.mkdtemp(prefix=f"{artifact.key}.", dir=making))
        try:
            artifact.recipe.make(aside, self.root, progress)
            _check_files(artifact, aside)
            self._write_provenance(artifact, aside)
            self.entry(artifact).parent.mkdir(exist_ok=True)
            _remove(self.entry(artifact))
            aside.rename(self.entry(artifact))
        except OSError as error:
            raise EnvironmentFailed(
                f"{artifact.name} {artifact.version} could not be kept: {error.strerror}",
                hint=next_step(str(error.strerror), aside, f"{self.root} can be written"),
            ) from None
        finally:
            _remove(aside)

    def _write_provenance(self, artifact: Artifact, folder: Path) -> None:
        data = {
            "name": artifact.name,
            "version": artifact.version,
            "source": artifact.recipe.source,
            "recipe": artifact.recipe.digest,
            "files": {role: asdict(_made(folder / name)) for role, name in artifact.files.items()},
        }
        (folder / PROVENANCE).write_text(json.dumps(data, indent=2) + "\n")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold every lock that somebody has made here."""
        with ExitStack() as held:
            for path in sorted((self.root / "locks").glob("*.lock")):
                try:
                    held.enter_context(FileLock(path, timeout=0))
                except Timeout:
                    raise EnvironmentFailed(
                        f"another process is making {path.stem}",
                        hint="wait for it, or end it, then clean again",
                    ) from None
            yield

    @contextmanager
    def _locked(self, artifact: Artifact, progress: Progress) -> Iterator[None]:
        locks = self.root / "locks"
        try:
            locks.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EnvironmentFailed(
                f"the cache {self.root} cannot be written: {error.strerror}",
                hint="set XDG_CACHE_HOME to a folder that you may write to",
            ) from None
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


def _as_made(path: Path, made: MadeFile) -> bool:
    now = path.stat()
    if now.st_size != made.size or now.st_mtime_ns == made.modified:
        return now.st_size == made.size
    if _made(path).digest != made.digest:
        return False
    with contextlib.suppress(OSError):  # so that the next look is quick
        os.utime(path, ns=(now.st_atime_ns, made.modified))
    return True


def _made(path: Path) -> MadeFile:
    with path.open("rb") as file:
        digest = "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
    return MadeFile(path.stat().st_size, path.stat().st_mtime_ns, digest)


def _check_files(artifact: Artifact, folder: Path) -> None:
    for role, name in artifact.files.items():
        if not (folder / name).exists():
            raise EnvironmentFailed(
                f"{artifact.name} {artifact.version} was made without its {role} ({name})",
                hint="this is a bug of trustee-conformance, please report it",
            )


def _freed(folder: Path) -> int:
    """Remove a folder and return the bytes that its files had."""
    bytes_ = sum(p.lstat().st_size for p in folder.rglob("*") if not p.is_dir())
    _remove(folder)
    return bytes_


def _remove(folder: Path) -> None:
    """Remove a folder, read-only Go module files included."""
    if not folder.exists():
        return
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(folder)
