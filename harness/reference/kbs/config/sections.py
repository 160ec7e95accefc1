"""The sections that both formats share. Unknown keys are passed over, as the real server does.

Source: confidential-containers/trustee `kbs/docs/config.md` and `kbs/src/config.rs`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self, TypedDict, Unpack

from pydantic import BaseModel, ConfigDict, model_validator

from ..policy import ResourcePolicy
from ..reference_values import ReferenceValues
from ..repository import Repository
from ..token import Signer, Trust
from .settings import Settings, Tls

MINUTE = 60
MEBIBYTE = 1 << 20


class Own(TypedDict):
    """What each format has in a place of its own; see `Settings`."""

    trust: Trust
    repository: Repository
    policy: ResourcePolicy
    reference_values: ReferenceValues


class Section(BaseModel):
    """A table of the configuration file."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class HttpServer(Section):
    """`[http_server]`: where KBS listens and how."""

    sockets: tuple[str, ...] = ("127.0.0.1:8080",)
    insecure_http: bool = False
    private_key: Path | None = None
    certificate: Path | None = None
    payload_request_size: int = 2

    @model_validator(mode="after")
    def _tls_needs_both(self) -> Self:
        if not self.insecure_http and (self.private_key is None or self.certificate is None):
            raise ValueError("HTTPS needs private_key and certificate, or set insecure_http = true")
        return self

    @property
    def tls(self) -> Tls | None:
        """HTTPS, `None` for plain HTTP."""
        if self.insecure_http or self.private_key is None or self.certificate is None:
            return None
        return Tls(self.private_key, self.certificate)

    @property
    def payload_limit(self) -> int:
        """Bytes."""
        return self.payload_request_size * MEBIBYTE


class SignerSection(Section):
    """`[attestation_service.attestation_token_broker.signer]`."""

    key_path: Path
    cert_path: Path | None = None


class TokenBroker(Section):
    """`[attestation_service.attestation_token_broker]`."""

    duration_min: int = 5
    signer: SignerSection | None = None

    @property
    def signed_by(self) -> Signer | None:
        """The signer, read from its files."""
        return Signer.load(self.signer.key_path, self.signer.cert_path) if self.signer else None


class AttestationService(Section):
    """`[attestation_service]`: only the built-in one."""

    type: Literal["coco_as_builtin"]
    timeout: int = 5
    attestation_token_broker: TokenBroker = TokenBroker()

    @property
    def session_timeout(self) -> float:
        """Seconds."""
        return float(self.timeout * MINUTE)

    @property
    def token_lifetime(self) -> int:
        """Seconds."""
        return self.attestation_token_broker.duration_min * MINUTE


def assembled(server: HttpServer, service: AttestationService, **own: Unpack[Own]) -> Settings:
    """Return the settings that a file stands for.

    Args:
        server: How it listens.
        service: How it attests.
        own: What each format has in a place of its own.

    Raises:
        ValueError: a key or certificate that the file names cannot be used.
    """
    return Settings(
        sockets=server.sockets,
        tls=server.tls,
        payload_limit=server.payload_limit,
        session_timeout=service.session_timeout,
        token_lifetime=service.token_lifetime,
        signer=service.attestation_token_broker.signed_by,
        **own,
    )
