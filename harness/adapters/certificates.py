"""Certificates of a local control plane: one authority for each run, gone with its state."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ..model.canary import MIN_LENGTH, Canaries

LIFETIME = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, as PEM files; the key can be read by its owner alone."""

    certificate: Path
    key: Path


class Authority:
    """A certificate authority that writes what it signs to one folder.

    Args:
        folder: Where certificates and keys go; it must be private.
        canaries: Where private keys are made known.
    """

    def __init__(self, folder: Path, canaries: Canaries) -> None:
        self._folder, self._canaries = folder, canaries
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "trustee-conformance")])
        constraint = x509.BasicConstraints(ca=True, path_length=0)
        builder = _builder(self._name, self._name, self._key.public_key())
        signed = builder.add_extension(constraint, critical=True).sign(self._key, hashes.SHA256())
        self.certificate = folder / "ca.crt"
        self.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))

    def server(self, name: str, hosts: Sequence[str]) -> Pair:
        """Sign a certificate for a server at these host names and addresses.

        It serves as a client too: etcd speaks to itself with its server certificate.
        """
        alternatives = x509.SubjectAlternativeName([_host(host) for host in hosts])
        usage = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        return self._sign(name, [], usage, alternatives)

    def client(self, name: str, groups: Sequence[str] = ()) -> Pair:
        """Sign a certificate that makes its holder this user, in these groups."""
        return self._sign(name, groups, [ExtendedKeyUsageOID.CLIENT_AUTH], None)

    def key_pair(self, name: str) -> Pair:
        """Make a key and its public part, unsigned, to sign tokens with."""
        key = ec.generate_private_key(ec.SECP256R1())
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return self._write(name, key, public)

    def _sign(
        self,
        name: str,
        groups: Sequence[str],
        usage: Sequence[x509.ObjectIdentifier],
        alternatives: x509.SubjectAlternativeName | None,
    ) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
        subject = x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = _builder(subject, self._name, key.public_key())
        builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=False)
        if alternatives is not None:
            builder = builder.add_extension(alternatives, critical=False)
        signed = builder.sign(self._key, hashes.SHA256())
        return self._write(name, key, signed.public_bytes(serialization.Encoding.PEM))

    def _write(self, name: str, key: ec.EllipticCurvePrivateKey, public: bytes) -> Pair:
        stem = name.replace(":", "-")
        pair = Pair(self._folder / f"{stem}.crt", self._folder / f"{stem}.key")
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        pair.certificate.write_bytes(public)
        pair.key.touch(0o600)
        pair.key.write_bytes(private)
        for line in private.decode().splitlines():
            if not line.startswith("-") and len(line) >= MIN_LENGTH:
                self._canaries.add(f"private key of {name}", line)
        return pair


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + LIFETIME)
    )


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
