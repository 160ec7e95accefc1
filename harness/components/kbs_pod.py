"""The KBS pod of the reference operator, as the files it keeps show it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path

import psutil

from ..adapters.kubernetes import Object

SEPARATOR = "\\x2F"
"""What stands for a slash where KBS has flat files: four characters, no slash."""


@dataclass(frozen=True, slots=True)
class KbsPod:
    """A process that stands for a pod.

    Attributes:
        state: The file in which the operator says which process that is, and what it reads.
    """

    state: Path

    def name(self) -> str | None:
        """Return the name of the pod that runs, `None` where none does."""
        record = self._record()
        return str(record["name"]) if record and self._process() else None

    def program(self) -> int | None:
        """Return the process of the KBS itself, `None` where none runs."""
        pod = self._process()
        if pod is None:
            return None
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in pod.children():
                if child.status() != psutil.STATUS_ZOMBIE:
                    return int(child.pid)
        return None

    def delete(self) -> None:
        """Say that the pod is deleted: the operator ends it and makes another."""
        record = self._record()
        if record is not None:
            aside = self.state.with_suffix(".deleted")
            aside.write_text(json.dumps(record | {"deleted": True}))
            aside.rename(self.state)

    def kill(self) -> None:
        """End it at once: the pod leads a process group of its own."""
        pod = self._process()
        if pod is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pod.pid, signal.SIGKILL)

    def value(self, secret: str, key: str) -> bytes | None:
        """Return what the repository that KBS reads holds, `None` where it holds nothing."""
        place = self._place(secret, key)
        try:
            return place.read_bytes() if place else None
        except OSError:
            return None

    def delivery_seen(self, secret: str, key: str) -> str:
        """Say how a value got to where KBS reads it, as the file there shows."""
        place = self._place(secret, key)
        try:
            if place is None or not place.is_file():
                return "no file in the repository"
            if place.is_symlink():
                return "a file of a mounted volume, which follows its Secret"
            copied, started = place.stat().st_mtime, self.state.stat().st_mtime
        except OSError:
            return "the repository cannot be read"
        if copied <= started:
            return "a copy from before the pod's start; a fresh pod would copy the Secret anew"
        return "a copy made since the pod's start"

    def _place(self, secret: str, key: str) -> Path | None:
        record = self._record()
        if record is None:
            return None
        parts = ("default", secret, key)
        flat = record["layout"] == "flat"
        return Path(record["repository"]) / (SEPARATOR.join(parts) if flat else Path(*parts))

    def _record(self) -> Object | None:
        try:
            record: Object = json.loads(self.state.read_text())
        except (OSError, ValueError):
            return None
        return record

    def _process(self) -> psutil.Process | None:
        record = self._record()
        if record is None:
            return None
        try:
            process = psutil.Process(record["pid"])
            same = abs(process.create_time() - record["started"]) < 1
            alive = same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if alive else None
