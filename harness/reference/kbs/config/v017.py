"""The configuration of KBS v0.16 to v0.18.

Source: a configuration that a real KBS v0.17.0 was started with, and confidential-containers/
trustee `kbs/docs/config.md` at v0.17.0. The reference KBS lets no administrator in, and knows the
built-in attestation service and the plugin `resource` on local files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from ..policy import ResourcePolicy
from ..reference_values import ReferenceValues
from ..repository import Directories, Memory, Repository
from ..token import Trust
from .sections import AttestationService, HttpServer, Section, assembled
from .settings import Settings

OPT = Path("/opt/confidential-containers")


class Admin(Section):
    """`[admin]`. Simple without keys lets nobody in either."""

    type: Literal["DenyAll", "Simple"] = "Simple"


class AttestationToken(Section):
    """`[attestation_token]`."""

    insecure_key: bool = False
    trusted_certs_paths: tuple[Path, ...] = ()
    extra_teekey_paths: tuple[str, ...] = ()


class Storage(Section):
    """`[attestation_service.rvps_config.storage]`."""

    type: Literal["LocalFs", "LocalJson"]
    file_path: Path


class Rvps(Section):
    """`[attestation_service.rvps_config]`."""

    type: Literal["BuiltIn"]
    storage: Storage | None = None


class Attestation(AttestationService):
    """`[attestation_service]`."""

    rvps_config: Rvps = Rvps(type="BuiltIn")

    @property
    def reference_values(self) -> ReferenceValues:
        """Where they are. LocalFs is a database of the real server that is not read here."""
        storage = self.rvps_config.storage
        local = storage is not None and storage.type == "LocalJson"
        return ReferenceValues(storage.file_path if storage and local else None)


class PolicyEngine(Section):
    """`[policy_engine]`."""

    policy_path: Path = OPT / "opa" / "policy.rego"


class ResourcePlugin(Section):
    """`[[plugins]]` of name `resource`."""

    name: Literal["resource"]
    type: Literal["LocalFs"]
    dir_path: Path = OPT / "kbs" / "repository"


class Config(Section):
    """The file."""

    http_server: HttpServer
    admin: Admin = Admin()
    attestation_token: AttestationToken = AttestationToken()
    attestation_service: Attestation = Field(default=Attestation(type="coco_as_builtin"))
    policy_engine: PolicyEngine = PolicyEngine()
    plugins: tuple[ResourcePlugin, ...] = ()


def read(data: dict[str, Any]) -> Settings:
    """Return the settings that a file of this format stands for.

    Raises:
        pydantic.ValidationError: it does not have this format.
        ValueError: a key or certificate that it names cannot be used.
    """
    config = Config.model_validate(data)
    service, token = config.attestation_service, config.attestation_token
    return assembled(
        config.http_server,
        service,
        trust=Trust(token.insecure_key, token.trusted_certs_paths, token.extra_teekey_paths),
        repository=_repository(config.plugins),
        policy=ResourcePolicy(config.policy_engine.policy_path),
        reference_values=service.reference_values,
    )


def _repository(plugins: tuple[ResourcePlugin, ...]) -> Repository:
    return Directories(plugins[0].dir_path) if plugins else Memory()
