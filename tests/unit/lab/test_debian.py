"""What keeps a layer of Debian packages from being made is told with the next step."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from trustee_conformance.harness.artifacts.cache import Cache
from trustee_conformance.harness.errors import EnvironmentFailed
from trustee_conformance.harness.lab import debian


def silent(_: object) -> None:
    pass


def make(tmp_path: Path) -> None:
    Cache(tmp_path / "cache").provide(debian.debian("it", "jq"), silent)


def programs(folder: Path, **scripts: str) -> str:
    """Return a PATH with these scripts before all others."""
    folder.mkdir()
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def test_another_user_than_root(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(EnvironmentFailed, match="made by root") as caught:
        make(tmp_path)
    assert "as root" in caught.value.hint


@pytest.mark.parametrize("program", ["debootstrap", "unshare"])
def test_a_program_that_is_not_there(tmp_path, monkeypatch, program):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    found = {"debootstrap": "/debootstrap", "unshare": "/unshare", program: None}
    monkeypatch.setattr(shutil, "which", found.get)
    with pytest.raises(EnvironmentFailed, match=f"{program} is needed") as caught:
        make(tmp_path)
    assert caught.value.hint.startswith("apt-get install")


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("E: Failed getting release file http://mirror/Release", "reaches a Debian mirror"),
        ("E: Couldn't download packages: jq", "reaches a Debian mirror"),
        ("dpkg: cannot write: No space left on device", "free some space"),
        ("E: something else", "read the last lines above"),
    ],
)
def test_debootstrap_that_fails(tmp_path, monkeypatch, said, hint):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    path = programs(tmp_path / "bin", unshare=f'echo "{said}"; exit 1', debootstrap="exit 9")
    monkeypatch.setenv("PATH", path)
    with pytest.raises(EnvironmentFailed, match="debootstrap failed") as caught:
        make(tmp_path)
    assert hint in caught.value.hint
    assert said in caught.value.log
    assert list((tmp_path / "cache" / "making").iterdir()) == []


def test_another_mirror_is_asked_where_one_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    path = programs(tmp_path / "bin", unshare='echo "$@"; exit 1', debootstrap="exit 9")
    monkeypatch.setenv("PATH", path)
    monkeypatch.setenv(debian.MIRROR, "http://mirror.example/debian")
    with pytest.raises(EnvironmentFailed) as caught:
        make(tmp_path)
    command = caught.value.log.split()
    assert command[-1] == "http://mirror.example/debian"
    assert "--include=jq" in command
