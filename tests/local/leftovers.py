"""What stacks leave behind: state folders and processes."""

from __future__ import annotations

import os

import psutil
from trustee_conformance.harness.engine.state import state_root


def left() -> tuple[set[str], set[int]]:
    """Return the state folders, and the processes that name one on their command line."""
    root = state_root()
    folders = {path.name for path in root.iterdir()} if root.is_dir() else set()
    processes = {
        process.pid
        for process in psutil.process_iter(["cmdline", "status"])
        if process.pid != os.getpid()
        and process.info["status"] != psutil.STATUS_ZOMBIE
        and any(str(root) in part for part in process.info["cmdline"] or [])
    }
    return folders, processes
