"""A Secret appears as the kubelet's atomic writer would show it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from trustee_conformance.harness.reference.operator.volume import project

keys = st.from_regex(r"\A[A-Za-z0-9_-][A-Za-z0-9_.-]{0,20}\Z")
contents = st.dictionaries(keys, st.binary(max_size=50), max_size=5)


def shown(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name[:2] != ".."}


@given(st.lists(contents, min_size=1, max_size=5))
def test_the_folder_shows_the_last_content_and_keeps_no_other(history):
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "secret"
        for content in history:
            project(folder, content)
            assert shown(folder) == content
        versions = [path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()]
        assert len(versions) == 1


def test_the_layout_is_the_atomic_writers(tmp_path):
    project(tmp_path, {"key": b"value"})
    assert (tmp_path / "key").readlink() == Path("..data/key")
    data = (tmp_path / "..data").readlink()
    assert (tmp_path / data / "key").read_bytes() == b"value"
    assert (tmp_path / data / "key").stat().st_mode & 0o777 == 0o600


def test_an_unchanged_content_changes_nothing(tmp_path):
    assert project(tmp_path, {"key": b"value"})
    before = (tmp_path / "..data").readlink()
    assert not project(tmp_path, {"key": b"value"})
    assert (tmp_path / "..data").readlink() == before
