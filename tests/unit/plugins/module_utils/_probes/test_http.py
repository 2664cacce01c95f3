# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress
import random
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ansible_collections.hyperv.replica.plugins.module_utils._probes.certificate import not_after
from ansible_collections.hyperv.replica.plugins.module_utils._probes.http import MAX_BODY, Page, probe_http

NOT_AFTER = datetime(2040, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


@contextmanager
def _server(
    *pieces: bytes, pause: float = 0, context: ssl.SSLContext | None = None
) -> Iterator[tuple[int, list[bytes]]]:
    """Answer one connection with these bytes; give the port and what was asked."""
    asked: list[bytes] = []

    def answer() -> None:
        try:
            plain, _peer = listener.accept()
            sock = context.wrap_socket(plain, server_side=True) if context else plain
            with sock:
                asked.append(sock.recv(65536))
                for piece in pieces:
                    sock.sendall(piece)
                    time.sleep(pause)
        except OSError:
            return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield listener.getsockname()[1], asked
        listener.close()
        thread.join(5)


def _response(status: int, body: bytes) -> bytes:
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


def test_the_right_status_and_text_are_right() -> None:
    with _server(_response(200, "Grüße: gesund".encode())) as (port, asked):
        result = probe_http(f"http://127.0.0.1:{port}/health?x=1", Page(contains="gesund"), timeout=2)

    assert result.ok
    assert asked[0].startswith(b"GET /health?x=1 HTTP/1.1\r\n")
    assert result.certificate_expires is None


@pytest.mark.parametrize(("status", "contains", "word"), [(200, "", "503"), (503, "well", "'well'")])
def test_another_status_or_a_missing_text_is_wrong_and_says_what_came(status: int, contains: str, word: str) -> None:
    with _server(_response(503, b"down")) as (port, _asked):
        result = probe_http(f"http://127.0.0.1:{port}/", Page(status=[status], contains=contains), timeout=2)

    assert not result.ok
    assert word in result.detail


def test_a_redirection_is_an_answer_and_is_not_followed() -> None:
    with _server(b"HTTP/1.1 302 X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n") as (port, _asked):
        assert probe_http(f"http://127.0.0.1:{port}/", Page(status=[302]), timeout=2).ok


def test_a_text_beyond_the_first_mebibyte_is_not_looked_for() -> None:
    with _server(_response(200, b" " * MAX_BODY + b"here")) as (port, _asked):
        assert not probe_http(f"http://127.0.0.1:{port}/", Page(contains="here"), timeout=5).ok


def test_a_server_that_drips_does_not_hold_the_probe_beyond_its_time() -> None:
    drops = [b"HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\n", *[b"x"] * 20]
    with _server(*drops, pause=0.1) as (port, _asked):
        result = probe_http(f"http://127.0.0.1:{port}/", Page(), timeout=0.3)

    assert not result.ok
    assert "no answer within 0.3 seconds" in result.detail
    assert result.seconds < 1.5


def test_a_silent_server_fails_in_time() -> None:
    with _server(b"", pause=0.2) as (port, _asked):
        result = probe_http(f"http://127.0.0.1:{port}/", Page(), timeout=0.1)

    assert not result.ok
    assert result.seconds < 1


@pytest.mark.parametrize("piece", [b"", b"\x00\xff", b"HTTP/1.1 abc\r\n\r\n", b"x" * 100_000])
def test_what_is_not_http_fails_and_raises_nothing(piece: bytes) -> None:
    with _server(piece) as (port, _asked):
        assert not probe_http(f"http://127.0.0.1:{port}/", Page(), timeout=2).ok


@pytest.mark.parametrize(
    "url",
    [
        "ftp://h/",
        "http://",
        "h",
        "",
        "http://h:99999/",
        "http://[::1/",
        "http://user:s3cret@127.0.0.1/",
        "http://h\x00/",
    ],
)
def test_a_url_that_is_none_fails_and_shows_no_password(url: str) -> None:
    result = probe_http(url, Page(), timeout=1)

    assert not result.ok
    assert "s3cret" not in result.detail


def test_a_token_in_the_query_is_not_shown() -> None:
    with _server(_response(500, b"")) as (port, _asked):
        result = probe_http(f"http://127.0.0.1:{port}/a?token=s3cret#f", Page(), timeout=2)

    assert "s3cret" not in result.detail


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with _server(_response(200, b"")) as (port, _asked):
        assert probe_http(f"http://127.0.0.1:{port}/", Page(), timeout=2).ok


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, as one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime.now(timezone.utc) - timedelta(days=1))
        .not_valid_after(NOT_AFTER)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "server.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


