"""The attestation token: an EAR as a JWT, and which tokens are believed.

Source: confidential-containers/trustee `attestation-service/src/ear_token/broker.rs`,
`kbs/src/token/mod.rs` and `kbs/src/token/jwk.rs`.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

ALGORITHM = "ES256"
TRUSTED_ALGORITHMS = ("ES256", "ES384", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512")

LEEWAY = 60
"""Seconds after its expiry in which a token is still taken: the default of the JWT library that
the real server checks tokens with (jsonwebtoken, `Validation::leeway`)."""

EAR_PATH = "/submods/cpu0/ear.veraison.annotated-evidence/runtime_data_claims/tee-pubkey"
OTHER_PATHS = (
    "/attester_runtime_data/tee-pubkey",
    "/customized_claims/runtime_data/tee-pubkey",
    "/submods/cpu/ear.veraison.annotated-evidence/runtime_data_claims/tee-pubkey",
)
"""Where other attestation services and older ones put the client's key."""


class _Registry(jws.JWSRegistry):
    max_header_length = 64 << 10
    """Characters: a chain of certificates is in the header."""


@dataclass(frozen=True, slots=True)
class Signer:
    """What signs tokens.

    Attributes:
        key: An EC P-256 key pair.
        chain: Certificates of the key, the key's own first.
    """

    key: ECKey = field(repr=False)
    chain: tuple[x509.Certificate, ...] = ()

    @classmethod
    def load(cls, key_path: Path, cert_path: Path | None) -> Signer:
        """Read key and certificates.

        Raises:
            ValueError: they cannot be used.
        """
        try:
            key = ECKey.import_key(key_path.read_bytes())
            chain = x509.load_pem_x509_certificates(cert_path.read_bytes()) if cert_path else []
        except (OSError, JoseError) as error:
            raise ValueError(f"token signer: {type(error).__name__}: {key_path}") from None
        return cls(key, tuple(chain))

    @classmethod
    def ephemeral(cls) -> Signer:
        """Return a new key, what the built-in service makes where it is given none."""
        return cls(ECKey.generate_key("P-256"))

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Return a token with the public key in its header."""
        public = self.key.as_dict(private=False)
        jwk: dict[str, Any] = {"alg": ALGORITHM}
        if self.chain:
            jwk["x5c"] = [_b64url(one.public_bytes(Encoding.DER)) for one in self.chain]
        jwk |= {name: public[name] for name in ("kty", "crv", "x", "y")}
        header = {"typ": "JWT", "alg": ALGORITHM, "jwk": jwk}
        return jwt.encode(header, dict(claims), self.key, algorithms=[ALGORITHM])


@dataclass(frozen=True, slots=True)
class Trust:
    """Which tokens are believed.

    Attributes:
        any_key: Whether the key in a token's header is believed unseen (`insecure_key`,
            `insecure_header_jwk`).
        certificates: PEM files of those that may endorse a token's key.
        key_paths: Further JSON pointers to the client's key.
    """

    any_key: bool
    certificates: tuple[Path, ...] = ()
    key_paths: tuple[str, ...] = ()

    def verify(self, token: str, now: float) -> dict[str, Any]:
        """Return a token's claims.

        Args:
            token: The token.
            now: Seconds since the epoch.

        Raises:
            ValueError: it is not to be believed.
        """
        try:
            registry = _Registry(algorithms=TRUSTED_ALGORITHMS)
            jwk = jws.extract_compact(token.encode(), registry=registry).headers()["jwk"]
            key = self._key(jwk)
            registry = _Registry(algorithms=[_algorithm(jwk)])
            claims = jwt.decode(token, key, registry=registry).claims
            expires = float(claims["exp"])
        except (JoseError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"the token cannot be verified: {type(error).__name__}") from None
        if "aud" in claims or not expires >= now - LEEWAY:
            raise ValueError("the token has expired or is for somebody else")
        return dict(claims)

    def tee_pubkey(self, claims: Mapping[str, Any]) -> Any:
        """Return the client's key from a token's claims.

        Raises:
            ValueError: it is in none of the places.
        """
        for path in (*self.key_paths, *OTHER_PATHS, EAR_PATH):
            found = _at(claims, path)
            if found is not None:
                return found
        raise ValueError("the token names no key of the client")

    def _key(self, jwk: Mapping[str, Any]) -> ECKey | RSAKey:
        kind = RSAKey if jwk["kty"] == "RSA" else ECKey
        members = {name: jwk[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in jwk}
        key = kind.import_key(members)
        if not self.any_key:
            self._check_endorsed(key, jwk["x5c"])
        return key

    def _check_endorsed(self, key: ECKey | RSAKey, x5c: list[str]) -> None:
        chain = [x509.load_der_x509_certificate(_from_b64url(one)) for one in x5c]
        own = chain[0].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        if own != key.as_der(private=False):
            raise ValueError("the certificate is of another key")
        for issued, issuer in pairwise(chain):
            _check_issued(issued, issuer)
        if not any(_endorses(trusted, chain[-1]) for trusted in self._trusted()):
            raise ValueError("nobody that is trusted endorses the key")

    def _trusted(self) -> list[x509.Certificate]:
        return [x509.load_pem_x509_certificate(path.read_bytes()) for path in self.certificates]


def _endorses(trusted: x509.Certificate, last: x509.Certificate) -> bool:
    if trusted == last:
        return True
    try:
        _check_issued(last, trusted)
    except ValueError:
        return False
    return True


def _check_issued(issued: x509.Certificate, issuer: x509.Certificate) -> None:
    try:
        issued.verify_directly_issued_by(issuer)
    except (InvalidSignature, TypeError):
        raise ValueError("the chain of certificates is broken") from None


def _algorithm(jwk: Mapping[str, Any]) -> str:
    algorithm = jwk["alg"]
    if algorithm not in TRUSTED_ALGORITHMS:
        raise ValueError("no algorithm that is trusted")
    return str(algorithm)


def _at(claims: Any, pointer: str) -> Any:
    for part in pointer.strip("/").split("/"):
        claims = claims.get(part) if isinstance(claims, Mapping) else None
    return claims


def _b64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _from_b64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
