"""The JOSE of the protocol: the client's key and the encrypted resource.

Source: confidential-containers/trustee `kbs/src/jwe/mod.rs` and guest-components
`attestation-agent/kbs_protocol/src/keypair.rs`, and recorded exchanges.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from joserfc import jwe
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, KeyParameters, RSAKey

EC_ALGORITHM = "ECDH-ES+A256KW"
RSA_ALGORITHMS = ("RSA-OAEP-256", "RSA1_5")
CONTENT_ALGORITHM = "A256GCM"

CURVES = ("P-256", "P-521")

EC_MEMBERS = ("kty", "crv", "alg", "x", "y")
RSA_MEMBERS = ("kty", "alg", "n", "e")

PARTS = ("protected", "encrypted_key", "iv", "ciphertext", "tag")
"""The members of a flattened JWE, in the order in which the compact form has them."""

MAX_CIPHERTEXT = 2 << 20
"""Base64 digits of a ciphertext: a Kubernetes Secret holds 1 MiB at most."""

TeeKey = ECKey | RSAKey
"""A client's key pair."""


class _Registry(jwe.JWERegistry):
    max_ciphertext_length = MAX_CIPHERTEXT


_REGISTRY = _Registry(algorithms=[EC_ALGORITHM, *RSA_ALGORITHMS, CONTENT_ALGORITHM])


def new_key() -> ECKey:
    """Return a new EC P-256 key, what clients use from v0.12 on."""
    return ECKey.generate_key("P-256")


def private_key(pem: bytes) -> TeeKey:
    """Return the key pair of a PEM file: EC P-256 or P-521, or RSA.

    Raises:
        ValueError: it is none of these.
    """
    for kind in (ECKey, RSAKey):
        try:
            key = kind.import_key(pem)
            if key.is_private:
                tee_pubkey(key)
                return key
        except (JoseError, KeyError, TypeError, ValueError):
            continue
    raise ValueError("expected a private key in PEM: EC P-256, EC P-521 or RSA")


def tee_pubkey(key: TeeKey) -> dict[str, str]:
    """Return the public part with the members that the protocol sends.

    Raises:
        ValueError: the protocol knows no such key.
    """
    algorithm = RSA_ALGORITHMS[0] if isinstance(key, RSAKey) else EC_ALGORITHM
    _check(key, algorithm)
    return read_pubkey({**key.as_dict(private=False), "alg": algorithm})


def read_pubkey(jwk: object) -> dict[str, str]:
    """Return the members of a public key that KBS knows; others are passed over.

    Raises:
        ValueError: it is no EC or RSA key, or lacks a member.
    """
    members = {"EC": EC_MEMBERS, "RSA": RSA_MEMBERS}
    try:
        kind = jwk["kty"]  # type: ignore[index]
        read = {name: jwk[name] for name in members[kind]}  # type: ignore[index]
    except (KeyError, TypeError):
        raise ValueError("not a key that the protocol knows") from None
    if not all(isinstance(value, str) for value in read.values()):
        raise ValueError("a key's members are text")
    return read


def encrypt(plaintext: bytes, pubkey: Mapping[str, Any]) -> dict[str, str]:
    """Return a resource as a flattened JWE for the client's key.

    For EC keys the ephemeral key stands in the protected header. The additional authenticated
    data is the protected header as sent.

    Raises:
        ValueError: the key cannot be used.
    """
    try:
        read = read_pubkey(pubkey)
        algorithm = read.pop("alg")
        key = _import(read)
        _check(key, algorithm)
        header = {"alg": algorithm, "enc": CONTENT_ALGORITHM}
        with _without_advice():
            compact = jwe.encrypt_compact(header, plaintext, key, registry=_REGISTRY)
    except (JoseError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"tee-pubkey cannot be used: {type(error).__name__}") from None
    return dict(zip(PARTS, compact.split("."), strict=True))


def decrypt(body: Any, key: TeeKey) -> bytes:
    """Return the plaintext of a flattened JWE.

    It is read in the compact form, because that is what was authenticated: a header that is
    decoded and encoded anew may be spelt in another way.

    Raises:
        ValueError: it is none, or not for this key.
    """
    try:
        compact = _compact(body)
        return bytes(_open(compact, key).plaintext or b"")
    except (JoseError, KeyError, TypeError, ValueError, AttributeError):
        raise ValueError("the body is no JWE for this key") from None


def _compact(body: Any) -> str:
    if body.get("aad") is not None:
        raise ValueError("further authenticated data is not of this protocol")
    return ".".join(body[name] for name in PARTS)


def _open(compact: str, key: TeeKey) -> jwe.CompactEncryption:
    with _without_advice():
        return jwe.decrypt_compact(compact, key, registry=_REGISTRY)


@contextmanager
def _without_advice() -> Iterator[None]:
    """The library advises against RSA1_5, which the real KBS serves all the same."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        yield


class _Recipient(ECKey):
    """A client's key; the ephemeral key of an encryption is made of the same class.

    The real client does not authenticate the protected header as it came but encodes it anew, its
    members sorted (kbs-types `ProtectedHeader::generate_aad`): ours must be sorted when it is sent.
    """

    def as_dict(self, private: bool = False, **params: Any) -> dict[str, Any]:  # noqa: FBT001, FBT002
        """Return the members in the order of their names."""
        return dict(sorted(super().as_dict(private, **params).items()))


def _import(members: KeyParameters | dict[str, str]) -> TeeKey:
    kind = RSAKey if members["kty"] == "RSA" else _Recipient  # type: ignore[typeddict-item]
    return kind.import_key(members)  # type: ignore[arg-type]


def _check(key: TeeKey, algorithm: str) -> None:
    known = RSA_ALGORITHMS if isinstance(key, RSAKey) else (EC_ALGORITHM,)
    if algorithm not in known:
        raise ValueError("not an algorithm that the protocol knows")
    if isinstance(key, ECKey) and key.curve_name not in CURVES:
        raise ValueError("not a curve that the protocol knows")
