"""What an artifact is and how one is made."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

UNREACHED = re.compile(
    r"dial tcp|no such host|connection refused|network is unreachable|i/o timeout|proxyconnect|"
    r"failed to establish a new connection|name resolution|no matching distribution",
    re.IGNORECASE,
)
"""What Go and pip write where they do not reach what they need."""

Progress = Callable[[str], None]
"""Takes what is being done now, in words; called more than once a second at most."""


class Recipe(Protocol):
    """A way to make the files of an artifact."""

    @property
    def source(self) -> str:
        """Where the files come from, in words for the report."""
        ...

    @property
    def digest(self) -> str:
        """A digest over all that decides what is made."""
        ...

    def make(self, into: Path, cache: Path, progress: Progress) -> None:
        """Make the files in an empty folder.

        Args:
            into: The folder.
            cache: The root of the cache, for what makers keep there themselves.
            progress: Told what is being done.

        Raises:
            EnvironmentFailed: it could not be made; says why and what to do.
        """
        ...


@dataclass(frozen=True, slots=True)
class Artifact:
    """A pinned thing that a stack runs.

    Attributes:
        name: What it is called in configuration and reports.
        version: The version it is pinned at.
        recipe: How it is made where the cache does not have it.
        files: Where its files are below the entry's folder, by the name of their role.
    """

    name: str
    version: str
    recipe: Recipe
    files: dict[str, str]

    @property
    def key(self) -> str:
        """The name of its folder in the cache."""
        return f"{self.name}-{self.version}-{self.recipe.digest[:12]}"


def next_step(log: str, folder: Path, reached: str) -> str:
    """Say what to do after a maker has failed, by what it wrote.

    Args:
        log: What the maker wrote.
        folder: Where it was to put what it made.
        reached: What must be reachable for it, in words.
    """
    if "no space left on device" in log.lower():
        return f"the disk that holds {folder.parent} is full: free some space and run it again"
    if UNREACHED.search(log):
        return f"check that {reached}, then run the same command again"
    return "read the last lines above; the next try goes on where this one stopped"


def digest_of(*parts: str | bytes) -> str:
    """Return a digest over parts that does not depend on where one ends and the next begins."""
    total = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        total.update(len(raw).to_bytes(8, "big") + raw)
    return total.hexdigest()


def digest_of_tree(folder: Path) -> str:
    """Return a digest over the names and contents of all files below a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    parts = [
        part
        for path in files
        for part in (path.relative_to(folder).as_posix().encode(), path.read_bytes())
    ]
    return digest_of(*parts)
