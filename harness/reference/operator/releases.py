"""What each release of trustee-operator does differently: the one behaviour table.

Sources: confidential-containers/trustee-operator at the tags v0.17.0, v0.18.0, v0.19.0, v0.21.0,
`internal/controller/*.go`, `config/templates/*`, `cmd/secret-converter/main.go`, and runs of
v0.17.0 and v0.21.0. There is no v0.20.0. Nothing outside of this double reads the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

ROOT = PurePosixPath("/opt/confidential-containers")
STORAGE = ROOT / "storage"
KBS_CONFIG_MAP, AUTH_SECRET = "kbsConfigMapName", "kbsAuthSecretName"
REFERENCE_VALUES = "kbsRvpsRefValuesConfigMapName"


class Delivery(StrEnum):
    """How the content of a Secret gets to where KBS reads it."""

    LIVE = "live"
    COPIED = "copied"


@dataclass(frozen=True, slots=True)
class KbsGeneration:
    """Where a generation of KBS configuration looks for things (trustee `kbs/docs/config.md`).

    Attributes:
        name: The first release of that form that counts here.
        repository: The folder of the resources.
        flat: Whether a resource is one file, its slashes escaped, and not three levels deep.
        policy: The resource policy; its name is the key in the ConfigMap.
        attestation_policies: The folder of the attestation policies.
        reference_values: The RVPS's file; its name is the key in the ConfigMap.
    """

    name: str
    repository: PurePosixPath
    flat: bool
    policy: PurePosixPath
    attestation_policies: PurePosixPath
    reference_values: PurePosixPath


GENERATIONS: Mapping[str, KbsGeneration] = {
    one.name: one
    for one in (
        KbsGeneration(
            name="v0.17",
            repository=ROOT / "kbs/repository",
            flat=False,
            policy=ROOT / "opa/policy.rego",
            attestation_policies=ROOT / "attestation-service/policies/opa",
            reference_values=ROOT / "rvps/reference-values/reference-values.json",
        ),
        KbsGeneration(
            name="v0.21",
            repository=STORAGE / "repository",
            flat=True,
            policy=STORAGE / "kbs/resource-policy.rego",
            attestation_policies=STORAGE / "attestation_service_policy",
            reference_values=STORAGE / "local_json/reference_value",
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Release:
    """One release of the operator.

    Attributes:
        name: Its version without the patch level.
        delivery: Mounted and so live up to v0.18; copied once by an init container from v0.19.
        generation: The KBS configuration that it writes. v0.19 is in between: it writes the storage
            of v0.21 with two older words, for a KBS image of its own; here it writes v0.21's.
        secrets: Where Secrets are mounted, in the container that `secrets_in_kbs` says.
        secrets_in_kbs: Whether the KBS container mounts them too; at v0.19 it does, unread.
        policy_live: The resource policy's ConfigMap is mounted as a folder, so that edits arrive
            (up to v0.18), or by subPath, so that they need a new pod (from v0.19).
        required: Fields of a KbsConfig without which nothing is deployed.
        rolls_on_config_maps: The pod template is annotated with the versions of the ConfigMaps, so
            that a change of one rolls (v0.21); else only the pod's own specification rolls it.
        sample: The sample Secret that a TrusteeConfig brings, which starts the list.
        sample_data: Its content.
        gpu_policy: One attestation policy for CPUs and one for GPUs (from v0.18).
        tdx_config: A TrusteeConfig brings a ConfigMap for TDX (up to v0.19).
        events: Events are written about the KbsConfig (from v0.18).
        watches_owned: A generated object that is deleted is made again at once (from v0.18);
            before, when the TrusteeConfig or its KbsConfig changes next.
        ready_early: TrusteeConfig.status.isReady is true before KBS is deployed (v0.17).
        empty_dirs: Its emptyDir volumes and where KBS has them; all names are taken.
        filled: The emptyDir that the init container copies into; empty where there is none.
    """

    name: str
    delivery: Delivery
    generation: str
    secrets: PurePosixPath
    secrets_in_kbs: bool
    policy_live: bool
    required: tuple[str, ...]
    rolls_on_config_maps: bool
    sample: str
    sample_data: Mapping[str, str]
    gpu_policy: bool
    tdx_config: bool
    events: bool
    watches_owned: bool
    ready_early: bool
    empty_dirs: tuple[tuple[str, PurePosixPath], ...]
    filled: str

    @property
    def policy_volume(self) -> str:
        """The name of the resource policy's volume."""
        return "opa" if self.policy_live else "resource-policy"


