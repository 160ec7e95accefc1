"""A report folder takes one run's artefacts, whole or not at all."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from trustee_conformance.fixtures.concluding import conclude
from trustee_conformance.harness.engine.report_folder import claim
from trustee_conformance.harness.errors import EnvironmentFailed, UsageError
from trustee_conformance.harness.model.observation import Kind, Observation
from trustee_conformance.harness.model.words import ExitCode
from trustee_conformance.harness.observe import Journal


@pytest.fixture
def full_disk(tmp_path) -> Iterator[Path]:
    """A file system without a free byte."""
    folder = tmp_path / "full"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> None:
    def write() -> None:
        with (folder / "filler").open("wb", 0) as file:
            while True:
                file.write(b"x" * 4096)

    with pytest.raises(OSError, match="No space"):
        write()


def test_a_folder_that_is_not_empty_is_taken(tmp_path):
    (tmp_path / "old").touch()
    with pytest.raises(UsageError, match="not empty"):
        claim(tmp_path)


def test_of_many_at_once_one_gets_the_folder(tmp_path):
    def attempt(_: int) -> bool:
        try:
            claim(tmp_path / "report")
        except UsageError as error:
            assert "another run uses it" in error.message  # noqa: PT017 - the others' way out
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(attempt, range(32))).count(True) == 1


@pytest.mark.parametrize("path", ["/proc/report", "/dev/null/report"])
def test_a_folder_that_cannot_be_written_is_bad_input(path):
    with pytest.raises(UsageError, match="cannot be written"):
        claim(Path(path))


def test_a_full_disk_is_found_before_anything_starts(full_disk):
    (full_disk / "report").mkdir()
    fill(full_disk)
    with pytest.raises(UsageError, match="No space left on device"):
        claim(full_disk / "report")


def test_a_disk_that_fills_while_it_is_observed_ends_the_run(full_disk):
    journal = Journal(claim(full_disk / "report") / "observations.jsonl")
    fill(full_disk)
    sight = Observation(Kind.OUTCOME, 0.0, detail={"seen": "x" * 5000})
    with pytest.raises(EnvironmentFailed, match="No space left on device"):
        journal.keep(sight)


def test_a_report_that_cannot_be_written_is_no_verdict_and_no_half_file(full_disk, record):
    report = claim(full_disk / "report")
    fill(full_disk)
    done = conclude(record, report, b"", accept=False)
    assert done.code is ExitCode.NO_VERDICT
    assert "No space left on device" in str(done.record.failure)
    assert [path.name for path in report.iterdir()] == ["observations.jsonl"]


def test_what_can_be_written_is_the_report(tmp_path, record):
    done = conclude(record, claim(tmp_path / "report"), b"", accept=False)
    assert done.code is ExitCode.CONFORMANT
    assert done.report.is_file()
    rehearsed = replace(record, doubles=["kbs"])
    assert conclude(rehearsed, tmp_path / "report", b"", accept=True).code is ExitCode.CONFORMANT
    assert conclude(rehearsed, tmp_path / "report", b"", accept=False).code is ExitCode.REHEARSED
