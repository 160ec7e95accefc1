"""Every command in the documentation is run, as it stands there.

That is every line of a `sh` block. What needs docker, root or a new machine, as most of docs/lab.md
does, stands in `console` blocks: these tests need none of the three. tests/lab runs it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
IN_CI = ROOT / ".ci" / "run"


def commands(path: Path) -> list[str]:
    text = path.read_text()
    return [line for block in FENCE.findall(text) for line in block.splitlines() if line]


DOCUMENTS = sorted((ROOT / "docs").glob("*.md"))
ALL = [(path.name, line) for path in DOCUMENTS for line in commands(path)]


@pytest.mark.parametrize(("document", "line"), ALL)
def test_a_documented_command_ends_as_documented(tmp_path, document, line):
    command, _, comment = line.partition("  # exit ")
    client = tmp_path / "kbs-client"
    module = "trustee_conformance.harness.reference.client"
    client.write_text(f'#!/bin/sh\nexec {sys.executable} -m {module} "$@"\n')
    client.chmod(0o755)
    bin_folder = Path(sys.executable).parent
    environment = {
        **os.environ,
        "PATH": f"{bin_folder}:{os.environ['PATH']}",
        "KBS_CLIENT": str(client),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    subprocess.run([bin_folder / "trustee-conformance", "down"], env=environment, check=True)
    assert done.returncode == int(comment or 0), done.stdout + done.stderr


def test_ci_runs_the_two_lines_of_the_readme():
    script = IN_CI.read_text()
    lines = commands(ROOT / "README.md")
    assert len(lines) == 2
    for line in lines:
        assert line in script


def test_the_readme_has_no_blank_left_to_fill():
    assert re.findall(r"@[A-Z]+@", (ROOT / "README.md").read_text()) == []


def test_there_are_commands_to_run():
    assert {"ci.md", "developers.md", "vendors.md"} <= {document for document, _ in ALL}
