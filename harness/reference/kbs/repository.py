"""Where resources are, read at every request and never kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..protocol import is_resource_path
from .errors import plugin_failed

SLASH = r"\x2F"
"""How a key's slashes are spelt in the name of a flat file: these four characters."""


class Repository(Protocol):
    """A place of resources."""

    def read(self, path: str) -> bytes:
        """Return the resource of a path that has the right form.

        Raises:
            OSError: nothing is there.
        """


@dataclass(frozen=True, slots=True)
class Directories:
    """Resources as `<repository>/<type>/<tag>` files, the layout up to v0.18
    (trustee `kbs/src/plugins/implementations/resource/local_fs.rs`).

    Attributes:
        folder: The root of the repositories.
    """  # noqa: D205 - the source belongs to the first sentence

    folder: Path

    def read(self, path: str) -> bytes:
        """Return a resource."""
        return (self.folder / path).read_bytes()


@dataclass(frozen=True, slots=True)
class FlatFiles:
    r"""Resources as files named `<repository>\x2F<type>\x2F<tag>`, the layout from v0.19
    (trustee `deps/key-value-storage/src/local_fs/mod.rs`).

    Attributes:
        folder: The folder of the namespace `repository`.
    """  # noqa: D205 - the source belongs to the first sentence

    folder: Path

    def read(self, path: str) -> bytes:
        """Return a resource."""
        return (self.folder / path.replace("/", SLASH)).read_bytes()


class Memory:
    """The storage that KBS has where it is given none: nothing is ever in it."""

    def read(self, path: str) -> bytes:
        """Find nothing."""
        raise FileNotFoundError(path)


def read(repository: Repository, path: str) -> bytes:
    """Return a resource.

    Raises:
        Refusal: nothing is there.
    """
    try:
        return repository.read(path)
    except OSError as error:
        raise plugin_failed(f"resource not found: {path} ({error.strerror})") from None


def check_path(path: str) -> None:
    """Refuse a path that has not the form of a resource's.

    Raises:
        Refusal: it has not.
    """
    if not is_resource_path(path):
        raise plugin_failed("illegal resource path")
