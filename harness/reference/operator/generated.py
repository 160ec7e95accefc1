"""What a TrusteeConfig brings: its KbsConfig, and the objects that the KbsConfig names.

Source: confidential-containers/trustee-operator `internal/controller/trusteeconfig_controller.go`
and `docs/kbs-config-merge-strategy.md`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import serialization as pem
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from . import texts
from .cluster import CONFIG_MAP, SECRET, TRUSTEE_CONFIG, Kind, Object, secret_data
from .pod_spec import ALL_IN_ONE, CPU_POLICY, GPU_POLICY, TDX_FILE, Blocked, Objects
from .releases import KbsGeneration, Release

KEPT = ("kbsSecretResources", "kbsLocalCertCacheSpec", "ibmSEConfigSpec")
"""Fields in which a user's edit holds as long as it is not empty; see also `merged`."""
RESTRICTED = "Restricted"


@dataclass(frozen=True, slots=True)
class Generated:
    """An object to be made where it is not there; its content is never overwritten.

    Attributes:
        kind: What it is.
        name: What it is called.
        content: Makes its content when it is needed: keys are made once.
    """

    kind: Kind
    name: str
    content: Callable[[], Object]


@dataclass(frozen=True, slots=True)
class Generator:
    """Says what one TrusteeConfig brings.

    Attributes:
        release: As which release.
        generation: For which KBS.
        trustee_config: The TrusteeConfig.
        objects: Where TLS Secrets are looked up.
    """

    release: Release
    generation: KbsGeneration
    trustee_config: Object
    objects: Objects

    @property
    def name(self) -> str:
        """The TrusteeConfig's name."""
        return str(self.trustee_config["metadata"]["name"])

    @property
    def spec(self) -> Mapping[str, Any]:
        """Its specification."""
        return self.trustee_config.get("spec") or {}

    @property
    def restricted(self) -> bool:
        """Whether its profile is Restricted; any other counts as Permissive."""
        return bool(self.spec.get("profileType") == RESTRICTED)

    @property
    def kbs_config(self) -> str:
        """The name of its KbsConfig."""
        return f"{self.name}-kbs-config"

    def owner(self) -> Object:
        """Return the reference that makes the garbage collector delete what it brought."""
        return {
            "apiVersion": TRUSTEE_CONFIG.api_version,
            "kind": TRUSTEE_CONFIG.name,
            "name": self.name,
            "uid": self.trustee_config["metadata"]["uid"],
            "controller": True,
            "blockOwnerDeletion": True,
        }

    def things(self) -> list[Generated]:
        """Return the Secrets and ConfigMaps that its KbsConfig names.

        Raises:
            Blocked: a TLS Secret that it names is not there or is none.
        """
        rego = texts.resource_policy(self.release, restricted=self.restricted)
        config = texts.kbs_config(self.generation, restricted=self.restricted)
        no_values = "{}" if self.generation.flat else "[]"
        things = [
            self._map("kbs-config", "kbs-config.toml", config),
            Generated(SECRET, f"{self.name}-auth-secret", _key_pair),
            Generated(SECRET, self.release.sample, lambda: _secret(self.release.sample_data)),
            self._map("resource-policy", self.generation.policy.name, rego),
            self._map("rvps-reference-values", self.generation.reference_values.name, no_values),
        ]
        cpu, gpu = self._attestation_policies()
        things.append(self._map(cpu, CPU_POLICY, texts.ATTESTATION_POLICY))
        if gpu:
            things.append(self._map(gpu, GPU_POLICY, texts.ATTESTATION_POLICY))
        if self.release.tdx_config:
            things.append(self._map("tdx-config", TDX_FILE, "{}"))
        return (
            things
            + self._tls("httpsSpec", "https", ("privateKey", "certificate"))
            + self._tls(
                "attestationTokenVerificationSpec", "attestation", ("token.key", "token.crt")
            )
        )

    def kbs_config_spec(self) -> dict[str, Any]:
        """Return the specification that the KbsConfig gets where nobody has edited it."""
        cpu, gpu = self._attestation_policies()
        spec: dict[str, Any] = {
            "kbsDeploymentType": ALL_IN_ONE,
            "KbsDeploymentSpec": {"replicas": 1},
            "kbsConfigMapName": self.kbs_config,
            "kbsAuthSecretName": f"{self.name}-auth-secret",
            "kbsResourcePolicyConfigMapName": f"{self.name}-resource-policy",
            "kbsRvpsRefValuesConfigMapName": f"{self.name}-rvps-reference-values",
            "kbsAttestationPolicyConfigMapName": f"{self.name}-{cpu}",
            "kbsSecretResources": [self.release.sample],
        }
        if gpu:
            spec["kbsGpuAttestationPolicyConfigMapName"] = f"{self.name}-{gpu}"
        if self.release.tdx_config:
            spec["tdxConfigSpec"] = {"kbsTdxConfigMapName": f"{self.name}-tdx-config"}
        if not self.restricted:
            spec["KbsEnvVars"] = {"RUST_LOG": "debug"}
        if kind := self.spec.get("kbsServiceType"):
            spec["kbsServiceType"] = kind
        return (
            spec
            | self._tls_names("httpsSpec", "Https")
            | self._tls_names("attestationTokenVerificationSpec", "Attestation")
        )

    def _attestation_policies(self) -> tuple[str, str]:
        if self.release.gpu_policy:
            return "attestation-policy-cpu", "attestation-policy-gpu"
        return "attestation-policy", ""

    def _map(self, suffix: str, key: str, text: str) -> Generated:
        return Generated(CONFIG_MAP, f"{self.name}-{suffix}", lambda: {"data": {key: text}})

    def _tls(self, section: str, use: str, keys: tuple[str, str]) -> list[Generated]:
        """Split a TLS Secret in two: made once, and not made anew when the TLS Secret is."""
        name = (self.spec.get(section) or {}).get("tlsSecretName")
        if not name:
            return []
        found = self.objects.get(SECRET, name)
        held = secret_data(found) if found else {}
        if not {"tls.key", "tls.crt"} <= held.keys():
            raise Blocked(f'{section}: "{name}" is no Secret with tls.key and tls.crt')
        halves = zip(("key", "cert"), keys, ("tls.key", "tls.crt"), strict=True)
        return [
            Generated(SECRET, f"{self.name}-{use}-{half}-secret", _one(key, held[source]))
            for half, key, source in halves
        ]

    def _tls_names(self, section: str, use: str) -> dict[str, str]:
        if not (self.spec.get(section) or {}).get("tlsSecretName"):
            return {}
        return {
            f"kbs{use}{half}SecretName": f"{self.name}-{use.lower()}-{half.lower()}-secret"
            for half in ("Key", "Cert")
        }


