"""The state folder of a run: private, locked by the process that owns the stack."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from ..errors import EnvironmentFailed, UsageError


def run_id() -> str:
    """Return a new run's id: when it began, and what tells it from another of that second."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def state_root() -> Path:
    """Return `$XDG_STATE_HOME/trustee-conformance`."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "trustee-conformance"


LEAKED = "leaked"
"""Where artefacts that held a canary are moved to."""

RUN, KEPT = "run", "stack"
"""The kinds of a folder: of a run that goes on, and of a stack that is kept until `down`."""


@dataclass(slots=True)
class StateFolder:
    """The folder that holds a stack's data, keys and logs.

    Attributes:
        path: The folder.
    """

    path: Path
    _lock: int | None = None

    @classmethod
    def make(cls, run: str) -> StateFolder:
        """Make and lock the folder of a new run.

        Args:
            run: The run's id.

        Raises:
            EnvironmentFailed: it could not be made.
        """
        folder = cls(state_root() / run)
        try:
            folder._claim()
        except OSError as error:
            raise EnvironmentFailed(
                f"the state folder {folder.path} could not be made: {error.strerror or error}",
                hint="set XDG_STATE_HOME to a folder that you may write to",
            ) from None
        started = psutil.Process().create_time()
        folder.write({"kind": RUN, "pid": os.getpid(), "started": started})
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

    def claim_dead(self) -> bool:
        """Lock the folder if no process owns it: the kernel drops a lock with its owner."""
        try:
            self._lock = _locked(self.path, fcntl.LOCK_NB)
        except OSError:
            return False
        return self._lock is not None

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

    def processes(self) -> list[psutil.Process]:
        """Return the processes whose command line or kubeconfig lies in this folder."""
        here = f"{self.path}{os.sep}"
        return [
            process
            for process in psutil.process_iter()
            if process.pid != os.getpid() and any(here in text for text in _words(process))
        ]

    def remove(self) -> None:
        """Remove the folder and all in it, while it is still locked."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _claim(self) -> None:
        """Make and lock, again where a `down` took the folder without a lock for a dead one."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        while self._lock is None:
            with contextlib.suppress(FileExistsError):
                self.path.mkdir(mode=0o700)
            with contextlib.suppress(FileNotFoundError):
                self._lock = _locked(self.path)


def _locked(folder: Path, how: int = 0) -> int | None:
    """Lock the file `lock` of a folder; return its descriptor, `None` where it went meanwhile.

    Not with filelock, which makes a folder that is gone anew, and does not tell that the file it
    has locked was removed while it waited.
    """
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | how)
        if os.fstat(descriptor).st_nlink:
            return descriptor
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _words(process: psutil.Process) -> list[str]:
    try:
        return [*process.cmdline(), process.environ().get("KUBECONFIG", "")]
    except psutil.Error:
        return []
