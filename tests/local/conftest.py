"""Runs the command line against the real local stack, with at most one thing broken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from trustee_conformance.harness.engine.state import state_root
from trustee_conformance.reports.json_report import validate

BREAK = Path(__file__).with_name("breaking.py")


@dataclass(frozen=True)
class Done:
    """A run that has ended."""

    code: int
    output: str
    folder: Path

    @property
    def report(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads((self.folder / "report.json").read_text())
        validate(report)
        assert report["exitCode"] == self.code
        return report

    def result(self, requirement: str) -> dict[str, Any]:
        [result] = [one for one in self.report["requirements"] if one["id"] == requirement]
        return result

    def culprit(self, requirement: str) -> tuple[str | None, str | None, str | None]:
        result = self.result(requirement)
        assert result["status"] == "fail", self.output
        culprit = result["culprit"]
        return culprit["hop"], culprit["edge"], culprit["component"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Run the features; `broken` names what is broken on purpose, see breaking.py."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made: list[Path] = []

    def start(*arguments: str, broken: str = "nothing") -> Done:
        folder = tmp_path / f"report{len(made)}"
        made.append(folder)
        done = subprocess.run(
            [sys.executable, BREAK, broken, "run", "--report-dir", folder, *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        return Done(done.returncode, done.stdout + done.stderr, folder)

    return start


def variables(process: psutil.Process) -> list[str]:
    """Return the KUBECONFIG of a process, by which ESO knows its stack."""
    try:
        return [process.environ().get("KUBECONFIG", "")]
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return []


def leftovers() -> tuple[set[str], set[int]]:
    """Return the state folders, and the processes that name one on their command line."""
    root = state_root()
    folders = {path.name for path in root.iterdir()} if root.is_dir() else set()
    processes = {
        process.pid
        for process in psutil.process_iter(["cmdline", "status"])
        if process.pid != os.getpid()
        and process.info["status"] != psutil.STATUS_ZOMBIE
        and any(str(root) in part for part in (process.info["cmdline"] or []) + variables(process))
    }
    return folders, processes


@pytest.fixture
def left() -> Callable[[], tuple[set[str], set[int]]]:
    """What stacks have left behind by now."""
    return leftovers
