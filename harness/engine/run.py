"""A run: one stack, one journal, the results and what they come to."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ..adapters.kubernetes import EXTERNAL_SECRETS_GROUP
from ..artifacts.cache import Cache
from ..artifacts.provide import Provider
from ..components.stack import Stack
from ..config import Configured
from ..errors import EnvironmentFailed, HarnessError
from ..model.canary import Canaries
from ..model.component import ComponentInfo
from ..model.requirement import Result
from ..model.verdict import Standing
from ..model.words import End, ExitCode
from ..observe import Journal
from ..platforms.local import LocalPlatform
from .context import Context
from .narrator import Narrator
from .selection import Selection
from .state import StateFolder
from .walkthrough import Walkthrough

ENDING = (signal.SIGINT, signal.SIGTERM)

READING_SECONDS = 30.0
"""How long a run may take to read what ran after its last scenario."""


@dataclass(slots=True, eq=False)
class Run:
    """One run.

    Attributes:
        id: Names it and its folders.
        configured: The configuration.
        report_dir: Where artefacts go.
        narrator: Who tells the user.
        journal: All observations.
        canaries: All secrets, to search for.
        selection: What was asked for and selected.
        results: What each selected requirement came to.
        components: The parts as they ran; read while scenarios run, since digests take a while.
        end: How the run ended.
        interrupted_by: The exit code for the signal that ended it.
        failure: What the engine or its environment failed with.
    """

    id: str
    configured: Configured
    report_dir: Path
    narrator: Narrator
    journal: Journal
    canaries: Canaries = field(default_factory=Canaries)
    selection: Selection = field(default_factory=Selection)
    results: dict[str, Result] = field(default_factory=dict)
    components: list[ComponentInfo] = field(default_factory=list)
    end: End = End.COMPLETE
    interrupted_by: ExitCode = ExitCode.INTERRUPTED
    failure: HarnessError | None = None
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    _capabilities: dict[str, list[str]] = field(default_factory=dict)
    _reader: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    _reading: Future[Sequence[ComponentInfo]] | None = None
    _begun: float = field(default_factory=time.monotonic)
    _state: StateFolder | None = None
    _platform: LocalPlatform | None = None
    _stack: Stack | None = None
    _walkthrough: Walkthrough | None = None

    @classmethod
    def make(cls, configured: Configured, report_dir: Path, narrator: Narrator, name: str) -> Run:
        """Make a run that reports to a folder that is there."""
        journal = Journal(report_dir / "observations.jsonl")
        return cls(name, configured, report_dir, narrator, journal)

    def start(self) -> None:
        """Start the stack.

        Raises:
            HarnessError: it does not come up; nothing is left of it after `stop`.
        """
        self._state = StateFolder.make(self.id, "run")
        provider = Provider(Cache.default(), self.narrator.progress)
        self._platform = LocalPlatform(
            self.configured.settings,
            self._state.path,
            provider,
            self.canaries,
            self.narrator.progress,
        )
        self._stack = self._platform.start()
        self._walkthrough = Walkthrough(self.context)
        self._reading = self._reader.submit(self._stack.infos)
        served = self._stack.kubernetes.served_versions(EXTERNAL_SECRETS_GROUP)
        self._capabilities = {EXTERNAL_SECRETS_GROUP: served}

    def stop(self, *, whole: bool) -> None:
        """End the stack and remove its state, undisturbed by further signals.

        Args:
            whole: Whether the scenarios came to their end, so that what ran is worth reading.
        """
        before = {number: signal.signal(number, signal.SIG_IGN) for number in ENDING}
        try:
            if whole and self.failure is None:
                self._look_back()
        finally:
            self._reader.shutdown(wait=False, cancel_futures=True)
            if self._platform is not None:
                self._platform.stop()
            if self._state is not None:
                self._state.remove()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _look_back(self) -> None:
        """Read what ran, and make sure that what it stood on is still there."""
        if self._stack is not None:
            self.failure = self._stack.vitals()
        if self._reading is not None:
            try:
                self.components = list(self._reading.result(READING_SECONDS))
            except Exception as error:  # noqa: BLE001 - whatever it is, there is no verdict on it
                self.failure = EnvironmentFailed(
                    f"what ran could not be read: {type(error).__name__}: {error}"
                )

    @property
    def stack(self) -> Stack:
        """The stack, once it was started."""
        if self._stack is None:
            raise RuntimeError("the stack was not started")
        return self._stack

    @property
    def context(self) -> Context:
        """The stack with what is needed to observe it."""
        return Context(self.stack, self.journal, self.canaries, self.configured.settings.deadlines)

    @property
    def walkthrough(self) -> Walkthrough:
        """The actions, with what they remember."""
        if self._walkthrough is None:
            raise RuntimeError("the stack was not started")
        return self._walkthrough

    @property
    def duration(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._begun

    @property
    def easings(self) -> list[str]:
        """What made this run easier than an installation."""
        return list(self._stack.easings) if self._stack else []

    @property
    def capabilities(self) -> dict[str, list[str]]:
        """What the stack offers, as it was read when it had started."""
        return self._capabilities

    @property
    def doubles(self) -> list[str]:
        """The components that were doubles."""
        return list(self._stack.doubles) if self._stack else []

    def standing(self) -> Standing:
        """Return what the verdict is made of."""
        return Standing(
            results=list(self.results.values()),
            end=self.end,
            selected=self.selection.selected,
            selected_all=len(self.selection.selected) == len(self.selection.planned),
            doubles=self.doubles,
            engine_failed=self.failure is not None,
        )

    def log_tail(self, part: str) -> str:
        """Return the end of a part's log, without secrets."""
        tail = self._stack.log_tails().get(part, "") if self._stack else ""
        return self.canaries.redact(tail)
