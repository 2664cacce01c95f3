# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One door with a service that echoes: what reaches a caller, and what is asked of him first."""

from __future__ import annotations

import base64
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from pathlib import Path

import pytest
from pypsrp.exceptions import AuthenticationError
from pypsrp.wsman import WSMan
from winrm.exceptions import InvalidCredentialsError, WinRMTransportError
from winrm.protocol import Protocol

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.certificates import CertificatePaths, issue
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.doors import Door, server_tls
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.listener import (
    Caller,
    Reception,
    Turn,
    converse,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.signin import (
    MUTUAL,
    Account,
    Policy,
    SignIn,
    publish,
)

ACCOUNT = Account(user="operator", password="Pässwörd 1", domains=["EXAMPLE"], suffixes=["example.test"])
BASIC = "Basic " + base64.b64encode(b"operator:" + ACCOUNT.password.encode()).decode()
IDENTIFY = b"<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'>Identify</s:Envelope>"


@dataclass
class Host:
    """A service that says who asked what, behind an HTTP and an HTTPS door."""

    certificates: CertificatePaths
    policy: Policy = field(default_factory=Policy)
    turn: Turn = field(default_factory=Turn)
    callers: list[Caller] = field(default_factory=list)
    refusals: list[int] = field(default_factory=list)
    http: Door = field(init=False)
    https: Door = field(init=False)

    def __post_init__(self) -> None:
        certificates = self.certificates
        tls = server_tls(certificates.server_cert, certificates.server_key, certificates.ca_cert)
        self.http = Door(partial(self._converse, False))
        self.https = Door(partial(self._converse, True), tls=tls)
        self.http.open()
        self.https.open()

    def remove(self) -> None:
        self.http.remove()
        self.https.remove()

    def _converse(self, secure: bool, connection: socket.socket) -> None:
        reception = Reception(
            serve=self._serve,
            sign_in=partial(SignIn, ACCOUNT, self.policy, host="hv-a.example.test", secure=secure),
            secure=secure,
            plain_allowed=self.policy.allow_unencrypted,
            refused=lambda caller, status: self.refusals.append(int(status)),
        )
        converse(connection, reception)

    def _serve(self, body: bytes, caller: Caller) -> Turn:
        self.callers.append(caller)
        if self.turn.body or self.turn.cut or self.turn.forget:
            return self.turn
        return Turn(status=self.turn.status, body=b"<s:Envelope>" + body + b"</s:Envelope>", keep=self.turn.keep)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> CertificatePaths:
    directory = tmp_path_factory.mktemp("certificates")
    publish(ACCOUNT, directory)
    return issue(directory, host_names=["hv-a.example.test"], client_name="operator")


@pytest.fixture
def host(certificates: CertificatePaths) -> Iterator[Host]:
    host = Host(certificates)
    yield host
    host.remove()


def _post(host: Host, body: bytes = b"ask", path: str = "/wsman", **headers: str) -> HTTPResponse:
    connection = HTTPConnection("127.0.0.1", host.http.port, timeout=5)
    connection.request("POST", path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    return connection.getresponse()


def _pypsrp(host: Host, **options: object) -> WSMan:
    settings: dict[str, object] = {"port": host.http.port, "ssl": False, "username": "operator"}
    settings |= {"password": ACCOUNT.password, "auth": "ntlm", "no_proxy": True}
    return WSMan("127.0.0.1", **settings | options)


@pytest.mark.parametrize("auth", ["ntlm", "negotiate"])
def test_pypsrp_signs_in_and_encrypts(host: Host, auth: str) -> None:
    answer = _pypsrp(host, auth=auth).transport.send("grüß".encode())

    assert answer == "<s:Envelope>grüß</s:Envelope>".encode()
    assert [caller.scheme for caller in host.callers] == ["http"]


def test_one_connection_signs_in_once_and_carries_many_messages(host: Host) -> None:
    wsman = _pypsrp(host)
    for _round in range(3):
        wsman.transport.send(b"ask")

    assert (len(host.callers), host.refusals) == (3, [401, 401, 200])


@pytest.mark.parametrize("user", ["operator", "EXAMPLE\\operator", "operator@example.test", "OPERATOR"])
def test_the_account_signs_in_under_every_form_of_its_name(host: Host, user: str) -> None:
    _pypsrp(host, username=user).transport.send(b"ask")

    assert host.callers[0].principal.casefold().strip("\\") == user.casefold()


@pytest.mark.parametrize("bad", [{"password": "wrong"}, {"username": "stranger"}, {"username": "OTHER\\operator"}])
def test_who_is_not_the_account_is_refused(host: Host, bad: dict[str, str]) -> None:
    with pytest.raises(AuthenticationError):
        _pypsrp(host, **bad).transport.send(b"ask")

    assert host.callers == []


def test_pywinrm_signs_in_and_encrypts(host: Host) -> None:
    endpoint = f"http://127.0.0.1:{host.http.port}/wsman"
    protocol = Protocol(endpoint, transport="ntlm", username="EXAMPLE\\operator", password=ACCOUNT.password, proxy=None)

    assert protocol.send_message("ask") == b"<s:Envelope>ask</s:Envelope>"


def test_pywinrm_hears_that_a_password_is_wrong(host: Host) -> None:
    endpoint = f"http://127.0.0.1:{host.http.port}/wsman"
    protocol = Protocol(endpoint, transport="ntlm", username="operator", password="wrong", proxy=None)

    with pytest.raises(InvalidCredentialsError):
        protocol.send_message("ask")


@pytest.mark.parametrize("auth", ["ntlm", "basic", "certificate"])
def test_pypsrp_signs_in_over_https_with_our_ca(host: Host, auth: str) -> None:
    paths = host.certificates
    wsman = _pypsrp(
        host,
        port=host.https.port,
        ssl=True,
        auth=auth,
        cert_validation=str(paths.ca_cert),
        certificate_pem=str(paths.client_cert),
        certificate_key_pem=str(paths.client_key),
    )

    assert wsman.transport.send(b"ask") == b"<s:Envelope>ask</s:Envelope>"
    assert host.callers[0].principal == "operator"


def test_a_client_certificate_without_its_header_is_no_sign_in(host: Host) -> None:
    connection = _https(host, with_certificate=True)
    connection.request("POST", "/wsman", b"ask")

    assert connection.getresponse().status == 401


def test_the_header_of_a_client_certificate_without_one_is_no_sign_in(host: Host) -> None:
    connection = _https(host, with_certificate=False)
    connection.request("POST", "/wsman", b"ask", {"Authorization": MUTUAL})

    assert connection.getresponse().status == 401


def _https(host: Host, *, with_certificate: bool) -> HTTPSConnection:
    context = ssl.create_default_context(cafile=str(host.certificates.ca_cert))
    if with_certificate:
        context.load_cert_chain(host.certificates.client_cert, host.certificates.client_key)
    return HTTPSConnection("localhost", host.https.port, context=context, timeout=5)


def test_a_fault_is_encrypted_too(host: Host) -> None:
    host.turn = Turn(status=500, body=b"<s:Envelope>no</s:Envelope>")
    endpoint = f"http://127.0.0.1:{host.http.port}/wsman"
    protocol = Protocol(endpoint, transport="ntlm", username="operator", password=ACCOUNT.password, proxy=None)

    with pytest.raises(WinRMTransportError) as refusal:
        protocol.transport.send_message("ask")

    assert (refusal.value.code, refusal.value.response_text) == (500, "<s:Envelope>no</s:Envelope>")
    assert host.callers[0].size > len(b"ask") + 200


def test_plain_text_is_refused_after_a_sign_in_that_can_encrypt(host: Host) -> None:
    with pytest.raises(Exception, match="500"):
        _pypsrp(host, encryption="never").transport.send(b"ask")

    assert host.callers == []


def test_plain_text_is_served_where_the_host_allows_it(certificates: CertificatePaths) -> None:
    host = Host(certificates, Policy(allow_unencrypted=True))
    try:
        answer = _pypsrp(host, encryption="never").transport.send(b"ask")
    finally:
        host.remove()

    assert answer == b"<s:Envelope>ask</s:Envelope>"


def test_basic_is_neither_offered_nor_taken_over_http(host: Host) -> None:
    answer = _post(host, Authorization=BASIC)

    assert (answer.status, answer.getheader("WWW-Authenticate"), answer.read()) == (401, "Negotiate", b"")


def test_basic_is_taken_over_http_where_unencrypted_traffic_is_allowed(certificates: CertificatePaths) -> None:
    host = Host(certificates, Policy(allow_unencrypted=True))
    try:
        stranger, known = _post(host), _post(host, Authorization=BASIC)
        offers = stranger.headers.get_all("WWW-Authenticate")
    finally:
        host.remove()

    assert (stranger.status, offers, known.status) == (401, ["Negotiate", 'Basic realm="WSMAN"'], 200)


@pytest.mark.parametrize("token", ["Basic !!", "Negotiate !!", "Negotiate TlRMTVNTUAA=", "Negotiate YWJj", "Bearer x"])
def test_nonsense_in_place_of_credentials_is_refused_and_nothing_breaks(host: Host, token: str) -> None:
    assert _post(host, Authorization=token).status == 401
    assert _post(host).status == 401


def test_what_was_encrypted_for_another_connection_is_refused_as_bad(host: Host) -> None:
    wsman = _pypsrp(host)
    wsman.transport.send(b"ask")
    host.http.cut_all()

    with pytest.raises(Exception, match=r"400|Connection"):
        wsman.transport.send(b"ask")

    assert len(host.callers) == 1


def test_identify_needs_no_sign_in_where_the_header_asks_for_none(host: Host) -> None:
    assert _post(host, IDENTIFY).status == 401
    assert _post(host, b"<other/>", WSMANIDENTIFY="unauthenticated").status == 401
    assert _post(host, IDENTIFY, WSMANIDENTIFY="unauthenticated").status == 200
    assert [caller.principal for caller in host.callers] == [""]


@pytest.mark.parametrize(
    ("path", "status"),
    [("/wsman", 401), ("/WSMan/", 401), ("/wsman?x=1", 401), ("http://hv-a:5985/wsman", 401), ("/other", 404)],
)
def test_only_the_path_of_the_service_is_served(host: Host, path: str, status: int) -> None:
    assert _post(host, path=path).status == status


def test_get_is_not_allowed(host: Host) -> None:
    connection = HTTPConnection("127.0.0.1", host.http.port, timeout=5)
    connection.request("GET", "/wsman")
    answer = connection.getresponse()

    assert (answer.status, answer.getheader("Allow"), answer.read()) == (405, "POST", b"")


def test_a_body_in_chunks_is_read(host: Host) -> None:
    connection = HTTPConnection("127.0.0.1", host.http.port, timeout=5)
    connection.request("POST", "/wsman", iter([IDENTIFY[:10], IDENTIFY[10:]]), {"WSMANIDENTIFY": "unauthenticated"})

    assert IDENTIFY in connection.getresponse().read()


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        (b"POST /wsman HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"POST /wsman HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 413),
        (b"POST /wsman HTTP/1.1\r\nHost: x\r\n\r\n", 411),
        (b"POST /wsman HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n", 413),
        (b"POST /wsman HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 411),
        (b"POST /wsman HTTP/1.1\r\n" + b"X-Long: " + b"x" * 70000 + b"\r\n\r\n", 431),
        (b"nonsense\r\n\r\n", 400),
        (b"BREW /wsman HTTP/1.1\r\nHost: x\r\n\r\n", 501),
    ],
)
def test_what_is_too_large_or_no_http_is_refused_and_the_connection_ends(
    host: Host, request_text: bytes, status: int
) -> None:
    with socket.create_connection(("127.0.0.1", host.http.port), timeout=5) as connection:
        connection.sendall(request_text)
        answer = HTTPResponse(connection)
        answer.begin()

        assert (answer.status, answer.getheader("Connection")) == (status, "close")


def test_a_cut_leaves_the_caller_without_an_answer(host: Host) -> None:
    host.turn = Turn(cut=True)

    with pytest.raises(OSError, match=r"reset|closed|aborted"):
        _post(host, IDENTIFY, WSMANIDENTIFY="unauthenticated")


def test_a_401_in_mid_session_asks_for_a_new_sign_in(host: Host) -> None:
    wsman = _pypsrp(host)
    wsman.transport.send(b"ask")
    host.turn = Turn(status=401, forget=True)

    with pytest.raises(Exception, match=r"."):
        wsman.transport.send(b"ask")

    host.turn = Turn()
    assert _pypsrp(host).transport.send(b"ask") == b"<s:Envelope>ask</s:Envelope>"


def test_a_page_of_a_proxy_is_never_encrypted(host: Host) -> None:
    host.turn = Turn(status=502, body=b"<html>gateway</html>", content_type="text/html", sealed=False)

    with pytest.raises(Exception, match="gateway"):
        _pypsrp(host).transport.send(b"ask")


def test_a_connection_that_is_not_kept_ends_after_its_answer(host: Host) -> None:
    host.turn = Turn(keep=False)

    answer = _post(host, IDENTIFY, WSMANIDENTIFY="unauthenticated")

    assert (answer.status, answer.getheader("Connection")) == (200, "close")


def test_a_shut_door_refuses_connections_and_opens_again_on_its_port(host: Host) -> None:
    host.http.shut()
    with pytest.raises(ConnectionRefusedError):
        _post(host)
    host.http.open()

    assert _post(host).status == 401


def test_shutting_a_door_cuts_who_is_inside(host: Host) -> None:
    wsman = _pypsrp(host)
    wsman.transport.send(b"ask")
    host.http.shut()

    with pytest.raises(OSError, match=r"."):
        wsman.transport.send(b"ask")


def test_doors_are_on_loopback_only(host: Host) -> None:
    listening = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()
    ports = {f"{door.port:04X}" for door in (host.http, host.https)}

    addresses = {line.split()[1].partition(":")[0] for line in listening if line.split()[1].rpartition(":")[2] in ports}

    assert addresses == {"0100007F"}
