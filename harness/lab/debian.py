"""A layer of Debian packages, by debootstrap."""

from __future__ import annotations

import collections
import fnmatch
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..adapters.command import leashed
from ..artifacts.recipe import Artifact, Progress, digest_of, next_step
from ..errors import EnvironmentFailed
from .layers import FORMAT, LAYER, LAYER_FILE, PREFIX, layer_in

SUITE = "bookworm"
"""The release: its systemd runs on cgroup v1 too, that of the next one refuses it."""
MIRROR = "TRUSTEE_CONFORMANCE_DEBIAN_MIRROR"
"""The variable that names another mirror than debootstrap's own."""
ALONE = ("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child")
"""Runs a program so that its mounts and all it has started end with it."""
MERGED = ("/bin/sh", "-c", 'exec "$0" "$@" 2>&1')
"""Runs a program with its errors among its output."""
TAIL = 30
LEFT_OUT = (
    "dev/*",
    "proc/*",
    "sys/*",
    "run/*",
    "tmp/*",
    "var/cache/*/*",
    "var/lib/apt/lists/*",
    "var/log/*",
    "var/lib/dpkg/info/*.md5sums",
    "usr/share/doc/*",
    "usr/share/info/*",
    "usr/share/locale/*",
    "usr/share/man/*/*",
)
"""What no image needs of a fresh installation."""


@dataclass(frozen=True, slots=True)
class Debian:
    """A recipe: a small Debian with some packages more.

    Attributes:
        packages: Their names.
        left_out: Patterns of what is not to be in the layer, beside what no image needs.
    """

    packages: tuple[str, ...]
    left_out: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """Where the files come from."""
        return f"Debian packages ({SUITE})"

    @property
    def digest(self) -> str:
        """A digest over what is asked for; Debian's own signatures vouch for what comes."""
        return digest_of(FORMAT, SUITE, *self.packages, "-", *LEFT_OUT, *self.left_out)

    def make(self, into: Path, cache: Path, progress: Progress) -> None:
        """Install the packages below a folder and write the layer.

        Raises:
            EnvironmentFailed: this is not root, debootstrap is not there, or it failed.
        """
        _check()
        packages = cache / "debian"
        packages.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f"{into.name}.", dir=into.parent) as work:
            root = Path(work) / "root"
            self._install(root, packages, progress)
            progress(f"Debian: writing the layer of {len(self.packages)} packages")
            with layer_in(into) as layer:
                layer.tree(root, "", self._is_left_out)

    def _install(self, root: Path, packages: Path, progress: Progress) -> None:
        options = ["--variant=minbase", f"--cache-dir={packages.resolve()}"]
        options.append(f"--include={','.join(self.packages)}")
        mirror = [os.environ[MIRROR]] if os.environ.get(MIRROR) else []
        command = [*ALONE, "--mount-proc", "debootstrap", *options, SUITE, str(root), *mirror]
        tail: collections.deque[str] = collections.deque(maxlen=TAIL)
        running = leashed([*MERGED, *command], None, None, stdout=subprocess.PIPE)
        with running as process, _gone_when_left(process) as lines:
            for line in lines:
                tail.append(line)
                progress(f"Debian: {line.removeprefix('I: ').strip()}")
        if process.returncode != 0:
            _fail("".join(tail), root)

    def _is_left_out(self, name: str) -> bool:
        return any(fnmatch.fnmatchcase(name, one) for one in (*LEFT_OUT, *self.left_out))


def debian(name: str, *packages: str, left_out: tuple[str, ...] = ()) -> Artifact:
    """Return an artifact that is a layer of a small Debian with these packages."""
    recipe = Debian(packages, left_out)
    return Artifact(f"{PREFIX}debian-{name}", SUITE, recipe, {LAYER: LAYER_FILE})


@contextmanager
def _gone_when_left(process: subprocess.Popen[str]) -> Iterator[Iterable[str]]:
    """Give the output of a program; on Ctrl-C wait until nobody is left who could write to it.

    So nobody writes into the folder that is then removed.
    """
    output = process.stdout or ()
    try:
        yield output
    except BaseException:
        process.terminate()
        for _ in output:
            pass
        raise


def _check() -> None:
    if os.geteuid() != 0:
        raise EnvironmentFailed(
            "a layer of Debian packages is made by root, and this is another user",
            hint="run `trustee-conformance lab build` as root",
        )
    for program, package in (("debootstrap", "debootstrap"), ("unshare", "util-linux")):
        if shutil.which(program) is None:
            raise EnvironmentFailed(
                f"{program} is needed for a layer of Debian packages and is not on PATH",
                hint=f"apt-get install {package}",
            )


def _fail(log: str, root: Path) -> None:
    reached = f"debootstrap reaches a Debian mirror (or set {MIRROR})"
    hint = next_step(log, root, reached)
    if "Failed getting release" in log or "Invalid Release" in log or "Couldn't download" in log:
        hint = f"check that {reached}, then run the same command again"
    raise EnvironmentFailed("debootstrap failed", hint=hint, log=log)
