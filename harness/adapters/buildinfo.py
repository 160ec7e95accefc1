"""Reads the build information that Go puts into every binary.

Source: golang/go `src/debug/buildinfo/buildinfo.go`. Only the form of Go 1.18 and later is
read: after a 32-byte header two strings follow, each with a varint length before it.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from pathlib import Path

MAGIC = b"\xff Go buildinf:"
_HEADER = 32
_INLINE_STRINGS = 2
_SENTINEL = 16


@dataclass(frozen=True, slots=True)
class BuildInfo:
    """What a Go binary says of itself.

    Attributes:
        go: The toolchain.
        modules: Version by module path, the main module included.
    """

    go: str
    modules: dict[str, str]


def read(binary: Path) -> BuildInfo | None:
    """Return the build information of a binary, `None` where it has none.

    Raises:
        OSError: the file cannot be read.
    """
    with binary.open("rb") as file:
        if not file.seek(0, 2):
            return None
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            at = _find(data)
            return None if at is None else _parse(data, at)


def _find(data: mmap.mmap) -> int | None:
    """Return where the header is: aligned to 16 bytes, with strings that follow inline."""
    at = data.find(MAGIC)
    while at >= 0:
        if at % 16 == 0 and data[at + 15] & _INLINE_STRINGS:
            return at
        at = data.find(MAGIC, at + 1)
    return None


def _parse(data: mmap.mmap, at: int) -> BuildInfo:
    go, after = _string(data, at + _HEADER)
    text, _ = _string(data, after)
    lines = text[_SENTINEL:-_SENTINEL].decode(errors="replace").splitlines()
    fields = [line.split("\t") for line in lines]
    modules = {f[1]: f[2] for f in fields if f[0] in {"mod", "dep"} and len(f) > 2}  # noqa: PLR2004
    return BuildInfo(go.decode(), modules)


def _string(data: mmap.mmap, at: int) -> tuple[bytes, int]:
    length = shift = 0
    while True:
        byte = data[at]
        at += 1
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:  # noqa: PLR2004 - the last byte of a varint
            return data[at : at + length], at + length
