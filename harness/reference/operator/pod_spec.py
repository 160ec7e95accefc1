"""The pod that a KbsConfig asks for: a function of what Kubernetes holds, and nothing else.

Source: confidential-containers/trustee-operator `internal/controller/kbsconfig_controller.go` and
`volumes.go`. What a back end makes of the pod is its own affair.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Protocol

from .cluster import CONFIG_MAP, SECRET, Kind, Object
from .releases import (
    AUTH_SECRET,
    KBS_CONFIG_MAP,
    REFERENCE_VALUES,
    Delivery,
    KbsGeneration,
    Release,
)

ALL_IN_ONE = "AllInOneDeployment"
LABELS = {"app": "kbs"}
VERSIONS = "kbs.confidentialcontainers.org/configmap-versions"
CONVERTER = "secret-converter"
CONFIG_FILE = PurePosixPath("/etc/kbs-config/kbs-config.toml")
CERTIFICATES = "/etc/kbs/certs"
"""Where the secrets of kbsLocalCertCacheSpec are mounted unless they say where."""
IBM_SE = "/run/confidential-containers/ibmse/"
TDX_FILE = "sgx_default_qcnl.conf"
CPU_POLICY, GPU_POLICY = "default_cpu.rego", "default_gpu.rego"
FOLLOW_SECONDS = 1


class Blocked(Exception):
    """The KbsConfig cannot be followed; what runs goes on. The text says why."""


class Objects(Protocol):
    """What is there in the namespace."""

    def get(self, kind: Kind, name: str) -> Object | None:
        """Return an object, `None` where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Images:
    """What the two containers run.

    Attributes:
        kbs: The image of KBS.
        command: How it is started; `--config-file FILE` is added.
        converter: The image of the init container; the release needs it set where it copies.
        converter_command: How that is started; its options are added.
    """

    kbs: str
    command: tuple[str, ...]
    converter: str
    converter_command: tuple[str, ...]


