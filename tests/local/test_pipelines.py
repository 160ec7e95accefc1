"""The pipelines of docs/ci.md: their own lines, run in a copy of this checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "ci.md").read_text()
PIPELINES = [yaml.safe_load(one) for one in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)]
[SHELL] = re.findall(r"```bash\n(.*?)```", TEXT, re.DOTALL)


def github() -> list[str]:
    return [step["run"] for step in PIPELINES[0]["jobs"]["conformance"]["steps"] if "run" in step]


def gitlab() -> list[str]:
    return PIPELINES[1]["conformance"]["script"]


@pytest.fixture
def checkout(tmp_path, monkeypatch) -> Path:
    """A copy of the tracked files, with the environment that bootstrap.py has made."""
    if Path(sys.prefix) != ROOT / ".venv":
        pytest.skip("these tests need the environment of bootstrap.py")
    copy = tmp_path / "checkout"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(copy)], check=True)
    (copy / ".venv").symlink_to(ROOT / ".venv")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    return copy


@pytest.mark.parametrize("script", [github(), gitlab(), [SHELL]], ids=["github", "gitlab", "shell"])
def test_a_pipeline_ends_well_and_leaves_what_it_keeps(checkout, script):
    for line in script:
        done = subprocess.run(
            ["/bin/bash", "-c", line], cwd=checkout, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    kept = checkout / "conformance"
    assert {"report.json", "junit.xml", "summary.md"} <= {path.name for path in kept.iterdir()}


def test_the_job_page_gets_the_summary(checkout, tmp_path):
    (checkout / "conformance").mkdir()
    (checkout / "conformance" / "summary.md").write_text("# rehearsed\n")
    subprocess.run(["/bin/bash", "-c", github()[-1]], cwd=checkout, check=True)
    assert (tmp_path / "summary.md").read_text() == "# rehearsed\n"


def test_paths_that_are_kept_are_those_that_are_written():
    keeps = PIPELINES[0]["jobs"]["conformance"]["steps"]
    assert keeps[1]["with"]["path"] == "~/.cache/trustee-conformance/artifacts"
    assert keeps[-1]["with"]["path"] == "conformance"
    assert PIPELINES[1]["conformance"]["artifacts"]["reports"]["junit"] == "conformance/junit.xml"
    assert os.path.normpath(PIPELINES[1]["conformance"]["cache"]["paths"][0]) == (
        ".cache/trustee-conformance/artifacts"
    )
