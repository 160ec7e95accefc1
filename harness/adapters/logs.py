"""Logs that parts of a stack write to files of this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

MOST = 256 << 10
"""Bytes of one log that are worth keeping, its end."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """A log; one that is not there reads as an empty one.

    Attributes:
        path: The file.
    """

    path: Path

    def mark(self) -> int:
        """Return a mark for the end that the log has now."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def since(self, mark: int = 0) -> str:
        """Return what was written since a mark, at most its last `MOST` bytes; unredacted."""
        try:
            with self.path.open("rb") as file:
                file.seek(max(mark, self.mark() - MOST))
                return file.read(MOST).decode(errors="replace")
        except OSError:
            return ""

    def tail(self, lines: int = 15) -> str:
        """Return the last lines, as they are: redact them before they are shown."""
        return "\n".join(self.since().splitlines()[-lines:])
