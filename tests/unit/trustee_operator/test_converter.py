"""Mounted Secrets are copied to where KBS looks, whole or not at all."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from trustee_conformance.harness.reference.operator.converter import convert, refresh
from trustee_conformance.harness.reference.operator.volume import project

names = st.text("ab1-", min_size=1, max_size=4)
keys = st.text("aB0_.-", min_size=1, max_size=5).filter(
    lambda key: key != "." and not key.startswith("..")
)
secrets = st.dictionaries(
    names, st.dictionaries(keys, st.binary(max_size=9), max_size=3), max_size=3
)


def mounted(folder: Path, content: dict[str, dict[str, bytes]]) -> Path:
    for name, data in content.items():
        project(folder / name, data)
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@given(secrets)
def test_each_key_is_a_flat_file_but_hidden_ones(content):
    with tempfile.TemporaryDirectory() as made:
        source, target = mounted(Path(made) / "source", content), Path(made) / "target"
        target.mkdir()
        convert(source, target, "flat")
        assert files(target) == {
            "default\\x2F" + name + "\\x2F" + key: value
            for name, data in content.items()
            for key, value in data.items()
            if not key.startswith(".")
        }


@given(secrets)
def test_each_key_is_a_file_in_a_folder(content):
    with tempfile.TemporaryDirectory() as made:
        source, target = mounted(Path(made) / "source", content), Path(made) / "target"
        target.mkdir()
        convert(source, target, "directories")
        assert files(target) == {
            f"default/{name}/{key}": value
            for name, data in content.items()
            for key, value in data.items()
            if not key.startswith(".")
        }
        assert not any(path.is_symlink() for path in target.rglob("*"))


@given(secrets, secrets)
def test_what_is_followed_shows_the_last_content_and_no_more(before, after):
    with tempfile.TemporaryDirectory() as made:
        target = Path(made) / "target"
        refresh(mounted(Path(made) / "before", before), target)
        target.mkdir(exist_ok=True)
        (target / "other\\x2Fa\\x2Fb").write_bytes(b"not ours")
        source = mounted(Path(made) / "after", after)
        refresh(source, target)
        expected = Path(made) / "expected"
        expected.mkdir()
        convert(source, expected, "flat")
        assert files(target) == files(expected) | {"other\\x2Fa\\x2Fb": b"not ours"}


def test_a_file_is_replaced_not_written_over(tmp_path):
    source = mounted(tmp_path / "source", {"one": {"key": b"old"}})
    [place] = convert(source, tmp_path / "target", "flat")
    with place.open("rb") as reader:
        project(source / "one", {"key": b"new"})
        convert(source, tmp_path / "target", "flat")
        assert (reader.read(), place.read_bytes()) == (b"old", b"new")
    assert place.stat().st_mode & 0o777 == 0o600


def test_an_unchanged_file_is_left_alone(tmp_path):
    source = mounted(tmp_path / "source", {"one": {"key": b"value"}})
    [place] = convert(source, tmp_path / "target", "flat")
    inode = place.stat().st_ino
    convert(source, tmp_path / "target", "flat")
    assert place.stat().st_ino == inode


def test_the_program_copies_and_prints_names_alone(tmp_path):
    source = mounted(tmp_path / "source", {"one": {"key": b"the value"}})
    module = "trustee_conformance.harness.reference.operator.converter"
    done = subprocess.run(
        [sys.executable, "-m", module, "--source", source, "--target", tmp_path / "target"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert files(tmp_path / "target") == {"default\\x2Fone\\x2Fkey": b"the value"}
    assert "default\\x2Fone\\x2Fkey" in done.stderr
    assert "the value" not in done.stdout + done.stderr
