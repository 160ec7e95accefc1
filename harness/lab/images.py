"""Every image of the lab."""

from __future__ import annotations

from functools import cache

from ..artifacts.catalogue import (
    COREDNS,
    ETCD_NODE,
    EXTERNAL_SECRETS,
    KUBERNETES,
    KUBERNETES_NODE,
    OPENBAO,
    PAUSE,
)
from ..artifacts.recipe import Artifact
from . import node, trustee
from .archive import LABEL, Image
from .content import store
from .debian import debian
from .layers import Link, Program, layer_of

NAMES = "localhost/trustee-conformance"
"""What names begin with: nothing of this name is ever pulled."""
ESO_VERSION = "v0.20.4"
HOLDS_LABEL = f"{LABEL}.holds"
"""The node image's label with the names of the lab's images that are in it, with commas."""
SHELL = debian("shell", "ca-certificates", "iptables", "kmod", "libatomic1", "python3")
"""The lowest layer of what needs a shell, Python (with a library for regopy) or iptables."""


@cache
def openbao() -> Image:
    """Return the store: `bao`, also called `vault`, and a shell."""
    programs = layer_of(
        "openbao",
        OPENBAO.version,
        Program("/usr/local/bin/bao", OPENBAO, "bao"),
        Link("/usr/local/bin/vault", "bao"),
    )
    return _named("openbao", OPENBAO.version, SHELL, programs, Entrypoint=["bao"])


@cache
def external_secrets() -> Image:
    """Return the External Secrets Operator; its webhook and cert-controller are subcommands."""
    artifact = EXTERNAL_SECRETS[ESO_VERSION]
    program = Program("/bin/external-secrets", artifact, "external-secrets")
    layer = layer_of("external-secrets", ESO_VERSION, program)
    entry = ["/bin/external-secrets"]
    return _named("external-secrets", ESO_VERSION, layer, Entrypoint=entry, User="65534")


@cache
def reference() -> Image:
    """Return the reference Trustee: operator, KBS, client and secret-converter, and a shell."""
    layers = (SHELL, trustee.packages(), trustee.programs())
    return _named("reference", trustee.version(), *layers, Env=[
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "PYTHONUNBUFFERED=1",
    ])  # fmt: skip


@cache
def control_plane() -> tuple[Image, ...]:
    """Return what a node runs itself, under the names that kubeadm gives them."""
    return (
        _bare("kube-apiserver", KUBERNETES),
        _bare("kube-controller-manager", KUBERNETES),
        _bare("kube-scheduler", KUBERNETES_NODE),
        _bare("kube-proxy", KUBERNETES_NODE, SHELL),
        _bare("etcd", ETCD_NODE),
        _bare("coredns", COREDNS),
        _bare("pause", PAUSE),
    )


@cache
def kind_node() -> Image:
    """Return the node image, with the images of the control plane and the lab's own in it."""
    own = (openbao(), external_secrets(), reference())
    layers = (
        debian("node", *node.PACKAGES, left_out=node.LEFT_OUT),
        node.programs(),
        node.files(),
        store("node-store", control_plane(), own),
    )
    return Image(
        kind="node",
        name=f"{NAMES}/node:{KUBERNETES.version}",
        version=KUBERNETES.version,
        layers=layers,
        config={
            "Entrypoint": ["/usr/local/bin/entrypoint", "/sbin/init"],
            "Env": [
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "container=docker",
            ],
            "StopSignal": "SIGRTMIN+3",
        },
        labels={HOLDS_LABEL: ",".join(one.name for one in own)},
    )


def every() -> tuple[Image, ...]:
    """Return the images that a run can use; the node image comes last."""
    return (openbao(), external_secrets(), reference(), kind_node())


def _named(kind: str, version: str, *layers: Artifact, **config: object) -> Image:
    return Image(kind, f"{NAMES}/{kind}:{version}", version, layers, config)


def _bare(kind: str, artifact: Artifact, *below: Artifact) -> Image:
    program = Program(f"/usr/local/bin/{kind}", artifact, kind)
    layer = layer_of(kind, artifact.version, program)
    return _named(kind, artifact.version, *below, layer, Entrypoint=[kind])
