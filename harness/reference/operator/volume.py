"""A Secret as it appears in a mounted volume.

Source: kubernetes `pkg/volume/util/atomic_writer.go`: the files live in a folder named after the
time, `..data` points at it, each key points into `..data`; one rename changes all of them at once.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

DATA = "..data"
FILE_MODE = 0o600


def project(folder: Path, content: Mapping[str, bytes]) -> bool:
    """Make the folder show the content; return whether anything changed.

    Args:
        folder: Where the volume is mounted; made if it is not there.
        content: The Secret's keys and values.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if _shown(folder) == dict(content):
        return False
    old = (folder / DATA).resolve() if (folder / DATA).is_symlink() else None
    stamp = datetime.now(UTC).strftime("..%Y_%m_%d_%H_%M_%S.")
    fresh = Path(tempfile.mkdtemp(prefix=stamp, dir=folder))
    for key, value in content.items():
        (fresh / key).touch(FILE_MODE)
        (fresh / key).write_bytes(value)
    _swap(folder, fresh)
    _link(folder, content)
    if old is not None:
        shutil.rmtree(old)
    return True


def _shown(folder: Path) -> dict[str, bytes] | None:
    data = folder / DATA
    if not data.is_symlink():
        return None
    return {path.name: path.read_bytes() for path in data.iterdir()}


def _swap(folder: Path, fresh: Path) -> None:
    pointer = folder / "..data_tmp"
    pointer.unlink(missing_ok=True)
    pointer.symlink_to(fresh.name)
    pointer.rename(folder / DATA)


def _link(folder: Path, content: Mapping[str, bytes]) -> None:
    for key in content:
        if not (folder / key).is_symlink():
            (folder / key).symlink_to(f"{DATA}/{key}")
    for path in folder.iterdir():
        if path.is_symlink() and path.name != DATA and path.name not in content:
            path.unlink()
