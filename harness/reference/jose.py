"""The JOSE of the protocol: the client's key, the token and the encrypted resource."""

from __future__ import annotations

import json
from typing import Any

from jwcrypto import jwe, jwk, jws, jwt

KEY_ALGORITHM = "ECDH-ES+A256KW"
CONTENT_ALGORITHM = "A256GCM"


def new_tee_key() -> jwk.JWK:
    """Return a new EC P-256 key, what clients use from v0.12 on."""
    return jwk.JWK.generate(kty="EC", crv="P-256")


def tee_pubkey(key: jwk.JWK) -> dict[str, str]:
    """Return the public part with the members that the protocol sends."""
    public = json.loads(key.export_public())
    members = {name: public[name] for name in ("kty", "crv", "x", "y")}
    return {**members, "alg": KEY_ALGORITHM}


def encrypt(plaintext: bytes, pubkey: dict[str, Any]) -> dict[str, str]:
    """Return a resource as a flattened JWE for the client's key.

    Raises:
        ValueError: the key cannot be used.
    """
    try:
        key = jwk.JWK(**{name: pubkey[name] for name in ("kty", "crv", "x", "y")})
        header = json.dumps({"alg": KEY_ALGORITHM, "enc": CONTENT_ALGORITHM})
        token = jwe.JWE(plaintext, protected=header)
        token.add_recipient(key)
    except (KeyError, TypeError, ValueError, jwk.InvalidJWKValue, jwe.InvalidJWEData) as error:
        raise ValueError(f"tee-pubkey cannot be used: {type(error).__name__}") from None
    flattened: dict[str, str] = json.loads(token.serialize())
    return flattened


def decrypt(body: str, key: jwk.JWK) -> bytes:
    """Return the plaintext of a flattened JWE.

    Raises:
        ValueError: it is none, or not for this key.
    """
    try:
        token = jwe.JWE()
        token.deserialize(body, key)
    except (jwe.InvalidJWEData, jwe.InvalidJWEOperation, ValueError, KeyError):
        raise ValueError("the body is no JWE for this key") from None
    return bytes(token.payload)


def sign(claims: dict[str, Any], key: jwk.JWK) -> str:
    """Return a token signed with ES256, with the public key in its header."""
    public = {**json.loads(key.export_public()), "alg": "ES256"}
    header = {"typ": "JWT", "alg": "ES256", "jwk": public}
    token = jwt.JWT(header=header, claims=claims)
    token.make_signed_token(key)
    return str(token.serialize())


def verify(token: str, key: jwk.JWK, now: float) -> dict[str, Any]:
    """Return the claims of a token that this key signed and that has not expired.

    Raises:
        ValueError: it is not such a token.
    """
    try:
        signed = jws.JWS()
        signed.deserialize(token, key, alg="ES256")
        claims: dict[str, Any] = json.loads(signed.payload)
    except (jws.InvalidJWSObject, jws.InvalidJWSSignature, ValueError, TypeError):
        raise ValueError("the token is not one of ours") from None
    if float(claims.get("exp", 0)) <= now:
        raise ValueError("the token has expired")
    return claims