def merged(generated: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the KbsConfig is set to: the generated, with what users may edit as they left it.

    Replicas and the fields in `KEPT` stay as they are found unless they are empty: an empty list
    counts as not edited and is filled again. Variables are added up, the user's win.
    """
    whole = dict(generated)
    for name in KEPT:
        if _filled(found.get(name)):
            whole[name] = found[name]
    replicas = (found.get("KbsDeploymentSpec") or {}).get("replicas")
    if replicas is not None:
        whole["KbsDeploymentSpec"] = {"replicas": replicas}
    variables = {**(generated.get("KbsEnvVars") or {}), **(found.get("KbsEnvVars") or {})}
    if variables:
        whole["KbsEnvVars"] = variables
    return whole


def _filled(value: Any) -> bool:
    return any(value.values()) if isinstance(value, dict) else bool(value)


def _secret(data: Mapping[str, str]) -> Object:
    return {"type": "Opaque", "stringData": dict(data)}


def _one(key: str, value: bytes) -> Callable[[], Object]:
    return lambda: {"type": "Opaque", "data": {key: base64.b64encode(value).decode()}}


def _key_pair() -> Object:
    """Make the key pair of KBS's administrator."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption())
    info = pem.PublicFormat.SubjectPublicKeyInfo
    public = key.public_key().public_bytes(pem.Encoding.PEM, info)
    return _secret({"publicKey": public.decode(), "privateKey": private.decode()})
