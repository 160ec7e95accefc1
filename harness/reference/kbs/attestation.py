"""Attestation of sample evidence: what is checked, and the token that comes out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from joserfc.jwk import ECKey

from .. import jose, protocol
from .errors import Refusal, handshake_failed
from .session import Session

TOKEN_LIFETIME = 300
"""Seconds (attestation_token_broker.duration_min, by default 5)."""

PROFILE = "tag:github.com,2024:confidential-containers/Trustee"


def check_request(body: bytes) -> None:
    """Check the request that opens a handshake.

    Raises:
        Refusal: it is not one, or of another protocol version.
    """
    request = _object(body, "Auth failed: deserialize Request")
    if not {"version", "tee"} <= request.keys() or request["tee"] != "sample":
        raise handshake_failed("Auth failed: deserialize Request")
    if request["version"] != protocol.VERSION:
        raise handshake_failed(
            "Auth failed: KBS Client Protocol Version Mismatch: "
            f"expect ={protocol.VERSION} while the request is {request['version']}"
        )


def attest(session: Session, body: bytes, key: ECKey, now: float) -> str:
    """Check a client's evidence and return its token.

    Raises:
        Refusal: the evidence does not belong to this handshake and key.
    """
    evidence = _object(body, "Attest failed")
    try:
        runtime = evidence["runtime-data"]
        primary = evidence["tee-evidence"]["primary_evidence"]
        additional = str(evidence["tee-evidence"].get("additional_evidence", ""))
        expected = protocol.report_data(runtime["nonce"], runtime["tee-pubkey"], additional)
        genuine = runtime["nonce"] == session.nonce and primary["report_data"] == expected
    except (KeyError, TypeError, ValueError):
        raise handshake_failed("Attest failed") from None
    if not genuine:
        raise handshake_failed("Attest failed")
    return jose.sign(_claims(runtime, primary, additional, now), key)


def tee_pubkey(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return the client's public key from a token's claims.

    Raises:
        Refusal: the claims hold none.
    """
    try:
        cpu = claims["submods"]["cpu0"]["ear.veraison.annotated-evidence"]
        key: dict[str, Any] = cpu["runtime_data_claims"]["tee-pubkey"]
    except (KeyError, TypeError):
        raise Refusal("TokenVerifierError", "Token Verifier error") from None
    return key


def _claims(
    runtime: Mapping[str, Any], primary: Mapping[str, Any], additional: str, now: float
) -> dict[str, Any]:
    """Return an EAR token's claims for sample evidence without reference values."""
    vector = {"hardware": 97, "executables": 33, "configuration": 2}
    evidence = {
        "report_data": primary["report_data"],
        "runtime_data_claims": {
            "additional-evidence": additional,
            "nonce": runtime["nonce"],
            "tee-pubkey": runtime["tee-pubkey"],
        },
    }
    cpu = {
        "ear.status": "contraindicated",
        "ear.trustworthiness-vector": vector,
        "ear.appraisal-policy-id": "default",
        "ear.veraison.annotated-evidence": evidence,
    }
    return {
        "eat_profile": PROFILE,
        "iat": int(now),
        "exp": int(now) + TOKEN_LIFETIME,
        "submods": {"cpu0": cpu},
    }


def _object(body: bytes, what: str) -> dict[str, Any]:
    try:
        data = json.loads(body)
    except ValueError:
        raise handshake_failed(what) from None
    if not isinstance(data, dict):
        raise handshake_failed(what)
    return data
