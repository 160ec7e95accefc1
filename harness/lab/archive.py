"""Images: some layers and a configuration, put together without a container engine.

Source of the format: moby/docker-image-spec `v1.2.md`, "Combined Image JSON + Filesystem Changeset
Format". Docker, containerd and kind load such an archive.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from ..artifacts.cache import Cache
from ..artifacts.recipe import Artifact, Progress, digest_of
from .layers import LAYER

LABEL = "trustee-conformance.lab"
"""The label that says which image of the lab it is; two more begin with it."""
VERSION_LABEL = f"{LABEL}.version"
DIGEST_LABEL = f"{LABEL}.digest"
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Image:
    """An image of the lab.

    Attributes:
        kind: Which one it is: the value of its label.
        name: Its name with its tag.
        version: The version of what is in it.
        layers: Its layers, the lowest first.
        config: What Docker is told of it: Entrypoint, User, StopSignal, ...
        labels: More labels.
    """

    kind: str
    name: str
    version: str
    layers: tuple[Artifact, ...]
    config: dict[str, Any] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """A digest over all that decides what is in it, known before it is built."""
        keys = [one.key + one.recipe.digest for one in self.layers]
        return digest_of(self.version, json.dumps([self.config, self.labels]), *keys)

    def all_labels(self) -> dict[str, str]:
        """Return the labels by which it is found."""
        own = {LABEL: self.kind, VERSION_LABEL: self.version, DIGEST_LABEL: self.digest}
        return {**self.labels, **own}


@dataclass(frozen=True, slots=True)
class Assembled:
    """An image whose layers are in the cache.

    Attributes:
        names: Its names with their tags.
        config: Its configuration, as it goes into the archive; its digest is the image's id.
        layers: The archives of its layers by their digest, the lowest first.
    """

    names: tuple[str, ...]
    config: bytes
    layers: dict[str, Path]

    @property
    def id(self) -> str:
        """The SHA-256 of the configuration."""
        return hashlib.sha256(self.config).hexdigest()

    @property
    def size(self) -> int:
        """The bytes of all layers."""
        return sum(path.stat().st_size for path in self.layers.values())


def assemble(image: Image, cache: Cache, progress: Progress) -> Assembled:
    """Make what is missing of an image's layers.

    Raises:
        EnvironmentFailed: a layer could not be made.
    """
    layers = {}
    for one in image.layers:
        path = cache.provide(one, progress) / one.files[LAYER]
        layers[cache.files(one)[LAYER].digest] = path
    return Assembled((image.name,), _config(image, list(layers)), layers)


def write(images: Sequence[Assembled], to: IO[bytes], told: Callable[[int], None]) -> None:
    """Write an archive of images; a layer that several have is there once.

    Args:
        images: The images.
        to: Where to write; need not seek.
        told: Told the bytes that a file adds before it is written.
    """
    with tarfile.open(fileobj=to, mode="w|", format=tarfile.GNU_FORMAT) as archive:
        for digest, path in {k: v for one in images for k, v in one.layers.items()}.items():
            told(path.stat().st_size)
            _add_file(archive, _layer_name(digest), path)
        for one in images:
            _add(archive, f"{one.id}.json", one.config)
        _add(archive, MANIFEST, json.dumps([_manifest(one) for one in images]).encode())


def _config(image: Image, diff_ids: list[str]) -> bytes:
    config = {"Env": [PATH], "Labels": image.all_labels(), **image.config}
    whole = {
        "architecture": "amd64",
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": [{"created_by": one.recipe.source} for one in image.layers],
    }
    return json.dumps(whole, sort_keys=True).encode()


def _manifest(one: Assembled) -> dict[str, Any]:
    names = list(map(_layer_name, one.layers))
    return {"Config": f"{one.id}.json", "RepoTags": list(one.names), "Layers": names}


def _layer_name(digest: str) -> str:
    return f"{digest.removeprefix('sha256:')}/layer.tar"


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


def _add_file(archive: tarfile.TarFile, name: str, path: Path) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = path.stat().st_size
    with path.open("rb") as file:
        archive.addfile(entry, file)
