"""The JOSE of the protocol: the client's key, the token and the encrypted resource."""

from __future__ import annotations

from typing import Any

from joserfc import jwe, jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

KEY_ALGORITHM = "ECDH-ES+A256KW"
CONTENT_ALGORITHM = "A256GCM"
TOKEN_ALGORITHM = "ES256"  # noqa: S105 - an algorithm

PARTS = ("protected", "encrypted_key", "iv", "ciphertext", "tag")
"""The members of a flattened JWE, in the order in which the compact form has them."""

MAX_CIPHERTEXT = 2 << 20
"""Base64 digits of a ciphertext: a Kubernetes Secret holds 1 MiB at most."""


class _Registry(jwe.JWERegistry):
    max_ciphertext_length = MAX_CIPHERTEXT


_REGISTRY = _Registry(algorithms=[KEY_ALGORITHM, CONTENT_ALGORITHM])


def new_key() -> ECKey:
    """Return a new EC P-256 key, what clients use from v0.12 on."""
    return ECKey.generate_key("P-256")


def tee_pubkey(key: ECKey) -> dict[str, str]:
    """Return the public part with the members that the protocol sends."""
    public = key.as_dict(private=False)
    members = {name: str(public[name]) for name in ("kty", "crv", "x", "y")}
    return {**members, "alg": KEY_ALGORITHM}


def encrypt(plaintext: bytes, pubkey: dict[str, Any]) -> dict[str, str]:
    """Return a resource as a flattened JWE for the client's key.

    The ephemeral key stands in the protected header, as recorded from the real KBS.

    Raises:
        ValueError: the key cannot be used.
    """
    try:
        key = ECKey.import_key({name: pubkey[name] for name in ("kty", "crv", "x", "y")})
        header = {"alg": KEY_ALGORITHM, "enc": CONTENT_ALGORITHM}
        compact = jwe.encrypt_compact(header, plaintext, key, registry=_REGISTRY)
    except (JoseError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"tee-pubkey cannot be used: {type(error).__name__}") from None
    return dict(zip(PARTS, compact.split("."), strict=True))


def decrypt(body: Any, key: ECKey) -> bytes:
    """Return the plaintext of a flattened JWE.

    Raises:
        ValueError: it is none, or not for this key.
    """
    try:
        return bytes(jwe.decrypt_json(body, key, registry=_REGISTRY).plaintext or b"")
    except (JoseError, KeyError, TypeError, ValueError, AttributeError):
        raise ValueError("the body is no JWE for this key") from None


def sign(claims: dict[str, Any], key: ECKey) -> str:
    """Return a token signed with ES256, with the public key in its header."""
    public = {**key.as_dict(private=False), "alg": TOKEN_ALGORITHM}
    header = {"typ": "JWT", "alg": TOKEN_ALGORITHM, "jwk": public}
    return jwt.encode(header, claims, key, algorithms=[TOKEN_ALGORITHM])


def verify(token: str, key: ECKey, now: float) -> dict[str, Any]:
    """Return the claims of a token that this key signed and that has not expired.

    Raises:
        ValueError: it is not such a token.
    """
    registry = jws.JWSRegistry(algorithms=[TOKEN_ALGORITHM])
    try:
        decoded = jwt.decode(token, key, registry=registry)
        expires = float(decoded.claims.get("exp", 0))
    except (JoseError, KeyError, TypeError, ValueError):
        raise ValueError("the token is not one of ours") from None
    if expires <= now:
        raise ValueError("the token has expired")
    return dict(decoded.claims)
