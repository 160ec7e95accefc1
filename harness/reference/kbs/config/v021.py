"""The configuration of KBS v0.21.

Source: a configuration that a real KBS v0.21.0 was started with, confidential-containers/trustee
`kbs/docs/config.md` and `kbs/src/admin/mod.rs`, and trustee-operator `config/templates/`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field

from ..policy import ResourcePolicy
from ..reference_values import ReferenceValues
from ..repository import FlatFiles, Memory, Repository
from ..token import Trust
from .sections import AttestationService, HttpServer, Section, assembled
from .settings import Settings

STORAGE = Path("/opt/confidential-containers/storage")
StorageType = Literal["Memory", "LocalFs", "LocalJson"]


class Admin(Section):
    """`[admin]`; its unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")

    authorization_mode: Literal["DenyAll"]


class AttestationToken(Section):
    """`[attestation_token]`. An old `insecure_key` is passed over, and so no token is trusted."""

    insecure_header_jwk: bool = False
    trusted_certs_paths: tuple[Path, ...] = ()
    extra_teekey_paths: tuple[str, ...] = ()


class Rvps(Section):
    """`[attestation_service.rvps_config]`."""

    type: Literal["BuiltIn"] = "BuiltIn"
    storage_type: StorageType | None = None


class Attestation(AttestationService):
    """`[attestation_service]`."""

    rvps_config: Rvps = Rvps()


class LocalFs(Section):
    """`[storage_backend.backends.local_fs]`; its unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")

    dir_path: Path = STORAGE / "local_fs"


class LocalJson(Section):
    """`[storage_backend.backends.local_json]`."""

    file_dir_path: Path = STORAGE / "local_json"


class Backends(Section):
    """`[storage_backend.backends]`."""

    local_fs: LocalFs | None = None
    local_json: LocalJson | None = None


class StorageBackend(Section):
    """`[storage_backend]`; without it everything is in memory."""

    storage_type: Literal["Memory", "LocalFs"] = "Memory"
    backends: Backends = Backends()

    @property
    def folder(self) -> Path | None:
        """The folder of LocalFs, `None` in memory."""
        local = self.backends.local_fs if self.storage_type == "LocalFs" else None
        return local.dir_path if local else None

    def reference_values(self, override: StorageType | None) -> ReferenceValues:
        """Where the namespace `reference_value` is."""
        folder = None if override == "Memory" else self.folder
        if (override or self.storage_type) == "LocalJson":
            folder = (self.backends.local_json or LocalJson()).file_dir_path
        return ReferenceValues(folder / "reference_value" if folder else None)


class ResourcePlugin(Section):
    """`[[plugins]]` of name `resource`."""

    name: Literal["resource"]
    storage_backend_type: Literal["kvstorage"]


class Config(Section):
    """The file."""

    http_server: HttpServer
    admin: Admin
    attestation_token: AttestationToken = AttestationToken()
    attestation_service: Attestation = Field(default=Attestation(type="coco_as_builtin"))
    storage_backend: StorageBackend = StorageBackend()
    plugins: tuple[ResourcePlugin, ...] = ()


def read(data: dict[str, Any]) -> Settings:
    """Return the settings that a file of this format stands for.

    Raises:
        pydantic.ValidationError: it does not have this format.
        ValueError: a key or certificate that it names cannot be used.
    """
    config = Config.model_validate(data)
    service, token, storage = (
        config.attestation_service,
        config.attestation_token,
        config.storage_backend,
    )
    folder = storage.folder
    return assembled(
        config.http_server,
        service,
        trust=Trust(token.insecure_header_jwk, token.trusted_certs_paths, token.extra_teekey_paths),
        repository=_repository(config.plugins, folder),
        policy=ResourcePolicy(folder / "kbs" / "resource-policy.rego" if folder else None),
        reference_values=storage.reference_values(service.rvps_config.storage_type),
    )


def _repository(plugins: tuple[ResourcePlugin, ...], folder: Path | None) -> Repository:
    return FlatFiles(folder / "repository") if plugins and folder else Memory()
