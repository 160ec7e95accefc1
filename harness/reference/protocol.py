"""The words of RCAR, the protocol between kbs-client and KBS.

Source: confidential-containers/trustee `kbs/docs/kbs_attestation_protocol.md` and
`kbs/src/error.rs`, and exchanges recorded from KBS v0.17.0 and v0.21.0.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Any

import rfc8785

VERSION = "0.4.0"
"""The protocol version; a server takes no other."""

PREFIX = "/kbs/v0"

COOKIE = "kbs-session-id"

ERROR_TYPE = "https://github.com/confidential-containers/kbs/errors/"

HASH_ALGORITHMS = ("sha256", "sha384", "sha512", "sm3")
"""What a client says that it can hash with."""

SEGMENT = re.compile(r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*$")
"""One segment of a resource path: it does not begin with a dot
(trustee `kbs/src/plugins/implementations/resource/backend.rs`)."""


def b64(raw: bytes) -> str:
    """Return standard base64 with padding, as the protocol uses it outside of JOSE."""
    return base64.b64encode(raw).decode()


def report_data(nonce: str, tee_pubkey: Mapping[str, Any], additional_evidence: str = "") -> str:
    """Return the sample attester's report data: SHA-384 over the canonical JSON (RFC 8785).

    Args:
        nonce: The challenge as it came.
        tee_pubkey: The client's public key as a JWK.
        additional_evidence: Evidence of further devices; empty where there are none.
    """
    canonical = rfc8785.dumps(
        {
            "additional-evidence": additional_evidence,
            "nonce": nonce,
            "tee-pubkey": dict(tee_pubkey),
        }
    )
    return b64(hashlib.sha384(canonical).digest())
