"""The layers of a kind node image that are neither Debian's nor containerd's store.

Source: kubernetes-sigs/kind `images/base/Dockerfile` and `images/base/files`; the files are taken
from kind's module when the image is built, and changed where `CHANGES` says.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from ..adapters.command import run
from ..artifacts.cache import Cache
from ..artifacts.catalogue import CONTAINERD, KIND_NODE, KUBERNETES_NODE
from ..artifacts.recipe import Artifact, Progress, digest_of
from ..errors import EnvironmentFailed
from .content import kubeadm_names
from .layers import (
    FORMAT,
    LAYER,
    LAYER_FILE,
    PREFIX,
    Content,
    Layer,
    Link,
    Program,
    Text,
    layer_in,
    layer_of,
)

PACKAGES = (
    "bash", "ca-certificates", "conntrack", "containernetworking-plugins", "curl", "ethtool",
    "iproute2", "iptables", "jq", "kmod", "mount", "nftables", "pigz", "procps", "runc", "systemd",
    "util-linux",
)  # fmt: skip
LEFT_OUT = (
    "etc/systemd/system/*.wants/*",
    "usr/lib/systemd/system/basic.target.wants/*",
    "usr/lib/systemd/system/local-fs.target.wants/*",
    "usr/lib/systemd/system/multi-user.target.wants/*",
    "usr/lib/systemd/system/sockets.target.wants/*initctl*",
    "usr/lib/systemd/system/sockets.target.wants/*udev*",
    "usr/lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service",
)
"""The units that would start of themselves and have no place in a container."""
SETTINGS = "/etc/kubernetes/kubelet.conf.d"
CHANGES = (
    ("etc/containerd/config.toml", r"(restrict_oom_score_adj =) false", r"\1 true"),
    ("etc/systemd/system/containerd.service", r"(?m)^OOMScoreAdjust=.*\n", ""),
    ("etc/systemd/system/containerd.service", r"(?m)^Limit(NPROC|CORE)=infinity\n", ""),
    ("etc/systemd/system/containerd.service", r"LimitNOFILE=infinity", "LimitNOFILE=65536"),
    ("etc/default/kubelet", r"(KUBELET_EXTRA_ARGS=.*)", rf"\1 --config-dir={SETTINGS}"),
)  # fmt: skip
"""What is changed in which file: without CAP_SYS_RESOURCE no limit and no score can be raised; and
the kubelet reads our settings beside those of the cluster."""
SANDBOX = r"(?m)^(\s*sandbox_image = ).*$"
UNITS = "/etc/systemd/system"
KUBELET = {
    "apiVersion": "kubelet.config.k8s.io/v1beta1",
    "kind": "KubeletConfiguration",
    "failCgroupV1": False,
}
"""The kubelet of 1.35 and later refuses cgroup v1 unless told so; on v2 it means nothing."""
POD_SUBNET = "10.244.0.0/24"
"""Where kind gives the first node's pods their addresses; there is one node."""
NETWORK = {
    "cniVersion": "1.0.0",
    "name": "lab",
    "plugins": [
        {
            "type": "bridge",
            "bridge": "cni0",
            "isGateway": True,
            "ipMasq": True,
            "hairpinMode": True,
            "ipam": {
                "type": "host-local",
                "ranges": [[{"subnet": POD_SUBNET}]],
                "routes": [{"dst": "0.0.0.0/0"}],
            },
        },
        {"type": "portmap", "capabilities": {"portMappings": True}},
    ],
}
NOTE = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "lab-network", "namespace": "kube-system"},
    "data": {"network": "the plugins in the node image: a bridge, for one node"},
}
"""What kind applies as the network: there is nothing to apply."""
STORAGE = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {
        "name": "standard",
        "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
    },
    "provisioner": "kubernetes.io/no-provisioner",
    "volumeBindingMode": "WaitForFirstConsumer",
}
OWN: tuple[Content, ...] = (
    Text("/etc/cni/net.d/10-lab.conflist", json.dumps(NETWORK, indent=2) + "\n"),
    Text(f"{SETTINGS}/10-lab.conf", yaml.safe_dump(KUBELET)),
    Text("/etc/systemd/journald.conf.d/lab.conf", "[Journal]\nReadKMsg=no\n"),
    Text("/kind/manifests/default-cni.yaml", yaml.safe_dump(NOTE)),
    Text("/kind/manifests/default-storage.yaml", yaml.safe_dump(STORAGE)),
    Text("/kind/version", KUBERNETES_NODE.version),
    Link("/opt/cni/bin", "/usr/lib/cni"),
    Link("/usr/sbin/init", "/usr/lib/systemd/systemd"),
    Link(f"{UNITS}/systemd-binfmt.service", "/dev/null"),
    *(
        Link(f"{UNITS}/multi-user.target.wants/{one}.service", f"{UNITS}/{one}.service")
        for one in ("containerd", "kubelet", "undo-mount-hacks")
    ),
)


