# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import ipaddress
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ansible_collections.hyperv.replica.plugins.module_utils._errors import NotDelivered
from ansible_collections.hyperv.replica.plugins.module_utils._transport.session import SessionCarrier
from ansible_collections.hyperv.replica.plugins.module_utils._transport.via_pypsrp import open_pypsrp
from ansible_collections.hyperv.replica.plugins.module_utils._transport.via_pywinrm import open_pywinrm
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._transport.fake_host import (
    ANSWER,
    PASSWORD,
    USER,
    FakeHost,
)

CHANGE = b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>change</s:Body></s:Envelope>'


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path / "certificate.pem"
    path.write_bytes(made.public_bytes(pem) + secret)
    return path


def listening(folder: Path, scheme: str, certificate: Path, *, asks_client: bool = False) -> FakeHost:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    if asks_client:
        tls.verify_mode = ssl.CERT_REQUIRED
        tls.load_verify_locations(certificate)
    return FakeHost(folder, scheme, tls=tls)


def carrier_by(library: str, auth: str, port: int, ca: object, certificate: Path | None = None) -> SessionCarrier:
    pem = None if certificate is None else str(certificate)
    if library == "pypsrp":
        psrp: dict[str, object] = {"server": "127.0.0.1", "port": port, "ssl": True, "no_proxy": True, "auth": auth}
        psrp |= {"username": USER, "password": PASSWORD, "connection_timeout": 2, "read_timeout": 2}
        psrp |= {"cert_validation": ca, "certificate_pem": pem, "certificate_key_pem": pem}
        return SessionCarrier("hv-a", lambda: open_pypsrp("hv-a", psrp))
    winrm: dict[str, object] = {"endpoint": f"https://127.0.0.1:{port}/wsman", "proxy": None, "read_timeout_sec": 2}
    winrm |= {"username": USER, "password": PASSWORD, "cert_pem": pem, "cert_key_pem": pem}
    winrm |= {"server_cert_validation": "validate" if ca else "ignore"}
    winrm |= {"ca_trust_path": ca} if isinstance(ca, str) else {}
    return SessionCarrier("hv-a", lambda: open_pywinrm("hv-a", (auth,), winrm))


@pytest.fixture(params=["pypsrp", "pywinrm"])
def library(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("auth", ["basic", "ntlm"])
def test_a_host_whose_issuer_is_named_is_trusted(library: str, auth: str, certificate: Path, tmp_path: Path) -> None:
    with listening(tmp_path, auth, certificate) as host:
        carrier = carrier_by(library, auth, host.port, str(certificate))

        assert carrier.exchange(CHANGE, repeatable=False) == ANSWER
        assert carrier.exchange(CHANGE, repeatable=False) == ANSWER
        carrier.close()

    assert host.arrivals == [CHANGE, CHANGE]


@pytest.mark.parametrize("auth", ["basic", "ntlm"])
def test_a_host_of_unknown_issue_is_not_spoken_to(library: str, auth: str, certificate: Path, tmp_path: Path) -> None:
    with listening(tmp_path, auth, certificate) as host, pytest.raises(NotDelivered) as raised:
        carrier_by(library, auth, host.port, True).exchange(CHANGE, repeatable=False)

    assert "certificate is not trusted" in raised.value.cause
    assert host.arrivals == []


def test_a_host_is_spoken_to_unchecked_when_that_was_asked_for(library: str, certificate: Path, tmp_path: Path) -> None:
    with listening(tmp_path, "ntlm", certificate) as host:
        carrier = carrier_by(library, "ntlm", host.port, False)

        assert carrier.exchange(CHANGE, repeatable=False) == ANSWER
        carrier.close()


def test_a_client_certificate_signs_in(library: str, certificate: Path, tmp_path: Path) -> None:
    with listening(tmp_path, "certificate", certificate, asks_client=True) as host:
        carrier = carrier_by(library, "certificate", host.port, str(certificate), certificate)

        assert carrier.exchange(CHANGE, repeatable=False) == ANSWER
        carrier.close()


def test_a_port_that_speaks_no_tls_is_named_as_the_cause(library: str, tmp_path: Path) -> None:
    with FakeHost(tmp_path) as host, pytest.raises(NotDelivered) as raised:
        carrier_by(library, "basic", host.port, False).exchange(CHANGE, repeatable=False)

    assert raised.value.cause == "no TLS could be agreed on"


@pytest.mark.parametrize("trouble", ["401 after", "cut after", "html 502"])
def test_a_change_is_delivered_once_over_tls_too(library: str, trouble: str, certificate: Path, tmp_path: Path) -> None:
    with listening(tmp_path, "ntlm", certificate) as host:
        host.orders = ["", trouble]
        carrier = carrier_by(library, "ntlm", host.port, str(certificate))
        carrier.exchange(CHANGE, repeatable=False)
        with pytest.raises(Exception, match="hv-a"):
            carrier.exchange(CHANGE, repeatable=False)

    assert len(host.arrivals) == 2
