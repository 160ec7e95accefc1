"""Ends a run: the summary, the canary scan, the report, the exit code."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from ...reports import json_report
from ...reports.report import Report
from ..engine.leaks import scan
from ..engine.run import Run
from ..model.propagation import propagation
from ..model.verdict import exit_code, verdict
from ..model.words import End, ExitCode, Status, Verdict
from .terminal import Terminal

REPORT = "report.json"

SAID = {
    Verdict.CONFORMANT: "[bold green]conformant[/]",
    Verdict.REHEARSED: "[bold yellow]rehearsed[/]",
    Verdict.PARTIAL: "[bold yellow]partial[/]",
    Verdict.NOT_CONFORMANT: "[bold red]not conformant[/]",
    None: "[bold magenta]no verdict[/]",
}


def conclude(run: Run, terminal: Terminal, *, accept_rehearsal: bool) -> ExitCode:
    """Say what was seen, search everything for canaries, write the report, say the verdict."""
    _summarise(run, terminal)
    terminal.say("")
    if run.failure is not None:
        terminal.error(run.failure)
    leaks = scan(run.report_dir, run.canaries, run.id)
    leaks += [f"the terminal showed {name}" for name in run.canaries.find(terminal.written)]
    draft = _render(run, ExitCode.NO_VERDICT)
    leaks += [f"{REPORT} held {name}, left out" for name in run.canaries.find(draft.encode())]
    code = exit_code(
        run.standing(),
        accept_rehearsal=accept_rehearsal,
        leaked=bool(leaks),
        interrupted_by=run.interrupted_by,
    )
    text = run.canaries.redact(_render(run, code))
    (run.report_dir / REPORT).write_text(text, encoding="utf-8")
    for leak in leaks:
        terminal.say(f"[bold red]leak:[/] {escape(leak)}")
    _say_verdict(run, terminal, code)
    return code


def _render(run: Run, code: ExitCode) -> str:
    settings = run.configured.settings
    return json_report.render(
        Report(
            run=run.id,
            started=run.started,
            duration=run.duration,
            end=run.end,
            profile=settings.profile,
            platform=settings.platform,
            verdict=verdict(run.standing()),
            exit_code=code,
            doubles=run.doubles,
            easings=run.easings,
            components=run.components,
            capabilities=run.capabilities,
            planned=run.selection.planned,
            selected=run.selection.selected,
            results=list(run.results.values()),
            observations=run.journal.by_requirement(),
            failure=run.failure.message if run.failure else None,
        )
    )


def _summarise(run: Run, terminal: Terminal) -> None:
    rows = [
        (requirement, way["from"], way["to"], f"{way['seconds']:.2f} s")
        for requirement, seen in run.journal.by_requirement().items()
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


def _say_verdict(run: Run, terminal: Terminal, code: ExitCode) -> None:
    standing = run.standing()
    counts = dict.fromkeys(Status, 0)
    for result in standing.results:
        counts[result.status] += 1
    told = ", ".join(f"{number} {status}" for status, number in counts.items() if number)
    if run.end is not End.COMPLETE:
        terminal.say(f"[bold]the run was {run.end}[/]")
    said = SAID[verdict(standing)]
    terminal.say(f"verdict: {said}  ({told or 'nothing was judged'}, {run.duration:.1f} s)")
    if standing.doubles:
        terminal.say(f"doubles: {', '.join(standing.doubles)}")
    terminal.console.print(f"report:  {escape(str(run.report_dir / REPORT))}", soft_wrap=True)
    accepted = code is ExitCode.CONFORMANT and verdict(standing) is Verdict.REHEARSED
    why = ": rehearsed, which --accept-rehearsal takes for good enough" if accepted else _why(code)
    terminal.say(f"exit code {int(code)}{why}")


def _why(code: ExitCode) -> str:
    return {
        ExitCode.REHEARSED: ": all held, but on doubles; --accept-rehearsal makes this 0",
        ExitCode.PARTIAL: ": not all of the profile was judged",
        ExitCode.NOTHING_SELECTED: ": nothing was selected; `plan` lists the ids",
        ExitCode.CANARY_LEAKED: ": a secret was found in an artefact or in the output",
    }.get(code, "")
