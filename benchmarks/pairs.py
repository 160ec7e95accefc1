"""`python benchmarks/pairs.py [TIMES]`: two warm walkthroughs at once, over and over.

Prints exit codes and seconds of each pair. Exits 1 at the first where one was not rehearsed or left
something; the output of both is printed then.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMAND = (sys.executable, "-m", "trustee_conformance.harness.cli", "run", "--accept-rehearsal")


def main() -> None:
    """Run, print, exit."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    for number in range(1, times + 1):
        with tempfile.TemporaryDirectory(prefix="pairs.") as name:
            failed = pair(number, Path(name))
        if failed:
            sys.exit(f"pair {number} did not hold:\n{failed}")


def pair(number: int, folder: Path) -> str:
    """Run two at once and say how they ended; return their output where that is not well."""
    began = time.monotonic()
    both = [start(folder, one) for one in ("a", "b")]
    codes = [one.wait() for one in both]
    state = folder / "trustee-conformance"
    left = sorted(path.name for path in state.iterdir()) if state.is_dir() else []
    took = time.monotonic() - began
    sys.stdout.write(f"pair {number:3}: {took:6.2f} s  exit {codes}  left behind: {left or 0}\n")
    sys.stdout.flush()
    if codes == [0, 0] and not left:
        return ""
    return "\n".join((folder / f"{one}.txt").read_text() for one in ("a", "b"))


def start(folder: Path, name: str) -> subprocess.Popen[bytes]:
    """Start one run whose state and reports go below a folder."""
    with (folder / f"{name}.txt").open("wb") as output:
        return subprocess.Popen(
            [*COMMAND, "--report-dir", str(folder / name)],
            stdout=output,
            stderr=output,
            env={**os.environ, "XDG_STATE_HOME": str(folder)},
        )


if __name__ == "__main__":
    main()
