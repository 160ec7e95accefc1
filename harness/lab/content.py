"""A layer with containerd's own store, so that a node has its images when it starts.

containerd runs here for some seconds, on a store of its own, to take the images in. No container
is run and nothing is unpacked.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from ..adapters.command import run
from ..adapters.process import OwnedProcess
from ..artifacts.cache import Cache
from ..artifacts.catalogue import CONTAINERD, KUBERNETES_NODE
from ..artifacts.recipe import Artifact, Progress, digest_of
from ..errors import EnvironmentFailed
from ..wait import Deadline, DeadlinePassed, wait_until
from .archive import Assembled, Image, assemble, write
from .layers import FORMAT, LAYER, LAYER_FILE, PREFIX, layer_in

STORE = "/var/lib/containerd"
KEPT = ("io.containerd.content.v1.content", "io.containerd.metadata.v1.bolt")
"""The folders of the store that hold images."""
NAMESPACE = "k8s.io"
"""containerd's namespace of what the kubelet runs."""
STARTED = Deadline("containerd answers", 30)
CONFIG = """\
version = 3
root = "{root}"
state = "{run}/state"
disabled_plugins = ["io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime", \
"io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
address = "{run}/containerd.sock"
[ttrpc]
address = "{run}/containerd.sock.ttrpc"
"""


@dataclass(frozen=True, slots=True)
class Store:
    """A recipe: containerd's store with some images.

    Attributes:
        control_plane: Images by the names that kubeadm has for them; what theirs is without
            registry and tag is the kind.
        others: Images by their own names.
    """

    control_plane: tuple[Image, ...]
    others: tuple[Image, ...]

    @property
    def source(self) -> str:
        """Where the files come from."""
        return f"containerd's store with {len(self.control_plane) + len(self.others)} images"

    @property
    def digest(self) -> str:
        """A digest over the images and the program that takes them in."""
        every = (*self.control_plane, *self.others)
        return digest_of(FORMAT, CONFIG, CONTAINERD.key, *(f"{i.name} {i.digest}" for i in every))

    def make(self, into: Path, cache: Path, progress: Progress) -> None:
        """Take the images in and write the layer.

        Raises:
            EnvironmentFailed: an image could not be made, or containerd did not take it.
        """
        images = self._images(Cache(cache), progress)
        programs = Cache(cache).provide(CONTAINERD, progress)
        with (
            tempfile.TemporaryDirectory(prefix=f"{into.name}.", dir=into.parent) as work,
            tempfile.TemporaryDirectory(prefix="lab-") as sockets,  # their paths must be short
        ):
            containerd = _Containerd(programs, Path(work), Path(sockets))
            containerd.take(images, progress)
            with layer_in(into) as layer:
                for name in KEPT:
                    layer.folder(f"{STORE}/{name}")
                    layer.tree(containerd.root / name, f"{STORE}/{name}", lambda _: False)

    def _images(self, cache: Cache, progress: Progress) -> list[Assembled]:
        names = kubeadm_names(cache, progress)
        own = [assemble(one, cache, progress) for one in self.others]
        plane = [
            replace(assemble(one, cache, progress), names=(names[one.kind],))
            for one in self.control_plane
        ]
        return own + plane


def store(name: str, control_plane: tuple[Image, ...], others: tuple[Image, ...]) -> Artifact:
    """Return the layer of a store with these images."""
    recipe = Store(control_plane, others)
    return Artifact(f"{PREFIX}{name}", CONTAINERD.version, recipe, {LAYER: LAYER_FILE})


def kubeadm_names(cache: Cache, progress: Progress) -> dict[str, str]:
    """Return the names of the images that kubeadm asks for, by the last part without the tag.

    Raises:
        EnvironmentFailed: kubeadm could not be had, or does not say.
    """
    kubeadm = cache.provide(KUBERNETES_NODE, progress) / "kubeadm"
    version = KUBERNETES_NODE.version
    done = run([kubeadm, "config", "images", "list", f"--kubernetes-version={version}"])
    names = {one.rpartition("/")[2].partition(":")[0]: one for one in done.output.split()}
    if done.status != 0 or not names:
        raise EnvironmentFailed(
            f"kubeadm {version} does not say which images a cluster needs",
            hint="this is a bug of trustee-conformance, please report it",
            log=done.errors[-2000:],
        )
    return names


@dataclass(slots=True)
class _Containerd:
    programs: Path
    work: Path
    sockets: Path

    @property
    def root(self) -> Path:
        return self.work / "root"

    def take(self, images: list[Assembled], progress: Progress) -> None:
        """Run containerd, and give it the images."""
        archive = self.work / "images.tar"
        size = sum(one.size for one in images) / 1e6
        progress(f"containerd: taking in {len(images)} images, {size:.0f} MB at most")
        with archive.open("wb") as file:
            write(images, file, lambda _: None)
        config = self.work / "config.toml"
        config.write_text(CONFIG.format(root=self.root, run=self.sockets))
        command = [str(self.programs / "containerd"), "--config", str(config)]
        process = OwnedProcess("containerd", command, self.work / "log")
        process.start()
        try:
            self._import(archive, process)
        except DeadlinePassed as passed:
            raise self._failed(str(passed)) from None
        finally:
            process.stop()

    def _import(self, archive: Path, process: OwnedProcess) -> None:
        wait_until(
            lambda: self._ctr("version"),
            lambda status: status == 0,
            expected="containerd that answers",
            deadline=STARTED,
            fatal=lambda _: None if process.running else self._failed("it ended"),
        )
        if self._ctr("images", "import", "--no-unpack", str(archive)) != 0:
            raise self._failed("it did not take the images in")

    def _ctr(self, *arguments: str) -> int:
        address = f"--address={self.sockets}/containerd.sock"
        return run([self.programs / "ctr", address, f"--namespace={NAMESPACE}", *arguments]).status

    def _failed(self, how: str) -> EnvironmentFailed:
        return EnvironmentFailed(
            f"containerd was to make a store of images, but {how}",
            hint="read the last lines above; the next try goes on where this one stopped",
            log=(self.work / "log").read_text()[-2000:],
        )
