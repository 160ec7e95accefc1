"""Says what a run came to: where the value went how fast, the verdict, the exit code."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from ...fixtures.concluding import Conclusion
from ..engine.record import Record
from ..model.propagation import propagation
from ..model.verdict import verdict
from ..model.words import End, ExitCode, Status, Verdict
from .terminal import Terminal

SAID = {
    Verdict.CONFORMANT: "[bold green]conformant[/]",
    Verdict.REHEARSED: "[bold yellow]rehearsed[/]",
    Verdict.PARTIAL: "[bold yellow]partial[/]",
    Verdict.NOT_CONFORMANT: "[bold red]not conformant[/]",
    None: "[bold magenta]no verdict[/]",
}

WHY = {
    ExitCode.REHEARSED: ": all held, but on doubles; --accept-rehearsal makes this 0",
    ExitCode.PARTIAL: ": not all of the profile was judged",
    ExitCode.NOTHING_SELECTED: ": nothing was selected; `plan` lists the ids",
    ExitCode.CANARY_LEAKED: ": a secret was found in an artefact or in the output",
}


def say(conclusion: Conclusion, terminal: Terminal) -> None:
    """Print the end of a run."""
    record = conclusion.record
    _say_propagation(record, terminal)
    terminal.say("")
    if record.failure is not None:
        terminal.error(record.failure)
    for leak in conclusion.leaks:
        terminal.say(f"[bold red]leak:[/] {escape(leak)}")
    if record.end is not End.COMPLETE:
        terminal.say(f"[bold]{_ended(record.end)}[/]")
    _say_verdict(record, terminal)
    terminal.console.print(f"report:  {escape(str(conclusion.report))}", soft_wrap=True)
    terminal.say(f"exit code {int(conclusion.code)}{_why(conclusion)}")


def _say_propagation(record: Record, terminal: Terminal) -> None:
    rows = [
        (requirement, way["from"], way["to"], f"{way['seconds']:.2f} s")
        for requirement, seen in record.observations.items()
        for way in propagation(seen)
        if way["from"] != "run"
    ]
    if rows:
        table = Table(title="propagation of the value", title_justify="left", box=None)
        for name in ("requirement", "from", "to", "time"):
            table.add_column(name, justify="right" if name == "time" else "left")
        for row in rows:
            table.add_row(*row)
        terminal.console.print()
        terminal.console.print(table)


def _say_verdict(record: Record, terminal: Terminal) -> None:
    standing = record.standing
    counts = dict.fromkeys(Status, 0)
    for result in standing.results:
        counts[result.status] += 1
    told = ", ".join(f"{number} {status}" for status, number in counts.items() if number)
    said = SAID[verdict(standing)]
    terminal.say(f"verdict: {said}  ({told or 'nothing was judged'}, {record.duration:.1f} s)")
    if standing.doubles:
        terminal.say(f"doubles: {', '.join(standing.doubles)}")


def _ended(end: End) -> str:
    return "the run was interrupted" if end is End.INTERRUPTED else "the deadline of the run passed"


def _why(conclusion: Conclusion) -> str:
    rehearsed = verdict(conclusion.record.standing) is Verdict.REHEARSED
    if conclusion.code is ExitCode.CONFORMANT and rehearsed:
        return ": rehearsed, which --accept-rehearsal takes for good enough"
    return WHY.get(conclusion.code, "")
