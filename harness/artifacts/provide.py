"""Provides the programs of a stack: a path given, else the cache, else made now."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from .cache import Cache
from .recipe import Artifact, Progress


@dataclass(frozen=True, slots=True)
class Binary:
    """A program, or another file of an artifact.

    Attributes:
        path: Where it is.
        source: Where it came from, for the report.
        digest: The SHA-256 with which it was made; `None` where nothing is known of that.
    """

    path: Path
    source: str
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    """Finds or makes artifacts.

    Attributes:
        cache: Where made ones are kept.
        progress: Told what is being done.
    """

    cache: Cache
    progress: Progress

    def file(
        self, artifact: Artifact, role: str, given: Path | None = None, *, on_path: bool = False
    ) -> Binary:
        """Return a file of an artifact, or the one that was given.

        Args:
            artifact: Whose file.
            role: Which of its files.
            given: The one to take instead.
            on_path: Whether a program of that name on PATH comes before the cache.

        Raises:
            EnvironmentFailed: it could not be made.
        """
        if given is not None:
            return Binary(given.resolve(), f"path {given}")
        if on_path and (found := shutil.which(role)) is not None:
            return Binary(Path(found).resolve(), f"on PATH: {found}")
        folder = self.cache.provide(artifact, self.progress)
        made = self.cache.files(artifact)[role]
        return Binary(folder / artifact.files[role], artifact.recipe.source, made.digest)