_KBSRES1 = ("kbsres1", {"key1": "res1val1", "key2": "res1val2"})
_STATUS = ("attestation-status", {"status": "success"})
_MOUNTED = (("confidential-containers", ROOT), ("default", ROOT / "kbs/repository/default"))


RELEASES: Mapping[str, Release] = {
    one.name: one
    for one in (
        Release(
            name="v0.17",
            delivery=Delivery.LIVE,
            generation="v0.17",
            secrets=ROOT / "kbs/repository/default",
            secrets_in_kbs=True,
            policy_live=True,
            required=(KBS_CONFIG_MAP, AUTH_SECRET, REFERENCE_VALUES),
            rolls_on_config_maps=False,
            sample=_KBSRES1[0],
            sample_data=_KBSRES1[1],
            gpu_policy=False,
            tdx_config=True,
            events=False,
            watches_owned=False,
            ready_early=True,
            empty_dirs=_MOUNTED,
            filled="",
        ),
        Release(
            name="v0.18",
            delivery=Delivery.LIVE,
            generation="v0.17",
            secrets=ROOT / "kbs/repository/default",
            secrets_in_kbs=True,
            policy_live=True,
            required=(KBS_CONFIG_MAP, AUTH_SECRET, REFERENCE_VALUES),
            rolls_on_config_maps=False,
            sample=_KBSRES1[0],
            sample_data=_KBSRES1[1],
            gpu_policy=True,
            tdx_config=True,
            events=True,
            watches_owned=True,
            ready_early=False,
            empty_dirs=_MOUNTED,
            filled="",
        ),
        Release(
            name="v0.19",
            delivery=Delivery.COPIED,
            generation="v0.21",
            secrets=STORAGE / "repository/default",
            secrets_in_kbs=True,
            policy_live=False,
            required=(KBS_CONFIG_MAP, AUTH_SECRET),
            rolls_on_config_maps=False,
            sample=_KBSRES1[0],
            sample_data=_KBSRES1[1],
            gpu_policy=True,
            tdx_config=True,
            events=True,
            watches_owned=True,
            ready_early=False,
            empty_dirs=(
                ("confidential-containers", ROOT),
                ("resource-policy-dir", STORAGE / "kbs"),
                ("rvps-dir", STORAGE / "local_json"),
            ),
            filled="confidential-containers",
        ),
        Release(
            name="v0.21",
            delivery=Delivery.COPIED,
            generation="v0.21",
            secrets=PurePosixPath("/tmp/kbs-secrets"),  # noqa: S108 - where the release mounts them
            secrets_in_kbs=False,
            policy_live=False,
            required=(KBS_CONFIG_MAP, AUTH_SECRET),
            rolls_on_config_maps=True,
            sample=_STATUS[0],
            sample_data=_STATUS[1],
            gpu_policy=True,
            tdx_config=False,
            events=True,
            watches_owned=True,
            ready_early=False,
            empty_dirs=(
                ("base-storage-dir", STORAGE),
                ("repository-dir", STORAGE / "repository"),
                ("resource-policy-dir", STORAGE / "kbs"),
                ("rvps-dir", STORAGE / "local_json"),
            ),
            filled="repository-dir",
        ),
    )
}
