# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates as a host lists them, issued by a library that is not ours."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.certificates import read_certificate

BEGINS = datetime(2026, 1, 1, tzinfo=timezone.utc)
BOTH = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)


def issued(
    name: str = "hv-b.example.test",
    *,
    also: Sequence[str] = (),
    days: int = 365,
    begins: datetime = BEGINS,
    uses: Sequence[x509.ObjectIdentifier] | None = BOTH,
) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(4711).not_valid_before(begins).not_valid_after(begins + timedelta(days=days))
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    if also:
        names = x509.SubjectAlternativeName([x509.DNSName(one) for one in also])
        builder = builder.add_extension(names, critical=False)
    if uses is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(list(uses)), critical=False)
    return builder.sign(key, hashes.SHA256())


def encoded(certificate: x509.Certificate) -> str:
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()


def thumbprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - what Windows shows


def test_thumbprint_names_and_times_are_those_that_the_library_wrote() -> None:
    made = issued("hv-b", also=["hv-b.example.test", "broker.example.test"], days=30)

    read = read_certificate(encoded(made))

    assert read.thumbprint == thumbprint(made)
    assert read.names == ("hv-b", "hv-b.example.test", "broker.example.test")
    assert (read.begins, read.ends) == (BEGINS, BEGINS + timedelta(days=30))


def test_a_time_after_2049_is_read_too() -> None:
    read = read_certificate(encoded(issued(days=40 * 365)))

    assert read.ends == BEGINS + timedelta(days=40 * 365)


@pytest.mark.parametrize(
    ("uses", "usable"),
    [
        (BOTH, True),
        (None, True),
        ((ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,), True),
        ((ExtendedKeyUsageOID.SERVER_AUTH,), False),
        ((ExtendedKeyUsageOID.CODE_SIGNING,), False),
    ],
)
def test_replication_needs_client_and_server_authentication(
    uses: Sequence[x509.ObjectIdentifier] | None, usable: bool
) -> None:
    assert read_certificate(encoded(issued(uses=uses))).usable is usable


def test_a_name_matches_in_any_case_and_by_a_wildcard_of_its_first_label() -> None:
    read = read_certificate(encoded(issued("hv-b", also=["*.example.test"])))

    assert read.is_for("HV-B")
    assert read.is_for("anything.Example.Test")
    assert not read.is_for("a.b.example.test")


def test_it_has_to_be_in_force_and_to_stay_so_for_as_long_as_asked() -> None:
    read = read_certificate(encoded(issued(days=30)))

    assert not read.valid_at(BEGINS - timedelta(seconds=1))
    assert read.valid_at(BEGINS, timedelta(days=29))
    assert not read.valid_at(BEGINS, timedelta(days=30))


@pytest.mark.parametrize("text", ["", "!", base64.b64encode(b"\x30\x05\x02\x01\x01").decode(), "MIIB", "MIIBvzCCAW"])
def test_what_is_no_certificate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_certificate(text)


@pytest.mark.parametrize("cut", [10, 50, 100, 200, -20, -1])
def test_a_certificate_that_was_cut_is_refused(cut: int) -> None:
    whole = issued().public_bytes(serialization.Encoding.DER)

    with pytest.raises(ValueError, match=r"."):
        read_certificate(base64.b64encode(whole[:cut]).decode())
