"""Builds that are cut off, or that cannot reach anything, leave nothing half and say why."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest
from trustee_conformance.harness.wait import Deadline, wait_until

CLI = (sys.executable, "-u", "-m", "trustee_conformance.harness.cli")


@pytest.fixture
def environment(tmp_path) -> Mapping[str, str]:
    """An empty cache, and the downloads of this machine's own."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    downloads = base / "trustee-conformance" / "go" / "mod"
    own = tmp_path / "cache" / "trustee-conformance" / "go"
    own.mkdir(parents=True)
    if downloads.is_dir():
        (own / "mod").symlink_to(downloads)
    return {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}


def building(environment: Mapping[str, str], output: Path) -> subprocess.Popen[bytes]:
    """Start a build and wait until it compiles."""
    with output.open("wb") as file:
        process = subprocess.Popen(
            [*CLI, "artifacts", "build"], stdout=file, stderr=file, env=environment
        )
    wait_until(
        output.read_text,
        lambda text: "packages compiled" in text,
        expected="the compiler at work",
        deadline=Deadline("compiling", 300),
        fatal=lambda _: None if process.poll() is None else RuntimeError(output.read_text()),
        describe=lambda text: text[-100:],
    )
    return process


def at_work(environment: Mapping[str, str]) -> list[str]:
    """Return the programs that work for the cache."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("XDG_CACHE_HOME") == environment["XDG_CACHE_HOME"]:
                found.append(" ".join(process.cmdline()[:3]))
        except psutil.Error:
            continue
    return [one for one in found if one]


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)],
    ids=["ctrl-c", "sigterm", "kill"],
)
def test_a_build_that_is_cut_off_ends_at_once_and_leaves_no_entry(
    tmp_path, environment, number, code
):
    process = building(environment, tmp_path / "output")
    process.send_signal(number)
    assert process.wait(5) == code
    wait_until(
        lambda: at_work(environment),
        lambda programs: not programs,
        expected="no compiler at work",
        deadline=Deadline("gone", 5),
    )
    cache = tmp_path / "cache" / "trustee-conformance"
    names = {path.name.split("-")[0] for path in (cache / "artifacts").iterdir()}
    assert "kubernetes" not in names
    if number != signal.SIGKILL:
        assert list((cache / "making").iterdir()) == []
    listed = subprocess.run(
        [*CLI, "artifacts", "list"], capture_output=True, text=True, env=environment, check=True
    )
    [line] = [one for one in listed.stdout.splitlines() if one.split()[:1] == ["kubernetes"]]
    assert " no " in line


def test_without_a_module_proxy_the_build_says_so(tmp_path):
    environment = {
        **os.environ,
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "GOPROXY": "http://127.0.0.1:9",
        "GOFLAGS": "",
    }
    done = subprocess.run(
        [*CLI, "artifacts", "build"], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 3, done.stdout + done.stderr
    assert "connection refused" in done.stderr
    assert "check that Go reaches its module proxy" in done.stderr


def test_a_full_disk_is_told_and_leaves_no_entry(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small file system needs root")
    try:
        done = subprocess.run(
            [*CLI, "artifacts", "build"],
            capture_output=True,
            text=True,
            env={**os.environ, "XDG_CACHE_HOME": str(disk), "TMPDIR": str(tmp_path)},
            check=False,
        )
        assert done.returncode == 3, done.stdout + done.stderr
        assert "is full: free some space" in done.stderr
        cache = disk / "trustee-conformance"
        assert [
            path.name for name in ("artifacts", "making") for path in cache.glob(f"{name}/*")
        ] == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)
