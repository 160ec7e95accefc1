"""The words of RCAR, the protocol between kbs-client and KBS.

Source: confidential-containers/trustee `kbs/docs/kbs_attestation_protocol.md` and
`kbs/src/error.rs`, and exchanges recorded from KBS v0.17.0 and v0.21.0.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

import rfc8785

VERSION = "0.4.0"
"""The protocol version of KBS v0.14 to v0.21; a server takes no other than its own."""

OLDER_VERSIONS = ("0.1.1", "0.2.0")
"""The protocol versions of KBS v0.10 and v0.11, and of v0.12 and v0.13."""

PREFIX = "/kbs/v0"

COOKIE = "kbs-session-id"

ERROR_TYPE = "https://github.com/confidential-containers/kbs/errors/"

HASH_ALGORITHMS = ("sha256", "sha384", "sha512", "sm3")
"""What a client says that it can hash with."""

SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
"""One segment of a resource path: it does not begin with a dot
(trustee `kbs/src/plugins/implementations/resource/backend.rs`)."""

SEGMENTS = 3
"""Repository, type and tag."""


def is_resource_path(path: str) -> bool:
    """Tell whether a path has the three segments of a resource."""
    segments = path.split("/")
    return len(segments) == SEGMENTS and all(SEGMENT.fullmatch(one) for one in segments)


def b64(raw: bytes) -> str:
    """Return standard base64 with padding, as the protocol uses it outside of JOSE."""
    return base64.b64encode(raw).decode()


def runtime_data(
    nonce: str, tee_pubkey: Mapping[str, Any], additional_evidence: str = ""
) -> dict[str, Any]:
    """Return what the primary evidence is bound to, its members in the order of their names.

    Args:
        nonce: The challenge as it came.
        tee_pubkey: The client's public key as a JWK.
        additional_evidence: Evidence of further devices; empty where there are none.
    """
    return {
        "additional-evidence": additional_evidence,
        "nonce": nonce,
        "tee-pubkey": dict(sorted(tee_pubkey.items())),
    }


def report_data(bound: Mapping[str, Any]) -> str:
    """Return the sample attester's report data: SHA-384 over the canonical JSON (RFC 8785).

    Raises:
        ValueError: it has no canonical form.
    """
    return b64(hashlib.sha384(rfc8785.dumps(dict(bound))).digest())


def read_object(body: bytes | str) -> dict[str, Any]:
    """Return the object that a message holds, read as strictly as serde_json reads it.

    Raises:
        ValueError: it is not JSON, nested too deeply, or something else than an object.
    """
    try:
        data = json.loads(body, parse_constant=_no_constant, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(data, dict):
        raise ValueError("not an object")  # noqa: TRY004 - bad input, not a bad call
    return data


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object whose members are there once each."""
    read = dict(members)
    if len(read) != len(members):
        raise ValueError("a member is there twice")
    return read


def _no_constant(name: str) -> NoReturn:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(f"{name} is no JSON")
