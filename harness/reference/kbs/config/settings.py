"""What both formats of the configuration come to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..policy import ResourcePolicy
from ..reference_values import ReferenceValues
from ..repository import Repository
from ..token import Signer, Trust


class ConfigError(Exception):
    """The configuration cannot be used; the message says what and where."""


@dataclass(frozen=True, slots=True)
class Tls:
    """HTTPS.

    Attributes:
        private_key: A PEM file.
        certificate: A PEM file.
    """

    private_key: Path
    certificate: Path


@dataclass(frozen=True, slots=True)
class Settings:
    """How a KBS is set up.

    Attributes:
        sockets: Where it listens, host:port.
        tls: HTTPS; `None` for plain HTTP.
        payload_limit: Bytes of a request's body.
        session_timeout: Seconds that a handshake may take and its session lives.
        token_lifetime: Seconds that a token lives.
        signer: The key that signs tokens; `None` for a new one at every start.
        trust: Which tokens are believed.
        repository: Where resources are.
        policy: Who is served.
        reference_values: What evidence is measured by.
    """

    sockets: tuple[str, ...]
    tls: Tls | None
    payload_limit: int
    session_timeout: float
    token_lifetime: int
    signer: Signer | None
    trust: Trust
    repository: Repository
    policy: ResourcePolicy
    reference_values: ReferenceValues
