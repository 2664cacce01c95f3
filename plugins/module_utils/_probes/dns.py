# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does a name server answer, and with what it should?

Asked over UDP, and over TCP where the reply is truncated. Without a server the controller's own resolver is asked.
"""

from __future__ import annotations

import ipaddress
import secrets
import socket
import struct
import time
from collections.abc import Collection
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._probes.dns_message import (
    Malformed,
    Question,
    Reply,
    answers_to,
    decoded,
    encoded,
    question,
)
from ansible_collections.hyperv.replica.plugins.module_utils._probes.tcp import ProbeResult

_PORT: Final = 53
#: Seconds after which a question is sent again, since UDP may lose it.
_AGAIN: Final = 1.0
_LARGEST: Final = 65535

#: What the controller's own resolver can be asked for.
_FAMILIES: Final = {"A": socket.AF_INET, "AAAA": socket.AF_INET6}


def probe_dns(
    name: str, *, type_: str = "A", server: str = "", expect: Collection[str] = (), timeout: float = 5.0
) -> ProbeResult:
    """Ask for a name and compare the answers. A failed probe is a result and raises nothing.

    Args:
        type_: one of ``dns_message.TYPES``; without a server A or AAAA.
        server: its address, with or without a port; the controller's own resolver when empty. The limit does not hold
            for that one.
        expect: each of them must be among the answers; any answer is right when there are none.
        timeout: seconds for everything.
    """
    began = time.monotonic()
    where = f"{server or 'the resolver of the controller'}: {name} {type_}"
    try:
        reply = _asked(name, type_, server, began + timeout) if server else _resolved(name, type_)
    except TimeoutError:
        return ProbeResult(False, f"{where}: no answer within {timeout:g} seconds", time.monotonic() - began)
    except (OSError, Malformed, ValueError) as error:
        return ProbeResult(False, f"{where}: {_words(error)}", time.monotonic() - began)
    wrong = _difference(reply, expect)
    said = wrong or f"is {', '.join(reply.answers)}"
    return ProbeResult(not wrong, f"{where} {said}", time.monotonic() - began)


def _asked(name: str, type_: str, server: str, ends: float) -> Reply:
    asked = question(name, type_, secrets.randbelow(65536))
    host, port = _endpoint(server)
    reply = _over_udp(asked, host, port, ends)
    return _over_tcp(asked, host, port, ends) if reply.truncated else reply


def _resolved(name: str, type_: str) -> Reply:
    if type_ not in _FAMILIES:
        raise Malformed(f"without a server only A and AAAA can be asked for, not {type_}")
    try:
        found = socket.getaddrinfo(name, None, _FAMILIES[type_], socket.SOCK_STREAM)
    except UnicodeError:
        raise Malformed(f"{name!r} is no name") from None
    return Reply(answers=tuple(dict.fromkeys(str(address[0]) for *_kind, address in found)))


def _endpoint(server: str) -> tuple[str, int]:
    """Address and port of ``192.0.2.1``, ``192.0.2.1:5353``, ``2001:db8::1`` or ``[2001:db8::1]:5353``."""
    if server.startswith("["):
        host, _end, port = server[1:].partition("]")
        return host, int(port.lstrip(":") or _PORT)
    if server.count(":") == 1:
        host, _colon, port = server.partition(":")
        return host, int(port)
    return server, _PORT


def _over_udp(asked: Question, host: str, port: int, ends: float) -> Reply:
    family, _type, _protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.connect(address)  # so that nobody else's datagrams are taken
        while True:
            sock.send(encoded(asked))
            message = _datagram(sock, asked, min(ends, time.monotonic() + _AGAIN))
            if message:
                return decoded(message, asked)
            _left(ends)


def _datagram(sock: socket.socket, asked: Question, until: float) -> bytes:
    """The next datagram that claims to be the reply; empty when none comes in time."""
    while (left := until - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            message = sock.recv(_LARGEST)
        except TimeoutError:
            break
        if answers_to(message, asked):
            return message
    return b""


def _over_tcp(asked: Question, host: str, port: int, ends: float) -> Reply:
    message = encoded(asked)
    with socket.create_connection((host, port), timeout=_left(ends)) as sock:
        sock.sendall(struct.pack("!H", len(message)) + message)
        (length,) = struct.unpack("!H", _exactly(sock, 2, ends))
        reply = decoded(_exactly(sock, length, ends), asked)
    if reply.truncated:
        raise Malformed("the reply is truncated even over TCP")
    return reply


def _exactly(sock: socket.socket, length: int, ends: float) -> bytes:
    read = b""
    while len(read) < length:
        sock.settimeout(_left(ends))
        more = sock.recv(length - len(read))
        if not more:
            raise Malformed("the server hung up in the middle of its reply")
        read += more
    return read


def _left(ends: float) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _difference(reply: Reply, expect: Collection[str]) -> str:
    if reply.refusal:
        return f"is not answered: {reply.refusal}"
    if not reply.answers:
        return "has no answer"
    known = {_normal(answer) for answer in reply.answers}
    missing = [wanted for wanted in expect if _normal(wanted) not in known]
    return f"is {', '.join(reply.answers)}, without {', '.join(missing)}" if missing else ""


def _normal(answer: str) -> str:
    """One spelling of an address or a name."""
    try:
        return str(ipaddress.ip_address(answer.strip()))
    except ValueError:
        return answer.strip().rstrip(".").lower()


def _words(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
