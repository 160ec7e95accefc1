"""Which tokens the KBS double believes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from trustee_conformance.harness.reference.kbs.token import Signer, Trust

NOW = 1_000_000
CLAIMS = {"exp": NOW + 10, "x": 1}


def certificate(key, name: str, issuer=None, issuer_key=None) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    start = datetime.now(UTC) - timedelta(days=1)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=2))
        .sign(issuer_key or key, hashes.SHA256())
    )


def write(folder, name: str, content) -> object:
    path = folder / name
    if isinstance(content, x509.Certificate):
        path.write_bytes(content.public_bytes(Encoding.PEM))
    else:
        path.write_bytes(content.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


def test_an_ephemeral_key_is_believed_where_any_is():
    token = Signer.ephemeral().sign(CLAIMS)
    assert Trust(any_key=True).verify(token, NOW) == CLAIMS
    with pytest.raises(ValueError, match="cannot be verified"):
        Trust(any_key=False).verify(token, NOW)


def test_a_key_is_believed_that_a_trusted_certificate_endorses(tmp_path):
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = certificate(root_key, "root")
    leaf = certificate(key, "signer", root, root_key)
    signer = Signer.load(write(tmp_path, "key", key), write(tmp_path, "leaf", leaf))
    token = signer.sign(CLAIMS)
    for trusted in ("root", "leaf"):
        path = write(tmp_path, trusted, {"root": root, "leaf": leaf}[trusted])
        assert Trust(any_key=False, certificates=(path,)).verify(token, NOW) == CLAIMS
    stranger = write(tmp_path, "stranger", certificate(root_key, "stranger"))
    other_key = ec.generate_private_key(ec.SECP256R1())
    forged = write(tmp_path, "forged", certificate(other_key, "root"))
    for path in (stranger, forged):
        with pytest.raises(ValueError, match="cannot be verified"):
            Trust(any_key=False, certificates=(path,)).verify(token, NOW)


def test_a_certificate_of_another_key_endorses_nothing(tmp_path):
    key, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    path = write(tmp_path, "other", certificate(other, "other"))
    token = Signer.load(write(tmp_path, "key", key), path).sign(CLAIMS)
    with pytest.raises(ValueError, match="cannot be verified"):
        Trust(any_key=False, certificates=(path,)).verify(token, NOW)


def test_a_signer_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(ValueError, match="token signer"):
        Signer.load(tmp_path / "absent", None)


def tokens():
    key, other = ECKey.generate_key("P-256"), ECKey.generate_key("P-256")
    public = {**key.as_dict(private=False), "alg": "ES256"}
    secret = OctKey.generate_key(256)

    def signed(header, claims=CLAIMS, by=key, alg="ES256"):
        return jwt.encode({"alg": alg, **header}, claims, by, algorithms=[alg])

    yield "no key", signed({})
    yield "another key", signed({"jwk": {**other.as_dict(private=False), "alg": "ES256"}})
    yield "no algorithm", signed({"jwk": key.as_dict(private=False)})
    yield "no expiry", signed({"jwk": public}, {"x": 1})
    yield "for another", signed({"jwk": public}, {**CLAIMS, "aud": "other"})
    yield (
        "a shared secret",
        signed({"jwk": {**secret.as_dict(), "alg": "HS256"}}, by=secret, alg="HS256"),
    )
    yield "changed", signed({"jwk": public})[:-3] + "AAA"
    yield "nonsense", "nonsense"
    yield "empty parts", ".."
    yield "expiry that is none", signed({"jwk": public}, {"exp": float("nan")})


@pytest.mark.parametrize("token", [pytest.param(token, id=name) for name, token in tokens()])
def test_other_tokens_are_not_believed(token):
    with pytest.raises(ValueError, match=r"cannot be verified|expired or is for somebody else"):
        Trust(any_key=True).verify(token, NOW)


@pytest.mark.parametrize(
    ("claims", "paths"),
    [
        ({"attester_runtime_data": {"tee-pubkey": "K"}}, ()),
        ({"customized_claims": {"runtime_data": {"tee-pubkey": "K"}}}, ()),
        ({"mine": {"key": "K"}}, ("/mine/key",)),
    ],
)
def test_the_clients_key_is_found_where_other_services_put_it(claims, paths):
    assert Trust(any_key=True, key_paths=paths).tee_pubkey(claims) == "K"


def test_a_token_without_the_clients_key_is_told():
    with pytest.raises(ValueError, match="names no key"):
        Trust(any_key=True).tee_pubkey({"submods": {"cpu0": "x"}})