@dataclass(slots=True)
class PodSpec:
    """Builds one pod template.

    Attributes:
        release: Whose pod it is.
        generation: The KBS generation it is for.
        images: What it runs.
        objects: Where Secrets and ConfigMaps are looked up.
    """

    release: Release
    generation: KbsGeneration
    images: Images
    objects: Objects
    _volumes: list[dict[str, Any]] = field(default_factory=list)
    _mounts: list[dict[str, Any]] = field(default_factory=list)
    _inits: list[dict[str, Any]] = field(default_factory=list)

    def template(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Return the pod template that a KbsConfig's specification asks for.

        Raises:
            Blocked: a required field is empty, or what it names is not there.
        """
        self._check(spec)
        self._own(spec)
        self._policies(spec)
        self._secrets(spec)
        self._listed(spec)
        self._reference_values(spec)
        template: dict[str, Any] = {"metadata": {"labels": LABELS}, "spec": self._pod(spec)}
        if self.release.rolls_on_config_maps:
            template["metadata"]["annotations"] = {VERSIONS: self._versions(spec)}
        return template

    def _check(self, spec: Mapping[str, Any]) -> None:
        kind = spec.get("kbsDeploymentType") or ""
        if kind != ALL_IN_ONE:
            raise Blocked(
                f"kbsDeploymentType {kind!r} asks for three containers, which this double has not; "
                f"set {ALL_IN_ONE}"
            )
        empty = [name for name in self.release.required if not spec.get(name)]
        if empty:
            raise Blocked(f"{', '.join(empty)} must be set")
        if self.release.delivery is Delivery.COPIED and not self.images.converter:
            raise Blocked("OPERATOR_IMAGE_NAME must be set: the init container runs that image")

    def _own(self, spec: Mapping[str, Any]) -> None:
        for name, folder in self.release.empty_dirs:
            self._volumes.append(_empty_dir(name))
            self._mount(name, folder)
        self._config_map("kbs-config", spec[KBS_CONFIG_MAP], CONFIG_FILE.parent)

    def _policies(self, spec: Mapping[str, Any]) -> None:
        folder = self.generation.attestation_policies
        cpu = spec.get("kbsAttestationPolicyConfigMapName")
        gpu = spec.get("kbsGpuAttestationPolicyConfigMapName") if self.release.gpu_policy else None
        if cpu or gpu:
            self._volumes.append(_empty_dir("attestation-policy-dir"))
            self._mount("attestation-policy-dir", folder)
        if cpu:
            self._config_map("attestation-policy", cpu, folder / CPU_POLICY, CPU_POLICY)
        if gpu:
            self._config_map("attestation-policy-gpu", gpu, folder / GPU_POLICY, GPU_POLICY)
        if name := spec.get("kbsResourcePolicyConfigMapName"):
            policy = self.generation.policy
            where, key = (policy.parent, "") if self.release.policy_live else (policy, policy.name)
            self._config_map(self.release.policy_volume, name, where, key)
        tdx = (spec.get("tdxConfigSpec") or {}).get("kbsTdxConfigMapName")
        if tdx and self.release.tdx_config:
            self._config_map("tdx-config", tdx, PurePosixPath("/etc") / TDX_FILE, TDX_FILE)
        if claim := (spec.get("ibmSEConfigSpec") or {}).get("certStorePvc"):
            self._volumes.append({"name": claim, "persistentVolumeClaim": {"claimName": claim}})
            self._mount(claim, IBM_SE)

    def _secrets(self, spec: Mapping[str, Any]) -> None:
        self._secret("auth-secret", spec[AUTH_SECRET], "/etc/auth-secret")
        for one in (spec.get("kbsLocalCertCacheSpec") or {}).get("secrets") or []:
            name = one["secretName"]
            self._secret(name, name, one.get("mountPath") or CERTIFICATES)
        for use in ("https", "attestation"):
            field_of = f"kbs{use.capitalize()}"
            key, cert = spec.get(f"{field_of}KeySecretName"), spec.get(f"{field_of}CertSecretName")
            if key and cert:
                self._secret(f"{use}-key", key, f"/etc/{use}-key")
                self._secret(f"{use}-cert", cert, f"/etc/{use}-cert")

    def _listed(self, spec: Mapping[str, Any]) -> None:
        """Mount what the list names: each as a volume of the Secret's own name."""
        mounts = []
        for name in spec.get("kbsSecretResources") or []:
            self._find(SECRET, name)
            self._volumes.append({"name": name, "secret": {"secretName": name}})
            mounts.append({"name": name, "mountPath": str(self.release.secrets / name)})
        if self.release.secrets_in_kbs and not self._converts_what_is_live:
            self._mounts += mounts
        if self.release.delivery is Delivery.COPIED or self._converts_what_is_live:
            self._inits.append(self._converter(mounts))

    @property
    def _converts_what_is_live(self) -> bool:
        """Whether live Secrets are to appear in a layout that no mount can give."""
        return self.release.delivery is Delivery.LIVE and self.generation.flat

    def _converter(self, mounts: list[dict[str, Any]]) -> dict[str, Any]:
        layout = "flat" if self.generation.flat else "directories"
        options = [
            f"--source={self.release.secrets}",
            f"--target={self.generation.repository}",
            f"--layout={layout}",
        ]
        folders = dict(self.release.empty_dirs)
        into = self.release.filled
        filled = [{"name": into, "mountPath": str(folders[into])}] if into else []
        container: dict[str, Any] = {
            "name": CONVERTER,
            "image": self.images.converter or self.images.kbs,
            "command": [*self.images.converter_command, *options],
            "volumeMounts": [*filled, *mounts],
            "securityContext": _SECURITY,
        }
        if self._converts_what_is_live:
            container["command"].append(f"--follow={FOLLOW_SECONDS}")
            container["restartPolicy"] = "Always"
        return container

    def _reference_values(self, spec: Mapping[str, Any]) -> None:
        if name := spec.get(REFERENCE_VALUES):
            file = self.generation.reference_values
            # a folder up to v0.18, beside the flat files of others from v0.19
            where, key = (file, file.name) if self.generation.flat else (file.parent, "")
            self._config_map("reference-values", name, where, key)

    def _pod(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        variables = sorted((spec.get("KbsEnvVars") or {}).items())
        kbs = {
            "name": "kbs",
            "image": self.images.kbs,
            "command": [*self.images.command, "--config-file", str(CONFIG_FILE)],
            "ports": [{"name": "kbs", "containerPort": 8080}],
            "env": [{"name": name, "value": value} for name, value in variables],
            "volumeMounts": self._mounts,
            "securityContext": _SECURITY,
        }
        pod: dict[str, Any] = {"containers": [kbs], "volumes": self._volumes}
        if self._inits:
            pod["initContainers"] = self._inits
        return pod

    def _versions(self, spec: Mapping[str, Any]) -> str:
        fields = (
            KBS_CONFIG_MAP,
            REFERENCE_VALUES,
            "kbsAttestationPolicyConfigMapName",
            "kbsGpuAttestationPolicyConfigMapName",
            "kbsResourcePolicyConfigMapName",
        )
        names = [spec[name] for name in fields if spec.get(name)]
        found = [(name, self._find(CONFIG_MAP, name)) for name in names]
        return ",".join(f"{name}:{one['metadata']['resourceVersion']}" for name, one in found)

    def _config_map(self, volume: str, name: str, path: PurePosixPath, key: str = "") -> None:
        self._find(CONFIG_MAP, name)
        self._volumes.append({"name": volume, "configMap": {"name": name}})
        self._mount(volume, path, key)

    def _secret(self, volume: str, name: str, path: str) -> None:
        self._find(SECRET, name)
        self._volumes.append({"name": volume, "secret": {"secretName": name}})
        self._mount(volume, path)

    def _mount(self, volume: str, path: PurePosixPath | str, key: str = "") -> None:
        one = {"name": volume, "mountPath": str(path)}
        self._mounts.append(one | {"subPath": key} if key else one)

    def _find(self, kind: Kind, name: str) -> Object:
        found = self.objects.get(kind, name)
        if found is None:
            raise Blocked(f'{kind.name} "{name}" not found')
        return found


_SECURITY = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


def _empty_dir(name: str) -> dict[str, Any]:
    return {"name": name, "emptyDir": {"medium": "Memory"}}
