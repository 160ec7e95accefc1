"""Layers of images: archives of files, kept in the cache like the programs they are made from."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..artifacts.cache import Cache
from ..artifacts.recipe import Artifact, Progress, digest_of

LAYER = "layer"
"""The role of the archive among an artifact's files; its digest is the layer's id."""
LAYER_FILE = "layer.tar"
PREFIX = "lab-"
"""What the names of the lab's artifacts begin with in the cache."""
FORMAT = "1"
"""Counts up when the same recipe has to give other archives."""


@dataclass(frozen=True, slots=True)
class Program:
    """A file that an artifact has, in its place in an image.

    Attributes:
        place: Its absolute path in the image.
        artifact: Whose file it is.
        role: Which of the artifact's files.
    """

    place: str
    artifact: Artifact
    role: str


@dataclass(frozen=True, slots=True)
class Text:
    """A file that is written here.

    Attributes:
        place: Its absolute path in the image.
        content: What is in it.
        mode: Its permissions.
    """

    place: str
    content: str
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link.

    Attributes:
        place: Its absolute path in the image.
        target: Where it points.
    """

    place: str
    target: str


Content = Program | Text | Link


class Layer:
    """An open archive; two with the same files are the same, byte for byte.

    Args:
        archive: Where the entries go.
    """

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive
        self._folders: set[PurePosixPath] = set()

    def add(self, content: Content, cache: Cache, progress: Progress) -> None:
        """Add a file, and the artifact it comes from to the cache where it is not there.

        Raises:
            EnvironmentFailed: the artifact could not be made.
        """
        if isinstance(content, Program):
            folder = cache.provide(content.artifact, progress)
            self.file(content.place, folder / content.artifact.files[content.role], 0o755)
        elif isinstance(content, Text):
            self.text(content.place, content.content, content.mode)
        else:
            self.link(content.place, content.target)

    def file(self, place: str, source: Path, mode: int = 0o644) -> None:
        """Add a file of this machine."""
        entry = self._entry(place, mode)
        entry.size = source.stat().st_size
        with source.open("rb") as file:
            self._archive.addfile(entry, file)

    def text(self, place: str, content: str, mode: int = 0o644) -> None:
        """Add a file with this content."""
        raw = content.encode()
        entry = self._entry(place, mode)
        entry.size = len(raw)
        self._archive.addfile(entry, io.BytesIO(raw))

    def link(self, place: str, target: str) -> None:
        """Add a symbolic link."""
        entry = self._entry(place, 0o777)
        entry.type, entry.linkname = tarfile.SYMTYPE, target
        self._archive.addfile(entry)

    def folder(self, place: str) -> None:
        """Add a folder and those above it."""
        self._parents(PurePosixPath(place.lstrip("/")) / "-")

    def tree(self, source: Path, place: str, skip: Callable[[str], bool]) -> None:
        """Add a folder of this machine with owners, permissions, links and all.

        Args:
            source: The folder.
            place: Where its content goes.
            skip: Tells of a path below the folder, without a slash before it, to be left out.
        """
        for path in sorted(source.rglob("*")):
            name = path.relative_to(source).as_posix()
            if not skip(name):
                self._of_machine(path, f"{place.strip('/')}/{name}".lstrip("/"))

    def _of_machine(self, path: Path, name: str) -> None:
        entry = self._archive.gettarinfo(path, name)
        entry.uname = entry.gname = ""
        entry.mtime = 0
        if entry.isreg():
            with path.open("rb") as file:
                self._archive.addfile(entry, file)
        else:
            self._archive.addfile(entry)

    def _entry(self, place: str, mode: int) -> tarfile.TarInfo:
        path = PurePosixPath(place.lstrip("/"))
        self._parents(path)
        entry = tarfile.TarInfo(str(path))
        entry.mode = mode
        return entry

    def _parents(self, path: PurePosixPath) -> None:
        for folder in [*path.parents][-2::-1]:
            if folder not in self._folders:
                self._folders.add(folder)
                entry = tarfile.TarInfo(str(folder))
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                self._archive.addfile(entry)


@contextmanager
def layer_in(folder: Path) -> Iterator[Layer]:
    """Open the archive of an artifact that is being made in a folder."""
    with tarfile.open(folder / LAYER_FILE, "w", format=tarfile.GNU_FORMAT) as archive:
        yield Layer(archive)


@dataclass(frozen=True, slots=True)
class Files:
    """A recipe: a layer of files one by one.

    Attributes:
        contents: The files.
    """

    contents: tuple[Content, ...]

    @property
    def source(self) -> str:
        """Where the files come from."""
        made = [one.artifact for one in self.contents if isinstance(one, Program)]
        named = {f"{one.name} {one.version}" for one in made}
        return f"files of {', '.join(sorted(named)) or 'trustee-conformance'}"

    @property
    def digest(self) -> str:
        """A digest over all the files and how they are made."""
        return digest_of(FORMAT, *map(_words, self.contents))

    def make(self, into: Path, cache: Path, progress: Progress) -> None:
        """Write the layer.

        Raises:
            EnvironmentFailed: an artifact could not be made.
        """
        with layer_in(into) as layer:
            for content in self.contents:
                layer.add(content, Cache(cache), progress)


def layer_of(name: str, version: str, *contents: Content) -> Artifact:
    """Return an artifact that is a layer of these files."""
    return Artifact(f"{PREFIX}{name}", version, Files(contents), {LAYER: LAYER_FILE})


def _words(content: Content) -> str:
    if isinstance(content, Program):
        return f"{content.place} {content.artifact.key} {content.role}"
    return repr(content)
