"""The report says what ran, not what was pinned: swap a binary and it changes."""

from __future__ import annotations

import shutil
from pathlib import Path

from trustee_conformance.harness.artifacts.cache import Cache
from trustee_conformance.harness.artifacts.catalogue import OPENBAO


def test_a_swapped_binary_changes_the_report(run, tmp_path):
    program = tmp_path / "bao"
    original = Cache.default().entry(OPENBAO) / OPENBAO.files["bao"]
    shutil.copy(original, program)
    setting = ("--only", "INSTALL-001", "--set", f"store.path={program}")
    before = store(run(*setting).report)
    swap(program)
    after = store(run(*setting).report)
    assert before["source"] == after["source"] == f"path {program}"
    assert before["version"] == after["version"] == "2.7.2"
    assert before["digest"] != after["digest"]


def swap(program: Path) -> None:
    """Replace the program by one that differs in a byte that nothing reads."""
    with program.open("ab") as file:
        file.write(b"another build")


def store(report: dict) -> dict:
    [found] = [one for one in report["components"] if one["name"] == "store"]
    return found


def test_another_program_for_a_part_under_test_is_its_failure(run):
    done = run(
        "--only", "INSTALL-001", "--set", "store.path=/bin/true", "--set", "deadlines.start=5"
    )
    assert done.code == 1, done.output
    assert done.culprit("INSTALL-001") == (None, None, "store")


def test_another_program_for_the_api_server_is_no_verdict(run):
    done = run("--only", "INSTALL-001", "--set", "kubernetes.apiserverPath=/bin/true")
    assert done.code == 3, done.output
    assert "kube-apiserver ended" in done.report["failure"]
    assert done.report["requirements"] == []
