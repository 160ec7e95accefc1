"""A run: one stack, one journal, the results and what they come to."""

from __future__ import annotations

import contextlib
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
from ..errors import EnvironmentFailed, HarnessError, Interrupted, OutOfTime
from ..model.canary import Canaries
from ..model.component import ComponentInfo
from ..model.requirement import Result
from ..model.words import End, ExitCode
from ..observe import Journal
from ..platforms.local import LocalPlatform
from .bundle import Bundle
from .context import Context
from .narrator import Narrator
from .record import Record
from .report_folder import JOURNAL
from .selection import Selection
from .signals import undisturbed
from .state import KEPT, StateFolder
from .walkthrough import Walkthrough

READING_SECONDS = 30.0
"""How long a run may take to read what ran after its last scenario."""


@dataclass(slots=True, eq=False)
class Run:
    """One run.

    Attributes:
        id: Names it and its folders.
        configured: The configuration.
        report_dir: Where artefacts go.
        keep: Whether the stack goes on after the run, for `down` to end it.
        narrator: Who tells the user.
        journal: All observations.
        canaries: All secrets, to search for.
        selection: What was asked for and selected.
        results: What each selected requirement came to.
        components: The parts as they ran; read while scenarios run, since digests take a while.
        end: How the run ended.
        interrupted_by: The exit code for the signal that ended it.
        failure: What the engine or its environment failed with.
        exports: Environment variables that point a shell at the stack, once it is kept.
    """

    id: str
    configured: Configured
    report_dir: Path
    narrator: Narrator
    journal: Journal
    keep: bool = False
    canaries: Canaries = field(default_factory=Canaries)
    selection: Selection = field(default_factory=Selection)
    results: dict[str, Result] = field(default_factory=dict)
    components: list[ComponentInfo] = field(default_factory=list)
    end: End = End.COMPLETE
    interrupted_by: ExitCode = ExitCode.INTERRUPTED
    failure: HarnessError | None = None
    exports: dict[str, str] = field(default_factory=dict)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    _capabilities: dict[str, list[str]] = field(default_factory=dict)
    _reader: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    _reading: Future[Sequence[ComponentInfo]] | None = None
    _begun: float = field(default_factory=time.monotonic)
    _state: StateFolder | None = None
    _platform: LocalPlatform | None = None
    _stack: Stack | None = None
    _walkthrough: Walkthrough | None = None
    _bundle: Bundle | None = None

    @classmethod
    def make(
        cls,
        configured: Configured,
        report_dir: Path,
        narrator: Narrator,
        name: str,
        journal: str = JOURNAL,
    ) -> Run:
        """Make a run that reports to a folder that is there, and that notes what it sees there."""
        return cls(name, configured, report_dir, narrator, Journal(report_dir / journal))

    def start(self) -> None:
        """Start the stack.

        Raises:
            HarnessError: it does not come up; nothing is left of it after `stop`.
        """
        self._state = StateFolder.make(self.id)
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

    def finish(self, *, whole: bool) -> None:
        """Read what ran, then end the stack, or leave it where it is to be kept.

        Args:
            whole: Whether the scenarios came to their end, so that what ran is worth reading.
        """
        try:
            if whole and self.failure is None:
                self._look_back()
            if self.failure is not None and self._stack is not None:
                self._collect_logs()
            if self.keep and whole and self.failure is None:
                self._hand_over()
        finally:
            if not self.kept:
                self.stop()

    def stop(self) -> None:
        """End the stack and remove its state, undisturbed by signals; does no harm if repeated."""
        with undisturbed():
            self._reader.shutdown(wait=False, cancel_futures=True)
            if self._platform is not None:
                self._platform.stop()
            if self._state is not None:
                self._state.remove()
            self._platform, self._state = None, None

    def interrupt(self, cause: KeyboardInterrupt) -> None:
        """Note what ended the run before its end."""
        self.end = End.DEADLINE if isinstance(cause, OutOfTime) else End.INTERRUPTED
        if isinstance(cause, Interrupted):
            self.interrupted_by = ExitCode.TERMINATED

    def _collect_logs(self) -> None:
        """Keep what all parts wrote; where that fails too, the first failure is the one to tell."""
        with contextlib.suppress(EnvironmentFailed):
            self.bundle.take_logs()

    @property
    def kept(self) -> bool:
        """Whether the stack goes on after the run."""
        return bool(self.exports)

    def _hand_over(self) -> None:
        """Note that the stack is no longer a run's, and how to reach it."""
        if self._platform is not None and self._state is not None:
            self.exports = self._platform.exports()
            self._state.write({"kind": KEPT, "exports": self.exports})

    def _look_back(self) -> None:
        """Read what ran, and make sure that what it stood on is still there."""
        if self._stack is not None:
            self.failure = self._stack.vitals()
        if self._reading is not None:
            try:
                self.components = list(self._reading.result(READING_SECONDS))
            except EnvironmentFailed as failure:
                self.failure = failure
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
    def bundle(self) -> Bundle:
        """What is collected of requirements that do not pass."""
        if self._bundle is None:
            self._bundle = Bundle(self.context, self.report_dir)
        return self._bundle

    @property
    def walkthrough(self) -> Walkthrough:
        """The actions, with what they remember."""
        if self._walkthrough is None:
            raise RuntimeError("the stack was not started")
        return self._walkthrough

    def record(self) -> Record:
        """Return what is known of the run now."""
        return Record(
            run=self.id,
            started=self.started,
            duration=time.monotonic() - self._begun,
            profile=self.configured.settings.profile,
            platform=self.configured.settings.platform,
            planned=self.selection.planned,
            selected=self.selection.selected,
            results=list(self.results.values()),
            observations=self.journal.by_requirement(),
            end=self.end,
            interrupted_by=self.interrupted_by,
            failure=self.failure,
            doubles=list(self._stack.doubles) if self._stack else [],
            easings=list(self._stack.easings) if self._stack else [],
            components=self.components,
            capabilities=self._capabilities,
            canaries=self.canaries,
        )

    def log_tail(self, part: str) -> str:
        """Return the end of a part's log, without secrets."""
        tail = self._stack.logs[part].tail() if self._stack and part in self._stack.logs else ""
        return self.canaries.redact(tail)
