"""The engine's errors: each says what was expected, what was seen and what to do next."""

from __future__ import annotations

from .model.words import Component


class HarnessError(Exception):
    """Something that ends a run or a command; its text is for the user.

    Args:
        message: What was expected and what was seen, where.
        hint: What to do next.
        log: The last lines of the log that matters, already free of secrets.
    """

    def __init__(self, message: str, *, hint: str = "", log: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.log = log

    def __str__(self) -> str:
        """Return the message with the hint below it."""
        return f"{self.message}\n  next: {self.hint}" if self.hint else self.message


class UsageError(HarnessError):
    """Bad input: an option, a configuration key, a path. Exit code 2."""


class EnvironmentFailed(HarnessError):
    """The engine or what it stands on failed, so there is no verdict. Exit code 3."""


class ComponentFailed(HarnessError):
    """A part under test did not do what it owes. A failure of the requirement, not of the run.

    Args:
        component: Which part.
        message: What was expected of it and what was seen.
        log: The last lines of its log, unredacted.
    """

    def __init__(self, component: Component, message: str, *, log: str = "") -> None:
        super().__init__(message, log=log)
        self.component = component


class Interrupted(KeyboardInterrupt):
    """SIGTERM arrived: the run ends as it does on Ctrl-C, with another exit code."""


class OutOfTime(KeyboardInterrupt):
    """The deadline of the whole run has come: it ends as it does on Ctrl-C. Exit code 3."""
