"""Searches artefacts for canaries, and moves those that hold one where no CI uploads them."""

from __future__ import annotations

import shutil
from pathlib import Path

from ..model.canary import Canaries
from .state import LEAKED, state_root


def scan(report_dir: Path, canaries: Canaries, run: str) -> list[str]:
    """Search all files of a report folder; move aside those that hold a canary.

    Returns:
        A sentence for each of them: which file, which canary, where it is now.
    """
    leaks = []
    for path in sorted(report_dir.rglob("*")):
        if path.is_file() and (found := canaries.find(path.read_bytes())):
            aside = _move_aside(path, report_dir, run)
            leaks.append(f"{path.name} held {', '.join(found)}; it is now {aside}")
    return leaks


def _move_aside(path: Path, report_dir: Path, run: str) -> Path:
    aside = state_root() / LEAKED / run / path.relative_to(report_dir)
    aside.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.move(path, aside)
    aside.chmod(0o600)
    return aside
