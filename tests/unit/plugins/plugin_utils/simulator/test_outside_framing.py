# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP as clients of other making speak it to the real process, byte by byte: RFC 9112, DSP0226 and [MS-WSMV]."""

from __future__ import annotations

import base64
import socket
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse

import pytest

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.launch import Simulation, start

S = "http://www.w3.org/2003/05/soap-envelope"
IDENTITY = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
IDENTIFY = f'<s:Envelope xmlns:s="{S}"><s:Body><i:Identify xmlns:i="{IDENTITY}"/></s:Body></s:Envelope>'
UNKNOWN = f'<s:Envelope xmlns:s="{S}"><s:Body><odd/></s:Body></s:Envelope>'


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    with start(rate=0, idle_timeout=300, options=("--allow-unencrypted",)) as running:
        yield running


@pytest.fixture
def line(simulation: Simulation) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", simulation.host("HV-A")["http_port"]), timeout=10) as opened:
        yield opened


def _head(simulation: Simulation, *fields: str, version: str = "1.1") -> bytes:
    credentials = base64.b64encode(f"{simulation.username}:{simulation.password}".encode()).decode()
    lines = [f"POST /wsman HTTP/{version}", "Host: hv-a", f"Authorization: Basic {credentials}", *fields, "", ""]
    return "\r\n".join(lines).encode()


def _answer(line: socket.socket) -> tuple[HTTPResponse, bytes]:
    answer = HTTPResponse(line)
    answer.begin()
    return answer, answer.read()


@pytest.mark.parametrize(("asked", "said"), [("Keep-Alive", "Keep-Alive"), ("close", "close")])
def test_a_client_of_http_1_0_hears_whether_its_connection_is_kept(
    simulation: Simulation, line: socket.socket, asked: str, said: str
) -> None:
    length = f"Content-Length: {len(IDENTIFY)}"
    line.sendall(_head(simulation, length, f"Connection: {asked}", version="1.0") + IDENTIFY.encode())
    answer, _body = _answer(line)

    assert (answer.status, answer.getheader("Connection")) == (200, said)


def test_a_client_that_waits_to_be_told_to_continue_is_told(simulation: Simulation, line: socket.socket) -> None:
    line.sendall(_head(simulation, f"Content-Length: {len(IDENTIFY)}", "Expect: 100-continue"))
    told = line.recv(1000)
    line.sendall(IDENTIFY.encode())

    assert told.startswith(b"HTTP/1.1 100 ")
    assert _answer(line)[0].status == 200


@pytest.mark.parametrize("coding", ["chunked", "Chunked ", "  chunked"])
def test_chunks_with_extensions_and_trailers_are_one_body_and_the_connection_goes_on(
    simulation: Simulation, line: socket.socket, coding: str
) -> None:
    chunks = "".join(f"{1:x};a=b\r\n{letter}\r\n" for letter in IDENTIFY) + "0\r\nX-Sum: 1\r\n\r\n"
    for _round in range(2):
        line.sendall(_head(simulation, f"Transfer-Encoding: {coding}") + chunks.encode())
        answer, body = _answer(line)

        assert (answer.status, b"IdentifyResponse" in body) == (200, True)


@pytest.mark.parametrize(("asked", "status"), [(IDENTIFY, 200), (UNKNOWN, 500)])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_an_answer_has_the_encoding_of_its_question(
    simulation: Simulation, line: socket.socket, encoding: str, asked: str, status: int
) -> None:
    sent = asked.encode(encoding)
    line.sendall(_head(simulation, f"Content-Length: {len(sent)}") + sent)
    answer, body = _answer(line)

    assert answer.status == status
    assert answer.getheader("Content-Type") == "application/soap+xml;charset=UTF-16"
    assert ET.fromstring(body).tag == f"{{{S}}}Envelope"
    assert body[:2] in (b"\xff\xfe", b"\xfe\xff")


@pytest.mark.parametrize(("asked", "status"), [(IDENTIFY, 200), (UNKNOWN, 401), (f"{UNKNOWN}<!-- Identify -->", 401)])
def test_anybody_may_identify_at_the_path_made_for_it(simulation: Simulation, asked: str, status: int) -> None:
    connection = HTTPConnection("127.0.0.1", simulation.host("HV-A")["http_port"], timeout=10)
    connection.request("POST", "/wsman-anon/identify", asked.encode())

    assert connection.getresponse().status == status
