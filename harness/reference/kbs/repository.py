"""The repository: a folder, read at every request (trustee `.../resource/local_fs.rs`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..protocol import SEGMENT
from .errors import resource_missing

SEGMENTS = 3


@dataclass(frozen=True, slots=True)
class Repository:
    """Resources as `<repository>/<type>/<tag>` files, the layout up to v0.18.

    Attributes:
        folder: The root of the repositories.
    """

    folder: Path

    def read(self, path: str) -> bytes:
        """Return a resource.

        Raises:
            Refusal: the path is not one, or nothing is there.
        """
        segments = path.split("/")
        if len(segments) != SEGMENTS or not all(SEGMENT.match(one) for one in segments):
            raise resource_missing()
        try:
            return self.folder.joinpath(*segments).read_bytes()
        except OSError:
            raise resource_missing() from None
