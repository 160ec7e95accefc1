"""The one wait: until something is seen, or a named deadline has passed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from tenacity import Retrying, retry_if_result, stop_never, wait_exponential, wait_none
from tenacity.wait import wait_base

T = TypeVar("T")

SHOWN = 8
"""How many different observations an error prints."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """How long a wait may last: a name to override it by, and seconds."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen, from when on (seconds since the wait began) and how many times in a row."""

    text: str
    since: float
    times: int = 1


@dataclass(slots=True)
class History:
    """What a wait saw; equal sights in a row count as one."""

    sights: list[Sight] = field(default_factory=list)

    def add(self, text: str, at: float) -> None:
        """Add what was seen at that second."""
        if self.sights and self.sights[-1].text == text:
            last = self.sights[-1]
            self.sights[-1] = Sight(text, last.since, last.times + 1)
        else:
            self.sights.append(Sight(text, at))

    def lines(self) -> list[str]:
        """Return the last sights, oldest first, a line each."""
        return [f"{s.since:7.2f} s  {s.text}  (x{s.times})" for s in self.sights[-SHOWN:]]


class DeadlinePassed(Exception):
    """The deadline passed before what was awaited was seen.

    Attributes:
        deadline: The deadline, with its name.
        expected: What was awaited.
        history: What was seen meanwhile.
    """

    def __init__(self, deadline: Deadline, expected: str, history: History) -> None:
        self.deadline, self.expected, self.history = deadline, expected, history
        super().__init__(self._text())

    @property
    def last(self) -> str:
        """What was seen last."""
        return self.history.sights[-1].text if self.history.sights else "nothing"

    def _text(self) -> str:
        since = self.history.sights[-1].since if self.history.sights else 0.0
        head = (
            f"expected {self.expected} within {self.deadline.seconds:g} s "
            f"(deadlines.{self.deadline.name}); seen since {since:.1f} s: {self.last}"
        )
        return "\n".join([head, *(f"  {line}" for line in self.history.lines())])


@dataclass(slots=True)
class _Wait(Generic[T]):
    observe: Callable[[], T] | Iterator[T]
    ready: Callable[[T], bool]
    expected: str
    deadline: Deadline
    fatal: Callable[[T], Exception | None]
    describe: Callable[[T], str]
    steady: int
    clock: Callable[[], float]
    pause: Callable[[float], None]
    history: History = field(default_factory=History)
    started: float = 0.0
    in_a_row: int = 0
    latest: list[T] = field(default_factory=list)

    def run(self) -> T:
        self.started = self.clock()
        retrying = Retrying(
            sleep=self._sleep,
            stop=stop_never,
            wait=self._pace(),
            retry=retry_if_result(lambda settled: not settled),
        )
        retrying(self._look)
        return self.latest[0]

    def _pace(self) -> wait_base:
        """A watch sets its own pace; a poll backs off from 50 ms to half a second."""
        if isinstance(self.observe, Iterator):
            return wait_none()
        return wait_exponential(multiplier=0.05, max=0.5)

    def _look(self) -> bool:
        seen = next(self.observe) if isinstance(self.observe, Iterator) else self.observe()
        self.latest = [seen]
        self.history.add(self.describe(seen), self.clock() - self.started)
        is_ready = self.ready(seen)
        if not is_ready and (failure := self.fatal(seen)) is not None:
            raise failure
        self.in_a_row = self.in_a_row + 1 if is_ready else 0
        if self.in_a_row >= self.steady:
            return True
        if self._left() <= 0:
            raise DeadlinePassed(self.deadline, self.expected, self.history)
        return False

    def _sleep(self, seconds: float) -> None:
        self.pause(max(0.0, min(seconds, self._left())))

    def _left(self) -> float:
        return self.deadline.seconds - (self.clock() - self.started)


def wait_until(  # noqa: PLR0913 - one wait, all its knobs in one place
    observe: Callable[[], T] | Iterator[T],
    ready: Callable[[T], bool],
    *,
    expected: str,
    deadline: Deadline,
    fatal: Callable[[T], Exception | None] = lambda _: None,
    describe: Callable[[T], str] = str,
    steady: int = 1,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> T:
    """Wait until what is observed is ready, and return it.

    Looks at least once, and once more when the deadline has come.

    Args:
        observe: A callable that is polled with a growing pause, or an iterator that yields on
            every change (a watch; it must yield at least once a second, changed or not).
        ready: Tells whether this is what is awaited.
        expected: The awaited thing in words, for the error.
        deadline: When to give up.
        fatal: Returns the exception that ends the wait at once, or `None` to go on.
        describe: Puts a sight in words for the history; must not contain a secret.
        steady: How many sights in a row must be ready.
        clock: A monotonic clock in seconds.
        pause: How to let time pass.

    Raises:
        DeadlinePassed: it was not seen in time; carries the history.
        ValueError: `steady` is below one or the deadline is not a positive number.
    """
    if steady < 1 or not math.isfinite(deadline.seconds) or deadline.seconds <= 0:
        raise ValueError(f"steady {steady} and deadline {deadline.seconds} must be positive")
    return _Wait(observe, ready, expected, deadline, fatal, describe, steady, clock, pause).run()
