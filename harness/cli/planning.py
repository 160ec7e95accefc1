"""`plan` and `lint`."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from ..model.words import ExitCode
from . import features
from .terminal import Terminal


def plan(terminal: Terminal, profile: str, only: str | None) -> ExitCode:
    """Print the selected requirements as a table.

    Raises:
        UsageError: the expression cannot be read.
    """
    features.check(only)
    selection = features.collect(only, profile)
    table = Table(box=None)
    for column in ("id", "stage", "level", "requirement"):
        table.add_column(column, overflow="fold")
    for one in selection.chosen:
        table.add_row(one.id, one.stage, one.level, escape(one.statement))
    terminal.console.print(table)
    terminal.say(f"{len(selection.chosen)} of {len(selection.planned)} requirements")
    return ExitCode.CONFORMANT if selection.chosen else ExitCode.NOTHING_SELECTED


def lint(terminal: Terminal) -> ExitCode:
    """Print what is wrong with the features."""
    selection = features.collect(None)
    for problem in selection.problems:
        terminal.console.print(escape(problem), soft_wrap=True)
    terminal.say(f"{len(selection.planned)} scenarios, {len(selection.problems)} problems")
    clean = selection.planned and not selection.problems
    return ExitCode.CONFORMANT if clean else ExitCode.NOT_CONFORMANT
