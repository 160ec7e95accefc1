"""Attestation of sample evidence: what is checked, and the claims that come out.

Source: confidential-containers/trustee `kbs/src/attestation/backend.rs` and
`deps/verifier/src/sample/mod.rs`, kbs-types for the messages, and recorded exchanges.
"""

from __future__ import annotations

import base64
import binascii
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .. import jose, protocol
from ..generation import Generation
from .appraisal import sample_claims, status, trust_vector
from .errors import attest_failed, auth_failed
from .reference_values import ReferenceValues
from .session import Session

TEES = frozenset(
    {
        "az-snp-vtpm",
        "az-tdx-vtpm",
        "cca",
        "csv",
        "hygondcu",
        "nvidia",
        "sample",
        "sampledevice",
        "se",
        "sev",
        "sgx",
        "snp",
        "tdx",
        "tpm",
    }
)
"""What evidence can be announced; only sample evidence can be verified here."""

VERSION = re.compile(r"\d+\.\d+\.\d+")

PROFILE = "tag:github.com,2024:confidential-containers/Trustee"
VERIFIER = {
    "developer": "https://confidentialcontainers.org",
    "build": "attestation-service 0.1.0",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a client sends to attest.

    Attributes:
        nonce: The challenge that it answers.
        runtime_data: What the evidence is bound to, its own nonce included.
        svn: The security version that sample evidence names.
        report_data: The digest that it is bound by, in base64.
    """

    nonce: str
    runtime_data: Mapping[str, Any]
    svn: str
    report_data: str


@dataclass(frozen=True, slots=True)
class AttestationService:
    """The built-in attestation service with the sample verifier alone.

    Attributes:
        generation: What the token looks like.
        reference_values: What evidence is measured by.
        token_lifetime: Seconds.
        version: The protocol version that is spoken.
    """

    generation: Generation
    reference_values: ReferenceValues
    token_lifetime: int
    version: str = protocol.VERSION

    def announced(self, body: bytes) -> str:
        """Return what kind of evidence a request announces.

        Raises:
            Refusal: it is no request, or of another protocol version.
        """
        try:
            request = protocol.read_object(body)
            version, tee = request["version"], request["tee"]
            request["extra-params"]
            known = isinstance(version, str) and isinstance(tee, str) and tee in TEES
        except (KeyError, ValueError):
            known = False
        if not known:
            raise auth_failed("deserialize Request")
        self._check_version(version)
        return str(tee)

    def claims(self, session: Session, evidence: Evidence, now: float) -> dict[str, Any]:
        """Check a client's evidence and return the claims of its token.

        Args:
            session: The handshake that it belongs to.
            evidence: What the client sent.
            now: Seconds since the epoch.

        Raises:
            Refusal: the evidence does not belong to this handshake and key.
        """
        if evidence.nonce != session.nonce:
            raise attest_failed("another nonce than the session's")
        if session.tee != "sample":
            raise attest_failed("only sample evidence can be verified here")
        if not _bound(evidence):
            raise attest_failed("REPORT_DATA is another than expected")
        return self._ear(evidence, now)

    def read(self, body: bytes, nonce: str) -> Evidence:
        """Read a client's message.

        Args:
            body: The message.
            nonce: The session's, which the older messages do not repeat.

        Raises:
            Refusal: it is none.
        """
        try:
            message = protocol.read_object(body)
            current = self.version == protocol.VERSION
            return _composite(message) if current else _single(message, nonce)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise attest_failed(f"deserialize Attestation: {type(error).__name__}") from None

    def _check_version(self, version: str) -> None:
        if not VERSION.fullmatch(version):
            raise auth_failed("failed to parse KBS version")
        if version != self.version:
            raise auth_failed(
                "KBS Client Protocol Version Mismatch: "
                f"expect ={self.version} while the request is {version}"
            )

    def _ear(self, evidence: Evidence, now: float) -> dict[str, Any]:
        """Return an EAR's claims, in the order of the recorded ones."""
        found = sample_claims(evidence.svn)
        vector = trust_vector(found, self._reference(now))
        annotated = {
            "report_data": evidence.report_data,
            "runtime_data_claims": evidence.runtime_data,
            "sample": found,
        }
        cpu = {
            "ear.status": status(vector),
            "ear.trustworthiness-vector": vector,
            "ear.appraisal-policy-id": "default",
            "ear.veraison.annotated-evidence": annotated,
            "ear.trustee.identifiers": {"validated": {}},
        }
        issuer = self.generation.token_issuer
        return {
            "eat_profile": PROFILE,
            "iat": int(now),
            "ear.verifier-id": VERIFIER,
            "submods": {"cpu0": cpu},
            "exp": int(now) + self.token_lifetime,
            **({"iss": issuer} if issuer else {}),
        }

    def _reference(self, now: float) -> dict[str, Any]:
        try:
            return self.reference_values.valid(now)
        except (OSError, ValueError) as error:
            raise attest_failed(f"reference values: {type(error).__name__}") from None


def _bound(evidence: Evidence) -> bool:
    """Tell whether the evidence was made for this nonce and this key."""
    try:
        sent = base64.b64decode(evidence.report_data, validate=True)
        expected = base64.b64decode(protocol.report_data(evidence.runtime_data))
    except (binascii.Error, ValueError):
        return False
    return sent == expected


def _composite(message: Mapping[str, Any]) -> Evidence:
    """Read the message of protocol 0.4.0."""
    runtime, evidence = message["runtime-data"], message["tee-evidence"]
    additional = _text(evidence["additional_evidence"])
    if additional:
        raise ValueError("evidence of further devices cannot be verified here")
    _check_init_data(message.get("init-data"))
    nonce = _text(runtime["nonce"])
    bound = protocol.runtime_data(nonce, jose.read_pubkey(runtime["tee-pubkey"]), additional)
    return _sample(nonce, bound, evidence["primary_evidence"])


def _single(message: Mapping[str, Any], nonce: str) -> Evidence:
    """Read the message of protocol 0.1.1 and 0.2.0: no nonce in it, one piece of evidence."""
    evidence = message["tee-evidence"]
    if isinstance(evidence, str):
        evidence = protocol.read_object(evidence)
    bound = {"nonce": nonce, "tee-pubkey": jose.read_pubkey(message["tee-pubkey"])}
    return _sample(nonce, bound, evidence)


def _sample(nonce: str, bound: Mapping[str, Any], evidence: Mapping[str, Any]) -> Evidence:
    return Evidence(nonce, bound, _text(evidence["svn"]), _text(evidence.get("report_data", "")))


def _check_init_data(init_data: Any) -> None:
    """Init data must be what it says; the sample verifier makes no use of it."""
    if init_data is None:
        return
    if _text(init_data["format"]) != "toml":
        raise ValueError("init data of another format")
    tomllib.loads(_text(init_data["body"]))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("text is expected")
    return value
