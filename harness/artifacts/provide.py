"""Provides the programs of a local stack: a path given, else the cache, else made now."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .cache import Cache
from .recipe import Artifact, Progress


@dataclass(frozen=True, slots=True)
class Provided:
    """A file and where it came from."""

    path: Path
    source: str


@dataclass(frozen=True, slots=True)
class Provider:
    """Finds or makes artifacts.

    Attributes:
        cache: Where made ones are kept.
        progress: Told what is being done.
    """

    cache: Cache
    progress: Progress

    def file(self, artifact: Artifact, role: str, given: Path | None = None) -> Provided:
        """Return a file of an artifact, or the one that was given.

        Raises:
            EnvironmentFailed: it could not be made.
        """
        if given is not None:
            return Provided(given.resolve(), f"path {given}")
        folder = self.cache.provide(artifact, self.progress)
        return Provided(folder / artifact.files[role], artifact.recipe.source)
