"""`run`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...fixtures.concluding import Conclusion, conclude
from ..config import Configured
from ..engine.report_folder import DEFAULT, cannot_write, claim
from ..engine.run import Run
from ..engine.signals import deadline
from ..model.words import ExitCode
from . import detaching, features, verdict
from .keeping import say_kept
from .terminal import Terminal


@dataclass(frozen=True, slots=True)
class Wish:
    """What the options of `run` ask for beside the configuration.

    Attributes:
        report_dir: Where artefacts go.
        only: Which requirements.
        accept_rehearsal: Whether `rehearsed` is good enough.
        keep: Whether the stack is to go on afterwards.
        seconds: How long the whole run may take.
    """

    report_dir: Path | None = None
    only: str | None = None
    accept_rehearsal: bool = False
    keep: bool = False
    seconds: float | None = None


def run(configured: Configured, terminal: Terminal, name: str, wish: Wish) -> ExitCode:
    """Run the features and conclude; with `keep`, the stack goes on in a process of its own.

    Raises:
        UsageError: the report folder or the expression cannot be used.
    """
    features.check(wish.only)
    folder = claim(wish.report_dir or DEFAULT / name)
    if not wish.keep:
        this = Run.make(configured, folder, terminal, name)
        return _run(this, terminal, wish).code

    def work(hand_over: Callable[[int], None]) -> int:
        this = Run.make(configured, folder, terminal, name)
        this.keep = True
        code = _run(this, terminal, wish).code
        if this.kept:
            say_kept(this, terminal)
            hand_over(code)
            this.stop()
        return code

    return ExitCode(detaching.detached(work))


def _run(this: Run, terminal: Terminal, wish: Wish) -> Conclusion:
    terminal.log_tail, terminal.redact = this.log_tail, this.canaries.redact
    settings = this.configured.settings
    terminal.say(f"run {this.id}: profile {settings.profile} on platform {settings.platform}")
    try:
        with deadline(wish.seconds):
            features.execute(this, wish.only)
    except KeyboardInterrupt as cause:
        this.interrupt(cause)
    except OSError as error:
        this.failure = this.failure or cannot_write(this.report_dir, error)
    finally:
        if not this.kept:
            this.stop()
    done = conclude(this.record(), this.report_dir, terminal.written, accept=wish.accept_rehearsal)
    verdict.say(done, terminal)
    return done
