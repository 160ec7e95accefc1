"""From results to one verdict and one exit code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .requirement import Result
from .words import End, ExitCode, Level, Status, Verdict


@dataclass(frozen=True, slots=True)
class Standing:
    """All that decides a verdict.

    Attributes:
        results: What was judged.
        selected: The ids of the requirements that were to be judged.
        end: How the run ended.
        selected_all: Whether the whole profile was selected.
        doubles: Names of the components that were doubles.
        engine_failed: Whether the engine or its environment failed.
    """

    results: Sequence[Result]
    selected: Sequence[str] = ()
    end: End = End.COMPLETE
    selected_all: bool = True
    doubles: Sequence[str] = ()
    engine_failed: bool = False


def verdict(standing: Standing) -> Verdict | None:
    """Return the verdict; `None` where none was reached."""
    deciding = [
        result for result in standing.results if result.requirement.level is not Level.PROVISIONAL
    ]
    broken = (
        standing.engine_failed
        or any(result.status is Status.ERROR for result in standing.results)
        or set(standing.selected) != {result.requirement.id for result in standing.results}
    )
    if broken or standing.end is not End.COMPLETE or not standing.results:
        return None
    if any(result.status is Status.FAIL for result in deciding):
        return Verdict.NOT_CONFORMANT
    if not standing.selected_all or any(_skipped_core(result) for result in deciding):
        return Verdict.PARTIAL
    return Verdict.REHEARSED if standing.doubles else Verdict.CONFORMANT


def exit_code(
    standing: Standing,
    *,
    accept_rehearsal: bool = False,
    leaked: bool = False,
    interrupted_by: ExitCode = ExitCode.INTERRUPTED,
) -> ExitCode:
    """Return the exit code; a leak comes before an interruption, that before all others.

    Args:
        standing: What the verdict is made of.
        accept_rehearsal: Whether `rehearsed` is good enough for the caller.
        leaked: Whether an artefact held a canary.
        interrupted_by: The code for the signal, where one ended the run.
    """
    if leaked:
        return ExitCode.CANARY_LEAKED
    if standing.end is End.INTERRUPTED:
        return interrupted_by
    reached = verdict(standing)
    if reached is None:
        failed = standing.engine_failed or standing.selected or standing.end is not End.COMPLETE
        return ExitCode.NO_VERDICT if failed else ExitCode.NOTHING_SELECTED
    if reached is Verdict.REHEARSED and accept_rehearsal:
        return ExitCode.CONFORMANT
    return _CODES[reached]


_CODES = {
    Verdict.CONFORMANT: ExitCode.CONFORMANT,
    Verdict.REHEARSED: ExitCode.REHEARSED,
    Verdict.PARTIAL: ExitCode.PARTIAL,
    Verdict.NOT_CONFORMANT: ExitCode.NOT_CONFORMANT,
}


def _skipped_core(result: Result) -> bool:
    return result.status is Status.SKIP and result.requirement.level is Level.CORE
