"""Artifacts that are built from Go modules, pinned by the go.mod and go.sum beside this file."""

from __future__ import annotations

import collections
import json
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from ..adapters.command import leashed, run
from ..errors import EnvironmentFailed
from .cache import Cache
from .recipe import Progress, digest_of, digest_of_tree, next_step
from .toolchain import Toolchain, toolchain

MODULES = Path(__file__).parent / "modules"
TAIL = 20


@dataclass(frozen=True, slots=True)
class SlimSource:
    """A dependency that is built from a copy of its source with a few files replaced.

    Attributes:
        module: The dependency's module path.
        version: Its version; go.sum holds its digest.
        keep: Files of it to put beside the binaries: the new name by the path in the source.
    """

    module: str
    version: str
    keep: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GoBuild:
    """A recipe that builds commands of one module folder.

    Attributes:
        folder: The folder below `modules/` with go.mod, go.sum and perhaps `slim/`.
        packages: What to build.
        go: The oldest Go that builds it.
        output: The binary's name where one package is built, else empty.
        variables: Linker variables, by their full name.
        slim: The dependency that `slim/` is laid over, if any.
        provenance: What to say of the build beside the module's name.
    """

    folder: str
    packages: tuple[str, ...]
    go: tuple[int, ...]
    output: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    slim: SlimSource | None = None
    provenance: str = ""

    @property
    def source(self) -> str:
        """Where the binaries come from."""
        return f"built from Go modules ({self.folder}{self.provenance})"

    @property
    def digest(self) -> str:
        """A digest over the pinned module and what is built from it how."""
        return digest_of(digest_of_tree(MODULES / self.folder), *self._arguments(Path("/")))

    def make(self, into: Path, cache: Path, progress: Progress) -> None:
        """Build the commands into a folder.

        Raises:
            EnvironmentFailed: a module could not be had or the build failed.
        """
        tools = toolchain(self.go, Cache(cache), progress)
        with tempfile.TemporaryDirectory(prefix=f"{into.name}.", dir=into.parent) as work:
            build = _Build(self, tools, Path(work) / "build", progress)
            shutil.copytree(MODULES / self.folder, build.folder)
            if self.slim is not None:
                build.lay_slim(self.slim, into)
            build.run(into, self.packages, self._arguments(into))

    def _arguments(self, into: Path) -> list[str]:
        flags = " ".join(["-s", "-w", *(f"-X {k}={v}" for k, v in self.variables.items())])
        output = f"{into}/{self.output}"
        return ["build", "-v", "-trimpath", "-ldflags", flags, "-o", output, *self.packages]


@dataclass(frozen=True, slots=True)
class GoSource:
    """A recipe that takes files out of a module's source as they are.

    Attributes:
        folder: The folder below `modules/` with a go.sum that holds the module's digest.
        module: The module path.
        version: Its version.
        within: The folder in the module that the names of the files begin at.
        names: The files.
    """

    folder: str
    module: str
    version: str
    within: str
    names: tuple[str, ...]

    @property
    def source(self) -> str:
        """Where the files come from."""
        return f"source of Go module {self.module} {self.version}"

    @property
    def digest(self) -> str:
        """A digest over the pinned module and the names."""
        pinned = digest_of_tree(MODULES / self.folder)
        return digest_of(pinned, self.module, self.version, self.within, *self.names)

    def make(self, into: Path, cache: Path, progress: Progress) -> None:
        """Download the module and copy the files.

        Raises:
            EnvironmentFailed: the module could not be had.
        """
        tools = toolchain((1, 21), Cache(cache), progress)
        build = _Build(self, tools, MODULES / self.folder, progress)
        upstream = build.download(self.module, self.version) / self.within
        for name in self.names:
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(upstream / name, into / name)


@dataclass(slots=True)
class _Build:
    recipe: GoBuild | GoSource
    tools: Toolchain
    folder: Path
    progress: Progress

    def download(self, module: str, version: str) -> Path:
        """Return where Go has put a module's source."""
        self.progress(f"getting {module} {version}")
        return Path(json.loads(self._go("mod", "download", "-json", f"{module}@{version}"))["Dir"])

    def lay_slim(self, slim: SlimSource, into: Path) -> None:
        """Copy the dependency's source, replace the files of `slim/` in it and build from that."""
        upstream = self.download(slim.module, slim.version)
        copy = self.folder / "upstream"
        shutil.copytree(upstream, copy, copy_function=shutil.copyfile)
        shutil.copytree(self.folder / "slim", copy, dirs_exist_ok=True)
        shutil.rmtree(self.folder / "slim")
        for source, name in slim.keep.items():
            shutil.copyfile(upstream / source, into / name)
        self._go("mod", "edit", f"-replace={slim.module}=./upstream")

    def run(self, into: Path, packages: tuple[str, ...], arguments: list[str]) -> None:
        self.progress(f"{self.recipe.folder}: getting its modules")
        total = len(self._go("list", "-deps", *packages).splitlines())
        self._compile(arguments, total)
        for binary in into.iterdir():
            self.progress(f"{self.recipe.folder}: built {binary.name}")

    def _compile(self, arguments: list[str], total: int) -> None:
        """Build, counting the packages that Go names as it compiles them."""
        tail: collections.deque[str] = collections.deque(maxlen=TAIL)
        compiled, told = 0, 0.0
        command = [str(self.tools.go), *arguments]
        with leashed(command, self.folder, self.tools.environment()) as process:
            for line in process.stderr or ():
                tail.append(line)
                compiled += not line.startswith("go: ")
                if time.monotonic() - told > 1:
                    told = time.monotonic()
                    self.progress(f"{self.recipe.folder}: {compiled} of {total} packages compiled")
        self._check(process.returncode, "".join(tail))

    def _go(self, *arguments: str) -> str:
        done = run([self.tools.go, *arguments], self.folder, self.tools.environment())
        self._check(done.status, done.errors[-2000:] or done.output[-2000:])
        return done.output

    def _check(self, status: int, log: str) -> None:
        if status != 0:
            raise EnvironmentFailed(
                f"Go ended with {status} while {self.recipe.folder} was built",
                hint=next_step(log, self.folder, "Go reaches its module proxy (`go env GOPROXY`)"),
                log=log,
            )