def _serving(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_a_certificate_of_a_known_authority_is_accepted_and_its_expiry_told(certificate: Path) -> None:
    with _server(_response(200, b""), context=_serving(certificate)) as (port, _asked):
        result = probe_http(f"https://127.0.0.1:{port}/", Page(ca_path=str(certificate)), timeout=2)

    assert result.ok
    assert result.certificate_expires == NOT_AFTER


def test_a_certificate_of_an_unknown_authority_is_refused_unless_told_otherwise(certificate: Path) -> None:
    with _server(_response(200, b""), context=_serving(certificate)) as (port, _asked):
        strict = probe_http(f"https://127.0.0.1:{port}/", Page(), timeout=2)
    with _server(_response(200, b""), context=_serving(certificate)) as (port, _asked):
        lax = probe_http(f"https://127.0.0.1:{port}/", Page(validate=False), timeout=2)

    assert not strict.ok
    assert "certificate" in strict.detail
    assert lax.ok


def test_authorities_that_are_not_there_fail_and_raise_nothing(tmp_path: Path) -> None:
    result = probe_http("https://127.0.0.1:9/", Page(ca_path=str(tmp_path / "none")), timeout=1)

    assert not result.ok


@pytest.mark.parametrize("validate", [True, False])
@pytest.mark.parametrize(("days", "good"), [(29, True), (31, False)])
def test_a_certificate_that_ends_too_soon_fails_whether_validated_or_not(
    certificate: Path, validate: bool, days: int, good: bool
) -> None:
    wanted = Page(certificate_days=days, validate=validate, ca_path=str(certificate))
    with _server(_response(200, b""), context=_serving(certificate)) as (port, _asked):
        result = probe_http(f"https://127.0.0.1:{port}/", wanted, timeout=2, now=NOT_AFTER - timedelta(days=30))

    assert result.ok is good, result.detail
    assert good or "expires in 30 days, on 2040-01-02" in result.detail


def test_days_of_a_certificate_cannot_be_had_without_one() -> None:
    with _server(_response(200, b"")) as (port, _asked):
        assert not probe_http(f"http://127.0.0.1:{port}/", Page(certificate_days=1), timeout=2).ok


def test_the_end_of_a_certificate_is_read_from_its_bytes_and_no_changed_byte_raises(certificate: Path) -> None:
    der = ssl.PEM_cert_to_DER_cert(certificate.read_text().partition("-----BEGIN PRIVATE")[0])
    chance = random.Random(7)

    assert not_after(der) == NOT_AFTER
    for length in range(len(der)):
        not_after(der[:length])
    for _time in range(3000):
        changed = bytearray(der)
        changed[chance.randrange(len(changed))] = chance.randrange(256)
        not_after(bytes(changed))


def test_an_address_is_asked_for_the_host_of_the_url_whose_certificate_it_must_show(certificate: Path) -> None:
    with _server(_response(200, b"well")) as (port, asked):
        result = probe_http(f"http://www.example.test:{port}/", Page(address="127.0.0.1", contains="well"), timeout=2)
        host = f"Host: www.example.test:{port}".encode()
    with _server(_response(200, b""), context=_serving(certificate)) as (port, _asked):
        wanted = Page(address="127.0.0.1", ca_path=str(certificate))
        stranger = probe_http(f"https://www.example.test:{port}/", wanted, timeout=2)

    assert result.ok, result.detail
    assert host in asked[0]
    assert "certificate" in stranger.detail
