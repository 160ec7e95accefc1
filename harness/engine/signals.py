"""What the signals mean that end a run: Ctrl-C, SIGTERM, and the alarm of its deadline."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ..errors import Interrupted, OutOfTime

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let none of the signals that end a run cut off what ends it."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def heeded() -> Iterator[list[int]]:
    """Let SIGTERM raise `Interrupted`; Python does the like with Ctrl-C by itself.

    Yields a list that gets the number of each SIGTERM that came.
    """
    came: list[int] = []

    def terminated(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        raise Interrupted

    before = signal.signal(signal.SIGTERM, terminated)
    try:
        yield came
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def deadline(seconds: float | None) -> Iterator[None]:
    """Raise `OutOfTime` if what is done here takes longer; `None` is no bound."""
    if seconds is None:
        yield
        return
    before = signal.signal(signal.SIGALRM, _out_of_time)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _out_of_time(_signal: int, _frame: FrameType | None) -> None:
    raise OutOfTime
