"""`run`."""

from __future__ import annotations

from pathlib import Path

from ..config import Configured
from ..engine.run import Run
from ..errors import UsageError
from ..model.words import ExitCode
from . import features
from .conclude import conclude
from .terminal import Terminal

DEFAULT = Path(".conformance")


def run(
    configured: Configured,
    terminal: Terminal,
    name: str,
    report_dir: Path | None,
    only: str | None,
    *,
    accept_rehearsal: bool,
) -> ExitCode:
    """Run the features and conclude.

    Raises:
        UsageError: the report folder or the expression cannot be used.
    """
    features.check(only)
    folder = _report_folder(report_dir or DEFAULT / name)
    this = Run.make(configured, folder, terminal, name)
    terminal.log_tail, terminal.redact = this.log_tail, this.canaries.redact
    settings = configured.settings
    terminal.say(f"run {name}: profile {settings.profile} on platform {settings.platform}")
    features.execute(this, only)
    return conclude(this, terminal, accept_rehearsal=accept_rehearsal)


def _report_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(
                f"the report folder {folder} is not empty",
                hint="give a new or empty folder with --report-dir",
            )
        (folder / "observations.jsonl").touch()
    except OSError as error:
        raise UsageError(
            f"the report folder {folder} cannot be written: {error.strerror}",
            hint="give a folder that you may write to with --report-dir",
        ) from None
    return folder.resolve()