@dataclass(frozen=True, slots=True)
class NodeFiles:
    """A recipe: kind's files, changed, and our own."""

    @property
    def source(self) -> str:
        """Where the files come from."""
        return KIND_NODE.recipe.source

    @property
    def digest(self) -> str:
        """A digest over kind's files, what is changed in them, and ours."""
        made_with = (KIND_NODE.key, CONTAINERD.key, KUBERNETES_NODE.key)
        return digest_of(FORMAT, *made_with, repr(CHANGES), SANDBOX, repr(OWN))

    def make(self, into: Path, cache: Path, progress: Progress) -> None:
        """Write the layer.

        Raises:
            EnvironmentFailed: kind's files or the programs that are asked could not be had.
        """
        kept = Cache(cache)
        source = kept.provide(KIND_NODE, progress)
        pause = kubeadm_names(kept, progress)["pause"]
        with layer_in(into) as layer:
            for name in KIND_NODE.files:
                content = changed(name, (source / name).read_text(), pause)
                layer.text(f"/{name}", content, 0o755 if "/bin/" in name else 0o644)
            layer.text("/etc/containerd/cri-base.json", self._base_spec(kept, progress))
            layer.folder("/etc/kubernetes/manifests")
            self._own(layer, kept, progress)

    def _own(self, layer: Layer, cache: Cache, progress: Progress) -> None:
        for content in OWN:
            layer.add(content, cache, progress)

    def _base_spec(self, cache: Cache, progress: Progress) -> str:
        """Return what containerd starts each container's specification from."""
        done = run([cache.provide(CONTAINERD, progress) / "ctr", "oci", "spec"])
        if done.status != 0:
            raise EnvironmentFailed(
                f"ctr {CONTAINERD.version} prints no specification of a container",
                hint="this is a bug of trustee-conformance, please report it",
                log=done.errors[-2000:],
            )
        spec = json.loads(done.output)
        hook = {"path": "/kind/bin/mount-product-files.sh"}
        spec.setdefault("hooks", {}).setdefault("createContainer", []).append(hook)
        spec["process"].pop("rlimits", None)
        return json.dumps(spec)


def changed(name: str, content: str, pause: str) -> str:
    """Return one of kind's files as it is in the image.

    Args:
        name: Its name.
        content: What kind has.
        pause: The image that holds a pod's namespaces.

    Raises:
        EnvironmentFailed: what is to be changed is not there: kind has other files now.
    """
    changes = [(pattern, new) for file, pattern, new in CHANGES if file == name]
    if name == "etc/containerd/config.toml":
        changes.append((SANDBOX, rf'\g<1>"{pause}"'))
    for pattern, new in changes:
        content, count = re.subn(pattern, new, content)
        if count == 0:
            raise EnvironmentFailed(
                f"{name} of kind {KIND_NODE.version} has nothing like {pattern!r} to be changed",
                hint="harness/lab/node.py is for another release of kind: please report it",
            )
    return content


def files() -> Artifact:
    """Return the layer of kind's files and ours."""
    return Artifact(f"{PREFIX}node-files", KIND_NODE.version, NodeFiles(), {LAYER: LAYER_FILE})


def programs() -> Artifact:
    """Return the layer of the programs of a node."""
    kubernetes = (
        Program(f"/usr/bin/{one}", KUBERNETES_NODE, one)
        for one in ("kubelet", "kubeadm", "kubectl")
    )
    containerd = (Program(f"/usr/local/bin/{one}", CONTAINERD, one) for one in CONTAINERD.files)
    return layer_of("node-programs", KUBERNETES_NODE.version, *kubernetes, *containerd)
