"""Our JOSE against a second, independent library, in both directions."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwcrypto import jwe, jwk
from trustee_conformance.harness.reference import jose

KEY = jose.new_key()
OTHER = jwk.JWK(**KEY.as_dict(private=True))


@given(st.binary(max_size=500))
def test_what_we_encrypt_we_decrypt(plaintext):
    assert jose.decrypt(jose.encrypt(plaintext, jose.tee_pubkey(KEY)), KEY) == plaintext


@given(st.binary(min_size=1, max_size=500))
def test_the_other_library_decrypts_what_we_encrypt(plaintext):
    theirs = jwe.JWE()
    theirs.deserialize(json.dumps(jose.encrypt(plaintext, jose.tee_pubkey(KEY))), OTHER)
    assert theirs.payload == plaintext


@given(st.binary(min_size=1, max_size=500))
def test_we_decrypt_what_the_other_library_encrypts(plaintext):
    theirs = jwe.JWE(plaintext, json.dumps({"alg": "ECDH-ES+A256KW", "enc": "A256GCM"}))
    theirs.add_recipient(OTHER)
    compact = theirs.serialize(compact=True).split(".")
    assert jose.decrypt(dict(zip(jose.PARTS, compact, strict=True)), KEY) == plaintext


def test_the_flattened_form_is_the_recorded_one():
    body = jose.encrypt(b"value", jose.tee_pubkey(KEY))
    assert set(body) == {"protected", "encrypted_key", "iv", "ciphertext", "tag"}
    other = jwe.JWE()
    other.deserialize(json.dumps(body))
    assert set(other.jose_header) == {"alg", "enc", "epk"}


@given(
    st.recursive(
        st.none() | st.text() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_nonsense_is_no_jwe(body):
    with pytest.raises(ValueError, match="no JWE"):
        jose.decrypt(body, KEY)


def test_a_token_is_ours_until_it_expires():
    token = jose.sign({"exp": 100, "x": 1}, KEY)
    assert jose.verify(token, KEY, now=99)["x"] == 1
    with pytest.raises(ValueError, match="expired"):
        jose.verify(token, KEY, now=100)
    with pytest.raises(ValueError, match="not one of ours"):
        jose.verify(token, jose.new_key(), now=99)
    with pytest.raises(ValueError, match="not one of ours"):
        jose.verify(token[:-3] + "AAA", KEY, now=99)
