"""Our JOSE against a second, independent library, in both directions, for every kind of key."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, RSAKey
from jwcrypto import jwe, jwk
from trustee_conformance.harness.reference import jose

KEYS = {
    "P-256": jose.new_key(),
    "P-521": ECKey.generate_key("P-521"),
    "RSA": RSAKey.generate_key(2048),
}
ALGORITHMS = {"P-256": "ECDH-ES+A256KW", "P-521": "ECDH-ES+A256KW", "RSA": "RSA-OAEP-256"}

kinds = st.sampled_from(sorted(KEYS))


def theirs(kind: str) -> jwk.JWK:
    return jwk.JWK(**KEYS[kind].as_dict(private=True))


@given(kinds, st.binary(max_size=500))
def test_what_we_encrypt_we_decrypt(kind, plaintext):
    key = KEYS[kind]
    assert jose.decrypt(jose.encrypt(plaintext, jose.tee_pubkey(key)), key) == plaintext


@given(kinds, st.binary(min_size=1, max_size=500))
def test_the_other_library_decrypts_what_we_encrypt(kind, plaintext):
    opened = jwe.JWE()
    opened.deserialize(
        json.dumps(jose.encrypt(plaintext, jose.tee_pubkey(KEYS[kind]))), theirs(kind)
    )
    assert opened.payload == plaintext


@given(kinds, st.binary(min_size=1, max_size=500))
def test_we_decrypt_what_the_other_library_encrypts(kind, plaintext):
    sealed = jwe.JWE(plaintext, json.dumps({"alg": ALGORITHMS[kind], "enc": "A256GCM"}))
    sealed.add_recipient(theirs(kind))
    compact = sealed.serialize(compact=True).split(".")
    assert jose.decrypt(dict(zip(jose.PARTS, compact, strict=True)), KEYS[kind]) == plaintext


@pytest.mark.parametrize("kind", KEYS)
def test_the_real_client_finds_the_header_that_it_encodes_anew(kind):
    sent = jose.encrypt(b"value", jose.tee_pubkey(KEYS[kind]))
    padded = sent["protected"] + "=" * (-len(sent["protected"]) % 4)
    header = json.loads(base64.urlsafe_b64decode(padded))
    fixed = {name: header.pop(name) for name in ("alg", "enc")}
    anew = json.dumps(fixed | json.loads(json.dumps(header, sort_keys=True)), separators=(",", ":"))
    again = base64.urlsafe_b64encode(anew.encode()).rstrip(b"=").decode()
    assert jose.decrypt({**sent, "protected": again}, KEYS[kind]) == b"value"


def test_rsa_1_5_of_older_clients_is_served():
    pubkey = {**jose.tee_pubkey(KEYS["RSA"]), "alg": "RSA1_5"}
    opened = jwe.JWE(algs=["RSA1_5", "A256GCM"])
    opened.deserialize(json.dumps(jose.encrypt(b"value", pubkey)), theirs("RSA"))
    assert opened.payload == b"value"


@pytest.mark.parametrize(
    "pubkey",
    [
        {},
        {"kty": "oct", "k": "AAAA"},
        {**jose.tee_pubkey(KEYS["P-256"]), "alg": "RSA-OAEP-256"},
        {**jose.tee_pubkey(KEYS["RSA"]), "alg": "ECDH-ES+A256KW"},
        {**jose.tee_pubkey(KEYS["P-256"]), "x": "AAAA"},
        {**jose.tee_pubkey(KEYS["P-256"]), "x": 1},
        {**ECKey.generate_key("P-384").as_dict(private=False), "alg": "ECDH-ES+A256KW"},
    ],
)
def test_nothing_is_encrypted_for_a_key_that_the_protocol_does_not_know(pubkey):
    with pytest.raises(ValueError, match="tee-pubkey cannot be used"):
        jose.encrypt(b"value", pubkey)


@pytest.mark.parametrize("kind", KEYS)
def test_private_keys_are_read_from_pem(kind):
    read = jose.private_key(KEYS[kind].as_pem(private=True))
    assert jose.tee_pubkey(read) == jose.tee_pubkey(KEYS[kind])


@pytest.mark.parametrize(
    "pem",
    [b"", b"nonsense", KEYS["P-256"].as_pem(private=False), ECKey.generate_key("P-384").as_pem()],
    ids=["empty", "nonsense", "public", "P-384"],
)
def test_other_files_are_no_private_keys(pem):
    with pytest.raises(ValueError, match="expected a private key"):
        jose.private_key(pem)


@given(
    st.recursive(
        st.none() | st.text() | st.integers(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(jose.PARTS), inner)
        ),
    )
)
def test_nonsense_is_no_jwe(body):
    with pytest.raises(ValueError, match="no JWE"):
        jose.decrypt(body, KEYS["P-256"])
