"""`python benchmarks/warm_runs.py [RUNS]`: warm local walkthroughs in a row, timed from outside.

Prints seconds and verdict of each, then the median and what was left behind. Exits 1 where a run
was not rehearsed or left something.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from trustee_conformance.harness.engine.state import StateFolder

COMMAND = (sys.executable, "-m", "trustee_conformance.harness.cli", "run", "--accept-rehearsal")


def main() -> None:
    """Run, print, exit."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    seconds: list[float] = []
    verdicts: Counter[str] = Counter()
    for number in range(1, runs + 1):
        took, verdict = one()
        seconds.append(took)
        verdicts[verdict] += 1
        sys.stdout.write(f"run {number:3}: {took:6.2f} s  {verdict}\n")
        sys.stdout.flush()
    left = [folder.path.name for folder in StateFolder.all()]
    sys.stdout.write(
        f"median {statistics.median(seconds):.2f} s of {runs}, "
        f"{min(seconds):.2f} to {max(seconds):.2f} s; {dict(verdicts)}; left behind: {left or 0}\n"
    )
    sys.exit(0 if verdicts == Counter(rehearsed=runs) and not left else 1)


def one() -> tuple[float, str]:
    """Return the seconds and the verdict of one run."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        subprocess.run([*COMMAND, "--report-dir", folder], stdout=subprocess.DEVNULL, check=False)
        took = time.monotonic() - began
        report = json.loads((Path(folder) / "report.json").read_text())
        return took, str(report["verdict"])


if __name__ == "__main__":
    main()
