"""The state folder of a run: private, locked by the process that owns the stack."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from ..errors import EnvironmentFailed, UsageError


def state_root() -> Path:
    """Return `$XDG_STATE_HOME/trustee-conformance`."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "trustee-conformance"


LEAKED = "leaked"
"""Where artefacts that held a canary are moved to."""


@dataclass(slots=True)
class StateFolder:
    """The folder that holds a stack's data, keys and logs.

    Attributes:
        path: The folder.
    """

    path: Path
    _lock: FileLock | None = None

    @classmethod
    def make(cls, run: str, kind: str) -> StateFolder:
        """Make and lock the folder of a new run.

        Args:
            run: The run's id.
            kind: `run`, or `stack` for one that is kept up until `down`.

        Raises:
            EnvironmentFailed: it could not be made.
        """
        folder = cls(state_root() / run)
        try:
            folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise EnvironmentFailed(
                f"the state folder {folder.path} could not be made: {error.strerror}",
                hint="set XDG_STATE_HOME to a folder that you may write to",
            ) from None
        folder._lock = FileLock(folder.path / "lock")
        folder._lock.acquire(timeout=0)
        started = psutil.Process().create_time()
        folder.write({"kind": kind, "pid": os.getpid(), "started": started})
        return folder

    @classmethod
    def all(cls) -> list[StateFolder]:
        """Return the folders of all runs, living and dead."""
        root = state_root()
        if not root.is_dir():
            return []
        return [cls(path) for path in sorted(root.iterdir()) if path.name != LEAKED]

    @classmethod
    def find(cls, run: str) -> StateFolder:
        """Return the folder of a run.

        Raises:
            UsageError: there is none.
        """
        for folder in cls.all():
            if folder.path.name == run:
                return folder
        raise UsageError(f"there is no stack {run}", hint="`trustee-conformance down` lists them")

    def write(self, record: dict[str, object]) -> None:
        """Write what the run says of itself, on top of what it said."""
        whole = {**self.record(), **record}
        (self.path / "run.json").write_text(json.dumps(whole, indent=2) + "\n")

    def record(self) -> dict[str, object]:
        """Return what the run says of itself; nothing where that cannot be read."""
        try:
            record: dict[str, object] = json.loads((self.path / "run.json").read_text())
        except (OSError, ValueError):
            return {}
        return record

    @property
    def alive(self) -> bool:
        """Whether a process owns it: the kernel drops the lock with its owner."""
        lock = FileLock(self.path / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        lock.release()
        return False

    @property
    def owner(self) -> psutil.Process | None:
        """The process that owns it, `None` where it is gone."""
        record = self.record()
        try:
            process = psutil.Process(int(str(record["pid"])))
            same = abs(process.create_time() - float(str(record["started"]))) < 1
        except (KeyError, ValueError, psutil.NoSuchProcess):
            return None
        return process if same else None

    def remove(self) -> None:
        """Remove the folder and all in it."""
        if self._lock is not None:
            self._lock.release()
        shutil.rmtree(self.path, ignore_errors=True)
