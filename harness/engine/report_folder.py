"""The folder that takes a run's artefacts: one run's alone."""

from __future__ import annotations

from pathlib import Path

from ..errors import EnvironmentFailed, UsageError

DEFAULT = Path(".conformance")
"""Where reports go by default, in a folder of the run's id."""

JOURNAL = "observations.jsonl"


def claim(folder: Path) -> Path:
    """Make a folder and take it for this run; return its absolute path.

    Raises:
        UsageError: it cannot be written, is not empty, or another run was faster.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise _taken(folder)
        with (folder / JOURNAL).open("x") as journal:
            journal.write("\n")  # a full disk shows here and not in the middle of a run
        (folder / JOURNAL).write_text("")
    except FileExistsError:
        raise _taken(folder) from None
    except OSError as error:
        raise UsageError(
            f"the report folder {folder} cannot be written: {error.strerror}",
            hint="give a folder that you may write to with --report-dir",
        ) from None
    return folder.resolve()


def cannot_write(path: Path, error: OSError) -> EnvironmentFailed:
    """Say that an artefact could not be written."""
    return EnvironmentFailed(
        f"{path} could not be written: {error.strerror}",
        hint="give a folder with space in it with --report-dir",
    )


def _taken(folder: Path) -> UsageError:
    return UsageError(
        f"the report folder {folder} is not empty: another run uses it, or it holds a report",
        hint="give a new or empty folder with --report-dir",
    )
