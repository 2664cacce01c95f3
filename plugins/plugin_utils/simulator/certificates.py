# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate authority of one rehearsal: it signs the hosts' certificates and one client's; its key is not kept."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Final

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
except ImportError:
    HAS_CRYPTOGRAPHY = False
else:
    HAS_CRYPTOGRAPHY = True

_LIFETIME: Final = timedelta(days=30)
_EARLY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificatePaths:
    """Where the files are; the keys are readable by their owner alone."""

    ca_cert: Path
    server_cert: Path
    server_key: Path
    client_cert: Path
    client_key: Path


@dataclass(frozen=True, slots=True)
class _Authority:
    name: x509.Name
    key: ec.EllipticCurvePrivateKey
    now: datetime


def issue(directory: Path, *, host_names: Sequence[str], client_name: str) -> CertificatePaths:
    """Make a CA, one server certificate for all hosts and one client certificate whose CN is ``client_name``."""
    authority = _Authority(_name("hyperv.replica simulator"), ec.generate_private_key(ec.SECP256R1()), _utc_now())
    paths = CertificatePaths(
        ca_cert=directory / "ca.pem",
        server_cert=directory / "server.pem",
        server_key=directory / "server.key",
        client_cert=directory / "client.pem",
        client_key=directory / "client.key",
    )
    _write(paths.ca_cert, _pem(_ca_certificate(authority)))
    names = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), *(x509.DNSName(n) for n in ("localhost", *host_names))]
    server_key = ec.generate_private_key(ec.SECP256R1())
    server = _leaf(authority, "localhost", server_key, ExtendedKeyUsageOID.SERVER_AUTH, names)
    _write(paths.server_cert, _pem(server))
    _write(paths.server_key, _key_pem(server_key))
    client_key = ec.generate_private_key(ec.SECP256R1())
    client = _leaf(authority, client_name, client_key, ExtendedKeyUsageOID.CLIENT_AUTH, [])
    _write(paths.client_cert, _pem(client))
    _write(paths.client_key, _key_pem(client_key))
    return paths


def _ca_certificate(authority: _Authority) -> x509.Certificate:
    builder = _builder(authority, authority.name, authority.key)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return builder.add_extension(_usage(signs_certificates=True), critical=True).sign(authority.key, hashes.SHA256())


def _leaf(
    authority: _Authority,
    common_name: str,
    key: ec.EllipticCurvePrivateKey,
    purpose: x509.ObjectIdentifier,
    names: Sequence[x509.GeneralName],
) -> x509.Certificate:
    builder = _builder(authority, _name(common_name), key)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    builder = builder.add_extension(issuer_key, critical=False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(authority.key, hashes.SHA256())


def _builder(authority: _Authority, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .issuer_name(authority.name)
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(authority.now - _EARLY)
        .not_valid_after(authority.now + _LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)


def _utc_now() -> datetime:
    return datetime.now(timezone.utc)
