"""Builds the lab, says what is there of it, and removes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..artifacts.cache import Cache
from ..artifacts.recipe import Artifact, Progress
from ..errors import EnvironmentFailed
from .archive import Image, assemble
from .docker import Docker, Held
from .images import control_plane, every
from .layers import PREFIX


@dataclass(frozen=True, slots=True)
class Row:
    """An image, and what Docker holds of it.

    Attributes:
        image: The image as it would be built now.
        held: The one that Docker holds, `None` where it has none of that kind.
    """

    image: Image
    held: Held | None

    @property
    def is_current(self) -> bool:
        """Whether Docker holds just this image, under its name."""
        held = self.held
        return (
            held is not None and held.digest == self.image.digest and self.image.name in held.names
        )


@dataclass(frozen=True, slots=True)
class Lab:
    """The lab of this machine.

    Attributes:
        docker: Who holds the images.
        cache: Where layers and programs are kept.
        progress: Told what is being done.
    """

    docker: Docker
    cache: Cache
    progress: Progress

    def rows(self) -> list[Row]:
        """Return every image with what Docker holds of it.

        Raises:
            EnvironmentFailed: Docker does not answer.
        """
        held = self.docker.images()
        return [Row(image, _of(image, held)) for image in every()]

    def find(self, kind: str) -> Held:
        """Return an image of the lab as it must be now, found by its labels.

        Args:
            kind: `node`, `openbao`, `external-secrets` or `reference`.

        Raises:
            EnvironmentFailed: it was not built, or from other inputs; a run never builds it.
        """
        [row] = [one for one in self.rows() if one.image.kind == kind]
        if row.held is not None and row.is_current:
            return row.held
        seen = "one of other inputs" if row.held else "none"
        raise EnvironmentFailed(
            f"expected the lab's image {row.image.name} in docker, seen: {seen}",
            hint="trustee-conformance lab build",
        )

    def build(self, built: Callable[[Image], None]) -> None:
        """Build what is not there as it must be; what is superseded goes.

        Args:
            built: Told each image when it is there.

        Raises:
            EnvironmentFailed: something could not be had, or Docker did not take it.
        """
        for row in self.rows():
            if not row.is_current:
                self.docker.load(assemble(row.image, self.cache, self.progress), self.progress)
            built(row.image)
        self._tidy()

    def clean(self) -> int:
        """Remove the lab's images and layers; return the bytes of the layers.

        Raises:
            EnvironmentFailed: a container uses an image, or somebody is building.
        """
        used = self.docker.remove(self.docker.images())
        if used:
            raise EnvironmentFailed(
                f"a container still uses {', '.join(', '.join(one.names) for one in used)}",
                hint="`kind get clusters` and `docker ps --all` show which; delete it first",
            )
        return self.cache.discard(lambda name: name.startswith(PREFIX))

    def _tidy(self) -> None:
        """Remove images and layers that newer ones have taken the place of."""
        self.docker.remove([one for one in self.docker.images() if not one.names])
        kept = {layer.key for layer in every_layer()}
        self.cache.discard(lambda name: name.startswith(PREFIX) and name not in kept)


def every_layer() -> list[Artifact]:
    """Return the layers of every image, those within the node's store included."""
    return [layer for image in (*every(), *control_plane()) for layer in image.layers]


def _of(image: Image, held: list[Held]) -> Held | None:
    """Return what Docker holds of that kind: the right one, else one with a name, else any."""
    same = [one for one in held if one.kind == image.kind]
    same.sort(key=lambda one: (one.digest == image.digest, bool(one.names)))
    return same[-1] if same else None
