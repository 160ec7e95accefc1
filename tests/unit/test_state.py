"""A state folder belongs to one process, and goes with it or by `down`."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
from trustee_conformance.harness.engine.state import StateFolder, run_id, state_root

MAKER = """
import sys
from trustee_conformance.harness.engine.state import StateFolder
folder = StateFolder.make(sys.argv[1])
print("made", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def own_root(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def other_process(name: str) -> subprocess.Popen[str]:
    """Let another process make a folder and hold it."""
    process = subprocess.Popen(
        [sys.executable, "-c", MAKER, name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "made\n"
    return process


def test_a_folder_is_private_and_says_who_owns_it():
    folder = StateFolder.make("one")
    assert folder.path.stat().st_mode & 0o077 == 0
    assert folder.record()["kind"] == "run"
    assert folder.owner is not None
    folder.remove()
    assert StateFolder.all() == []


def test_a_folder_of_a_living_process_cannot_be_claimed_and_of_a_dead_one_can():
    with other_process("theirs") as process:
        assert not StateFolder.find("theirs").claim_dead()
        process.kill()
        process.wait()
        dead = StateFolder.find("theirs")
        assert dead.claim_dead()
        assert dead.owner is None
        dead.remove()
    assert not (state_root() / "theirs").exists()


def test_a_folder_that_down_takes_while_it_is_being_made_is_made_again():
    """`down` may find the folder before its lock; it must never remove the one that is used."""
    over = threading.Event()

    def down() -> None:
        while not over.is_set():
            for folder in StateFolder.all():
                if folder.claim_dead():
                    folder.remove()

    thread = threading.Thread(target=down)
    thread.start()
    try:
        for number in range(100):
            folder = StateFolder.make(f"run{number}")
            assert folder.record()["kind"] == "run"
            assert folder.path.stat().st_mode & 0o077 == 0
            folder.remove()
    finally:
        over.set()
        thread.join()
    assert all(folder.claim_dead() for folder in StateFolder.all())


def test_processes_are_found_by_the_folder_on_their_command_line():
    folder = StateFolder.make("busy")
    script = folder.path / "script.py"
    script.write_text("import sys; print('up', flush=True); sys.stdin.read()")
    process = subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        assert [one.pid for one in folder.processes()] == [process.pid]
        process.kill()
    assert folder.processes() == []
    folder.remove()


def test_run_ids_differ():
    assert len({run_id() for _ in range(50)}) > 45
