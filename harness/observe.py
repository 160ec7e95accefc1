"""The journal: every observation of a run, in the order in which it was made."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from .errors import EnvironmentFailed
from .model.fingerprint import Fingerprinter
from .model.observation import Observation


@dataclass(slots=True)
class Journal:
    """Records observations to `observations.jsonl` and keeps them for the judge.

    Attributes:
        path: The file; one JSON object a line.
        fingerprints: The fingerprints of this run.
        clock: A monotonic clock in seconds.
    """

    path: Path
    fingerprints: Fingerprinter = field(default_factory=Fingerprinter)
    clock: Callable[[], float] = time.monotonic
    _start: float = 0.0
    _current: str | None = None
    _seen: dict[str | None, list[Observation]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Start the run's clock."""
        self._start = self.clock()

    def now(self) -> float:
        """Return the seconds since the start of the run."""
        return self.clock() - self._start

    def begin(self, requirement: str | None) -> None:
        """Count what follows to this requirement; `None` ends it."""
        self._current = requirement

    def record(self, observation: Observation) -> Observation:
        """Keep an observation; one that repeats the last sight of its place is left out."""
        seen = self._seen.setdefault(self._current, [])
        if not _repeats(seen, observation):
            seen.append(observation)
            self._write(observation)
        return observation

    def keep(self, observation: Observation) -> Observation:
        """Keep an observation even if it repeats the last one."""
        self._seen.setdefault(self._current, []).append(observation)
        self._write(observation)
        return observation

    def of(self, requirement: str | None) -> list[Observation]:
        """Return what was observed for a requirement, oldest first."""
        return list(self._seen.get(requirement, []))

    def current(self) -> list[Observation]:
        """Return what was observed for the requirement at hand."""
        return self.of(self._current)

    def by_requirement(self) -> dict[str, list[Observation]]:
        """Return all observations by requirement, without those that belong to none."""
        return {name: list(seen) for name, seen in self._seen.items() if name is not None}

    def _write(self, observation: Observation) -> None:
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "requirement": self._current,
            **observation.to_json(),
        }
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
        except OSError as error:
            raise EnvironmentFailed(
                f"observations could not be written to {self.path}: {error.strerror}",
                hint="give a folder with space in it with --report-dir",
            ) from None


def _repeats(seen: list[Observation], new: Observation) -> bool:
    same_place = (s for s in reversed(seen) if (s.kind, s.hop) == (new.kind, new.hop))
    last = next(same_place, None)
    return last is not None and last.component == new.component and last.same_sight(new)
