"""What is cut off leaves no mount, no process, no half image."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from trustee_conformance.harness.errors import EnvironmentFailed
from trustee_conformance.harness.lab.archive import LABEL
from trustee_conformance.harness.lab.docker import Docker
from trustee_conformance.harness.wait import Deadline, wait_until

BEGIN = """
import sys
from pathlib import Path
from trustee_conformance.harness.artifacts.cache import Cache
from trustee_conformance.harness.lab.archive import Image, assemble
from trustee_conformance.harness.lab.debian import debian
from trustee_conformance.harness.lab.docker import Docker
from trustee_conformance.harness.lab.layers import Text, layer_of
def told(text):
    print(text, flush=True)
cache = Cache(Path(sys.argv[1]))
"""
DEBIAN = BEGIN + "cache.provide(debian('interrupted', 'ca-certificates'), told)\n"
LOAD = (
    BEGIN
    + """
layers = [layer_of(f"big{n}", "1", Text("/big", str(n) * 90_000_000)) for n in range(5)]
image = Image("interrupted", "localhost/trustee-conformance/interrupted:1", "1", tuple(layers))
Docker.found().load(assemble(image, cache, told), told)
"""
)


def cut_off(
    code: str, cache: Path, output: Path, when: str, number: signal.Signals = signal.SIGINT
) -> None:
    """Run a script and send it a signal when it has said something."""
    with output.open("wb") as file:
        process = subprocess.Popen([sys.executable, "-c", code, cache], stdout=file, stderr=file)
    wait_until(
        output.read_text,
        lambda text: when in text,
        expected=when,
        deadline=Deadline("at work", 120),
        fatal=lambda _: None if process.poll() is None else RuntimeError(output.read_text()),
        describe=lambda text: text[-100:],
    )
    process.send_signal(number)
    assert process.wait(20) == -number, output.read_text()


def at_work(folder: Path) -> list[str]:
    """Return the programs that were started with a folder among their arguments."""
    commands = [one.info["cmdline"] or [] for one in psutil.process_iter(["cmdline"])]
    return [" ".join(one)[:200] for one in commands if any(str(folder) in word for word in one)]


@pytest.mark.parametrize("when", ["Unpacking", "Configuring"])
def test_an_installation_of_debian(tmp_path, when):
    if os.geteuid() != 0:
        pytest.skip("debootstrap needs root")
    cache = tmp_path / "cache"
    cut_off(DEBIAN, cache, tmp_path / "output", when)
    assert at_work(cache) == []
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()
    assert [*(cache / "making").iterdir(), *(cache / "artifacts").glob("*")] == []


def test_an_installation_of_debian_ends_with_a_killed_harness(tmp_path):
    """What it has written goes with the next that makes it."""
    if os.geteuid() != 0:
        pytest.skip("debootstrap needs root")
    cache = tmp_path / "cache"
    cut_off(DEBIAN, cache, tmp_path / "output", "Unpacking", signal.SIGKILL)
    wait_until(
        lambda: at_work(cache),
        lambda programs: not programs,
        expected="nobody at work",
        deadline=Deadline("gone", 5),
    )
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()
    assert list((cache / "artifacts").glob("*")) == []


def test_docker_has_no_half_image(tmp_path):
    try:
        docker = Docker.found()
    except EnvironmentFailed as why:
        pytest.skip(str(why))
    cut_off(LOAD, tmp_path / "cache", tmp_path / "output", "%")
    listed = docker.call("image", "ls", "--all", "--quiet", f"--filter=label={LABEL}=interrupted")
    assert (listed.status, listed.output) == (0, "")
