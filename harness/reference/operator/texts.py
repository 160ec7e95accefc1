"""The texts that the operator generates: KBS configuration and policies, in our own words.

What they say is what `config/templates/` of confidential-containers/trustee-operator says at each
release, but for the attestation policies: those grade sample evidence as the real ones do, and any
other as unknown.
"""

from __future__ import annotations

from typing import Any

import tomli_w

from .releases import ROOT, STORAGE, KbsGeneration, Release

PORT = 8080
TOKEN_MINUTES = 5

HTTPS = {"private_key": "/etc/https-key/privateKey", "certificate": "/etc/https-cert/certificate"}
TOKEN_CERTIFICATE = "/etc/attestation-cert/token.crt"  # noqa: S105 - a path
TOKEN_KEY = "/etc/attestation-key/token.key"  # noqa: S105 - a path

ALLOW_ALL = "package policy\n\ndefault allow = true\n"
ALLOW_RESOURCES = """\
package policy

import rego.v1

default allow := false

allow if data.plugin == "resource"
"""
ALLOW_AFFIRMED = """\
package policy

import rego.v1

default allow := false

refused if {
    some module in input.submods
    module["ear.status"] != "affirming"
}

allow if {
    count(input.submods) > 0
    not refused
}
"""
_NO_CLAIM = ("file_system", "instance_identity", "runtime_opaque", "storage_opaque", "sourced_data")
_UNKNOWN = {"executables": 33, "hardware": 97, "configuration": 36} | dict.fromkeys(_NO_CLAIM, 0)
_CLAIMS = ", ".join(f'"{name.replace("_", "-")}": {name}' for name in _UNKNOWN)

ATTESTATION_POLICY = "package policy\n\nimport rego.v1\n\n" + (
    "".join(f"default {name} := {value}\n\n" for name, value in _UNKNOWN.items())
    + f"trust_claims := {{{_CLAIMS}}}\n"
    + """
extensions := [{"name": "ear.trustee.identifiers", "key": -18, "value": {"validated": {}}}]

executables := 3 if input.sample.launch_digest in query_reference_value("launch_digest")

hardware := 2 if {
    version := input.sample.platform_version
    input.sample.svn in query_reference_value("svn")
    version.major == query_reference_value("major_version")
    version.minor >= query_reference_value("minimum_minor_version")
}

configuration := 2 if input.sample.debug == false
"""
)
"""How evidence is graded: the attestation service asks it for `trust_claims` and `extensions`
(trustee `attestation-service/src/ear_token/`). It knows sample evidence and no TEE."""


def resource_policy(release: Release, *, restricted: bool) -> str:
    """Return the resource policy of a profile: everything up to v0.18, resources from v0.19."""
    if restricted:
        return ALLOW_AFFIRMED
    return ALLOW_ALL if release.policy_live else ALLOW_RESOURCES


def kbs_config(generation: KbsGeneration, *, restricted: bool) -> str:
    """Return the KBS configuration of a profile, TOML: plain HTTP, or HTTPS where restricted."""
    server: dict[str, Any] = {"sockets": [f"0.0.0.0:{PORT}"], "insecure_http": not restricted}
    server["worker_count"] = 4
    if restricted:
        server |= HTTPS
    make = _flat if generation.flat else _directories
    return tomli_w.dumps({"http_server": server, **make(generation, restricted=restricted)})


def _directories(generation: KbsGeneration, *, restricted: bool) -> dict[str, Any]:
    token: dict[str, Any] = {"insecure_key": not restricted}
    storage = {"type": "LocalJson", "file_path": str(generation.reference_values)}
    policies = str(generation.attestation_policies.parent)
    broker: dict[str, Any] = {"type": "Ear", "duration_min": TOKEN_MINUTES, "policy_dir": policies}
    _trust(token, broker, restricted=restricted)
    plugin = {"name": "resource", "type": "LocalFs", "dir_path": str(generation.repository)}
    return {
        "admin": {"type": "DenyAll"},
        "attestation_token": token,
        "attestation_service": {
            "type": "coco_as_builtin",
            "work_dir": str(ROOT / "attestation-service"),
            "policy_engine": "opa",
            "attestation_token_broker": broker,
            "rvps_config": {"type": "BuiltIn", "storage": storage},
        },
        "policy_engine": {"policy_path": str(generation.policy)},
        "plugins": [plugin],
    }


def _flat(generation: KbsGeneration, *, restricted: bool) -> dict[str, Any]:
    token: dict[str, Any] = {"insecure_header_jwk": not restricted}
    broker: dict[str, Any] = {"duration_min": TOKEN_MINUTES}
    _trust(token, broker, restricted=restricted)
    backends = {
        "local_fs": {"dir_path": str(STORAGE)},
        "local_json": {"file_dir_path": str(generation.reference_values.parent)},
    }
    return {
        "admin": {"authorization_mode": "DenyAll"},
        "attestation_token": token,
        "attestation_service": {
            "type": "coco_as_builtin",
            "attestation_token_broker": broker,
            "rvps_config": {"type": "BuiltIn", "storage_type": "LocalJson"},
        },
        "storage_backend": {"storage_type": "LocalFs", "backends": backends},
        "plugins": [{"name": "resource", "storage_backend_type": "kvstorage"}],
    }


def _trust(token: dict[str, Any], broker: dict[str, Any], *, restricted: bool) -> None:
    """Restricted tokens are signed by a key of the installation and verified by its certificate."""
    if restricted:
        token["trusted_certs_paths"] = [TOKEN_CERTIFICATE]
        broker["signer"] = {"key_path": TOKEN_KEY, "cert_path": TOKEN_CERTIFICATE}
