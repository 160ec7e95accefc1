"""The layer of the reference Trustee: its Python packages and its programs."""

from __future__ import annotations

import importlib.metadata
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

from ..adapters.command import run
from ..artifacts.recipe import Artifact, Progress, digest_of, next_step
from ..errors import EnvironmentFailed
from .layers import FORMAT, LAYER, LAYER_FILE, PREFIX, Layer, layer_in

HARNESS = Path(__file__).parent.parent
DISTRIBUTION = "trustee-conformance"
PACKAGE = "trustee_conformance.harness.reference"
PYTHON = "3.11"
"""The Python of the Debian release that the image is made of."""
PACKAGES = f"/usr/local/lib/python{PYTHON}/dist-packages"
GLIBC = 36
"""The minor version of the C library of that release: wheels for it and for older ones run."""
PLATFORMS = (*(f"manylinux_2_{n}_x86_64" for n in range(GLIBC, 16, -1)), "manylinux2014_x86_64")
NEEDS = (
    "cryptography",
    "joserfc",
    "kubernetes",
    "prometheus-client",
    "psutil",
    "pydantic",
    "regopy",
    "requests",
    "rfc8785",
    "starlette",
    "tenacity",
    "tomli-w",
    "urllib3",
    "uvicorn",
)
"""The distributions that the reference Trustee imports."""
PROGRAMS = {
    "trustee-operator": f"{PACKAGE}.operator.__main__",
    "kbs": f"{PACKAGE}.kbs.__main__",
    "kbs-client": f"{PACKAGE}.client.__main__",
    "secret-converter": f"{PACKAGE}.operator.converter",
}
"""The module with `main` of each program of the image."""


@dataclass(frozen=True, slots=True)
class Packages:
    """A recipe: the Python packages that the reference Trustee imports, as they are installed here.

    Attributes:
        pins: `name==version` of each.
    """

    pins: tuple[str, ...]

    @property
    def source(self) -> str:
        """Where the files come from."""
        return f"{len(self.pins)} wheels from a Python package index"

    @property
    def digest(self) -> str:
        """A digest over the pins."""
        return digest_of(FORMAT, PYTHON, *PLATFORMS, *self.pins)

    def make(self, into: Path, cache: Path, progress: Progress) -> None:  # noqa: ARG002 - pip has its own
        """Get the wheels, unpack them and write the layer.

        Raises:
            EnvironmentFailed: pip could not get one.
        """
        progress(f"Python: getting {len(self.pins)} packages of the reference Trustee")
        with tempfile.TemporaryDirectory(prefix=f"{into.name}.", dir=into.parent) as work:
            self._install(Path(work))
            with layer_in(into) as layer:
                layer.folder(PACKAGES)
                layer.tree(Path(work), PACKAGES, _is_compiled)

    def _install(self, into: Path) -> None:
        options = ["--no-deps", "--no-compile", "--only-binary=:all:", "--target", str(into)]
        options += [f"--python-version={PYTHON}", "--implementation=cp"]
        options += [f"--platform={one}" for one in PLATFORMS]
        command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        done = run([*command, "install", *options, *self.pins])
        if done.status != 0:
            raise EnvironmentFailed(
                "the packages of the reference Trustee could not be had",
                hint=next_step(done.errors, into, "pip reaches a package index"),
                log=done.errors[-2000:],
            )


@dataclass(frozen=True, slots=True)
class Programs:
    """A recipe: the reference Trustee as it is here, with its programs on PATH."""

    @property
    def source(self) -> str:
        """Where the files come from."""
        return f"{DISTRIBUTION} {version()}"

    @property
    def digest(self) -> str:
        """A digest over its Python files and its version."""
        files = sorted((HARNESS / "reference").rglob("*.py"))
        names = [path.relative_to(HARNESS).as_posix() for path in files]
        return digest_of(FORMAT, version(), *names, *(path.read_bytes() for path in files))

    def make(self, into: Path, cache: Path, progress: Progress) -> None:  # noqa: ARG002 - nothing to get
        """Write the layer."""
        with layer_in(into) as layer:
            self._modules(layer)
            for name, module in PROGRAMS.items():
                layer.text(f"/usr/local/bin/{name}", _script(module), 0o755)
            layer.link("/usr/local/bin/python", "/usr/bin/python3")

    def _modules(self, layer: Layer) -> None:
        """Add what a wheel would: the modules, and what tells the version."""
        for path in sorted((HARNESS / "reference").rglob("*.py")):
            name = path.relative_to(HARNESS).as_posix()
            layer.file(f"{PACKAGES}/trustee_conformance/harness/{name}", path.resolve())
        info = f"{PACKAGES}/{DISTRIBUTION.replace('-', '_')}-{version()}.dist-info"
        metadata = importlib.metadata.distribution(DISTRIBUTION).read_text("METADATA") or ""
        layer.text(f"{info}/METADATA", metadata)


def packages() -> Artifact:
    """Return the layer of the packages."""
    name = f"{PREFIX}trustee-packages"
    return Artifact(name, version(), Packages(pins(NEEDS)), {LAYER: LAYER_FILE})


def programs() -> Artifact:
    """Return the layer of the programs."""
    return Artifact(f"{PREFIX}trustee-programs", version(), Programs(), {LAYER: LAYER_FILE})


def version() -> str:
    """Return the version of this project."""
    return importlib.metadata.version(DISTRIBUTION)


def pins(needs: tuple[str, ...]) -> tuple[str, ...]:
    """Return distributions and all they need in the image, at the versions that are installed here.

    What only the image's Python needs is not installed here and gets no version.
    """
    found: dict[str, str] = {}
    _close(needs, found)
    return tuple(found[name] for name in sorted(found))


def _close(needs: tuple[str, ...], found: dict[str, str]) -> None:
    for name in (_canonical(one) for one in needs):
        if name not in found:
            found[name] = _pin(name)
            _close(_needed_by(name), found)


def _pin(name: str) -> str:
    try:
        return f"{name}=={importlib.metadata.version(name)}"
    except importlib.metadata.PackageNotFoundError:
        return name


def _needed_by(name: str) -> tuple[str, ...]:
    try:
        wanted = [Requirement(one) for one in importlib.metadata.requires(name) or []]
    except importlib.metadata.PackageNotFoundError:
        return ()
    there = {"python_version": PYTHON, "python_full_version": f"{PYTHON}.0", "extra": ""}
    return tuple(one.name for one in wanted if one.marker is None or one.marker.evaluate(there))


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _is_compiled(name: str) -> bool:
    return "__pycache__/" in f"{name}/" or name.startswith("bin/")


def _script(module: str) -> str:
    return f"#!/usr/bin/python3\nfrom {module} import main\n\nmain()\n"
