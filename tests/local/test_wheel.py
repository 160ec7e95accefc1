"""The wheel holds all that it needs: it works from an empty folder, away from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", folder, ROOT], check=True)
    [wheel] = folder.glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", folder / "site", wheel], check=True)
    return folder / "site"


def python(installed: Path, tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_is_one_import_package(installed):
    assert {path.name for path in installed.iterdir() if path.suffix != ".dist-info"} == {
        "bin",
        "trustee_conformance",
    }


def test_it_lints_and_plans_what_is_in_it(installed, tmp_path):
    where = "from trustee_conformance.harness import cli; print(cli.__file__)"
    assert python(installed, tmp_path, "-c", where).stdout.startswith(str(installed))
    done = python(installed, tmp_path, "-m", "trustee_conformance.harness.cli", "lint")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 problems" in done.stdout


def test_it_runs(installed, tmp_path):
    only = ("run", "--only", "SYNC-002")
    done = python(installed, tmp_path, "-m", "trustee_conformance.harness.cli", *only)
    assert done.returncode == 4, done.stdout + done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [".conformance"]


def test_it_builds_the_same_programs(installed, tmp_path):
    keys = (
        "from trustee_conformance.harness.artifacts.catalogue import PINNED; "
        "print(*sorted(one.key for one in PINNED))"
    )
    here = subprocess.run([sys.executable, "-c", keys], capture_output=True, text=True, check=True)
    assert python(installed, tmp_path, "-c", keys).stdout == here.stdout
