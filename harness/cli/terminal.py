"""What the user sees, and a copy of it for the canary scan."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

from rich.console import Console
from rich.markup import escape

from ...reports.wording import explanation
from ..errors import HarnessError
from ..model.requirement import Requirement, Result, StepResult
from ..model.words import Stage, Status
from ..wait import DeadlinePassed

MARKS = {
    Status.PASS: "[green]pass[/]",
    Status.FAIL: "[bold red]FAIL[/]",
    Status.SKIP: "[yellow]skip[/]",
    Status.ERROR: "[bold magenta]ERROR[/]",
}
EVERY = 15.0
"""Seconds between two lines of progress on the same thing, where the output is no terminal."""

WIDTH = 100
"""Columns where the output is no terminal."""


class Terminal:
    """Tells a run as it happens: stages, scenarios, steps with their times.

    Args:
        stream: Where to write, standard output by default.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        out = stream or sys.stdout
        width = None if out.isatty() else WIDTH
        self.console = Console(file=out, highlight=False, width=width, record=True)
        self.log_tail: Callable[[str], str] = lambda _: ""
        self.redact: Callable[[str], str] = lambda text: text
        self._began = time.monotonic()
        self._stage: Stage | None = None
        self._status = self.console.status("", spinner="dots")
        self._told: dict[str, float] = {}
        self._doing = ""

    @property
    def written(self) -> bytes:
        """All that was written so far."""
        return self.console.export_text(clear=False).encode()

    def say(self, text: str) -> None:
        """Write a line; the text may hold markup."""
        self._settle()
        self.console.print(text, soft_wrap=True)

    def progress(self, text: str) -> None:
        """Tell what is being done: one line that changes on a terminal, few lines elsewhere."""
        line = f"[dim]{self._clock()}  {escape(text)}[/]"
        topic, now = text.partition(":")[0], time.monotonic()
        if self.console.is_terminal:
            if topic not in self._told:
                self._settle()
            self._told[topic], self._doing = now, line
            self._status.update(line)
            self._status.start()
        elif now - self._told.get(topic, -EVERY) >= EVERY:
            self._told[topic] = now
            self.console.print(line, soft_wrap=True)

    def scenario(self, requirement: Requirement) -> None:
        """Tell that a scenario begins, and a stage with its first one."""
        self._settle()
        if requirement.stage is not self._stage:
            self._stage = requirement.stage
            self.console.print(f"\n[bold]{requirement.stage}[/]")
        line = f"  [cyan]{requirement.id}[/] {escape(requirement.scenario)}"
        self.console.print(line, soft_wrap=True)

    def step(self, step: StepResult) -> None:
        """Tell that a step has ended."""
        mark = "[green]✓[/]" if step.status is Status.PASS else "[red]✗[/]"
        line = f"    {mark} {escape(str(step))} [dim]{step.seconds:.2f} s[/]"
        self.console.print(line, soft_wrap=True)

    def result(self, result: Result, waited: DeadlinePassed | None) -> None:
        """Tell what a requirement came to, in full where it did not pass."""
        self.console.print(f"    {MARKS[result.status]} [dim]{result.duration:.2f} s[/]")
        if result.status in {Status.FAIL, Status.ERROR}:
            self._explain(result, waited)

    def error(self, error: HarnessError) -> None:
        """Tell what ended the run or the command."""
        self._settle()
        if error.log:
            self.console.print(f"[dim]{escape(self.redact(error.log))}[/]", soft_wrap=True)
        message = escape(self.redact(error.message))
        self.console.print(f"[bold red]error:[/] {message}", soft_wrap=True)
        if error.hint:
            self.console.print(f"  next: {escape(error.hint)}", soft_wrap=True)

    def _settle(self) -> None:
        """Leave the last line of what was being done, and let the spinner go."""
        self._status.stop()
        if self._doing:
            self.console.print(self._doing, soft_wrap=True)
        self._doing = ""

    def _explain(self, result: Result, waited: DeadlinePassed | None) -> None:
        *rows, after = explanation(result)
        if since := _since(waited):
            rows.insert(len(rows) - len(result.evidence), ("since", since))
        for name, text in rows:
            self._row(name, text)
        for line in waited.history.lines() if waited else ():
            self.console.print(f"      [dim]history  {escape(line)}[/]", soft_wrap=True)
        self._show_log(result)
        self._row(*after)

    def _row(self, name: str, text: str) -> None:
        self.console.print(f"      [bold]{name:12}[/]{escape(text)}", soft_wrap=True)

    def _show_log(self, result: Result) -> None:
        component = result.culprit.component if result.culprit else None
        tail = self.log_tail(component) if component else ""
        if tail:
            self.console.print(f"      [bold]{component} log, its end[/]")
            for line in tail.splitlines()[-6:]:
                self.console.print(f"      [dim]  {escape(line)}[/]", soft_wrap=True)

    def _clock(self) -> str:
        return f"{time.monotonic() - self._began:6.1f} s"


def _since(waited: DeadlinePassed | None) -> str:
    if waited is None or not waited.history.sights:
        return ""
    return f"{waited.history.sights[-1].since:.1f} s into a wait of {waited.deadline.seconds:g} s"
