# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A WinRM listener that misbehaves on order. It signs in with Basic or NTLM, and counts what it carried out."""

from __future__ import annotations

import base64
import contextlib
import os
import re
import ssl
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import spnego

USER, PASSWORD = "operator", "Not-In-Any-Output-1"

ANSWER = (
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><Done>M\xc3\xbcnchen</Done></s:Body>'
    b"</s:Envelope>"
)
FAULT = ANSWER.replace(b"Done>", b"s:Fault>")

_BOUNDARY = b"--Encrypted Boundary"
_ENCRYPTED = "application/HTTP-SPNEGO-session-encrypted"


@dataclass
class FakeHost:
    """What was ordered, and what was seen.

    Attributes:
        orders: one per envelope, the first for the first: "" for an answer, else a trouble of ``_Listener``.
        executed: the envelopes that were carried out, in order; one that was carried out twice stands here twice.
        arrivals: envelopes that came in, carried out or not.
        signed_in: how often somebody signed in.
        hangs_up: the connection is closed after each answer without saying so beforehand.
    """

    folder: Path
    scheme: str = "basic"
    user: str = USER
    password: str = PASSWORD
    tls: ssl.SSLContext | None = None
    orders: list[str] = field(default_factory=list)
    executed: list[bytes] = field(default_factory=list)
    arrivals: list[bytes] = field(default_factory=list)
    signed_in: int = 0
    hangs_up: bool = False
    silent_sign_in: bool = False
    port: int = 0

    def __enter__(self) -> FakeHost:
        users = self.folder / "users"
        users.write_text(f":{self.user}:{self.password}\n")
        os.environ["NTLM_USER_FILE"] = str(users)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Listener,), {"host": self}))
        self._server.daemon_threads = True
        if self.tls:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def order(self) -> str:
        return self.orders.pop(0) if self.orders else ""


class _Listener(BaseHTTPRequestHandler):
    host: FakeHost
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.context: Any = None
        self.known = False

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self._admit():
            return
        if not body:
            self._reply(200, b"")
            return
        envelope = self._opened(body)
        self.host.arrivals.append(envelope)
        order = self.host.order()
        if order == "cut before":
            self.close_connection = True
            return
        if order == "401 before":
            self._challenge(b"")
            return
        self.host.executed.append(envelope)
        getattr(self, f"_{order.replace(' ', '_') or 'answer'}")()
        if self.host.hangs_up:
            self.close_connection = True

    def _admit(self) -> bool:
        if self.host.scheme == "basic":
            wanted = base64.b64encode(f"{self.host.user}:{self.host.password}".encode()).decode()
            self.known = self.headers.get("Authorization") == f"Basic {wanted}"
        elif self.host.scheme == "certificate":
            wanted = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"
            self.known = self.headers.get("Authorization") == wanted
        elif not self.known or self.headers.get("Authorization"):
            return self._negotiate()
        if not self.known:
            self._challenge(b"")
        return bool(self.known)

    def _negotiate(self) -> bool:
        scheme, _mark, token = (self.headers.get("Authorization") or "").partition(" ")
        if self.host.silent_sign_in and token:
            self.close_connection = True
            return False
        if scheme != "Negotiate" or not token:
            self.context = None
            self._challenge(b"")
            return False
        given = base64.b64decode(token)
        if self.context is None:
            raw = given.startswith(b"NTLMSSP\x00")
            use = spnego.NegotiateOptions.use_ntlm if raw else spnego.NegotiateOptions.use_negotiate
            self.context = spnego.server(protocol="ntlm" if raw else "negotiate", options=use, service="http")
        try:
            out = self.context.step(given)
        except spnego.exceptions.SpnegoError:
            self.context = None
            self._challenge(b"")
            return False
        self.known = self.context.complete
        if not self.known:
            self._challenge(out)
            return False
        self.host.signed_in += 1
        self.out = out
        return True

    def _challenge(self, token: bytes) -> None:
        scheme = "Basic realm=WSMAN" if self.host.scheme == "basic" else "Negotiate"
        self._reply(401, b"", ("WWW-Authenticate", f"{scheme} {base64.b64encode(token).decode()}".strip()))

    def _opened(self, body: bytes) -> bytes:
        if not self.headers["Content-Type"].startswith("multipart/"):
            return body
        payload = body.split(_BOUNDARY + b"\r\n")[2].removeprefix(b"\tContent-Type: application/octet-stream\r\n")
        payload = payload.removesuffix(_BOUNDARY + b"--\r\n")
        length = struct.unpack("<i", payload[:4])[0]
        plain: bytes = self.context.unwrap_winrm(payload[4 : 4 + length], payload[4 + length :])
        return plain

    def _sealed(self, plain: bytes) -> tuple[bytes, str]:
        if not (self.headers["Content-Type"] or "").startswith("multipart/"):
            return plain, "application/soap+xml;charset=UTF-8"
        wrapped = self.context.wrap_winrm(plain)
        return b"".join(
            (
                _BOUNDARY + b"\r\n\tContent-Type: " + _ENCRYPTED.encode() + b"\r\n",
                b"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=%d\r\n" % len(plain),
                _BOUNDARY + b"\r\n\tContent-Type: application/octet-stream\r\n",
                struct.pack("<i", len(wrapped.header)) + wrapped.header + wrapped.data,
                _BOUNDARY + b"--\r\n",
            )
        ), f'multipart/encrypted;protocol="{_ENCRYPTED}";boundary="Encrypted Boundary"'

    def _answer(self) -> None:
        content, kind = self._sealed(ANSWER)
        self._reply(200, content, ("Content-Type", kind))

    def _utf_16(self) -> None:
        content, kind = self._sealed(ANSWER.decode().encode("utf-16"))
        self._reply(200, content, ("Content-Type", kind))

    def _comment_behind(self) -> None:
        content, kind = self._sealed(ANSWER.replace(b"Envelope>", b"Envelope >") + b"\r\n<!-- served -->\n")
        self._reply(200, content, ("Content-Type", kind))

    def _fault(self) -> None:
        content, kind = self._sealed(FAULT)
        self._reply(500, content, ("Content-Type", kind))

    def _cut_after(self) -> None:
        self.close_connection = True

    def _401_after(self) -> None:
        self._challenge(b"")

    def _html_200(self) -> None:
        self._reply(200, b"<html>Sign in to the guest network</html>", ("Content-Type", "text/html"))

    def _html_502(self) -> None:
        self._reply(502, b"<html>Bad Gateway</html>", ("Content-Type", "text/html"))

    def _bare_503(self) -> None:
        self._reply(503, b"")

    def _redirect(self) -> None:
        self._reply(307, b"", ("Location", f"http://127.0.0.1:{self.host.port}/elsewhere"))

    def _delay(self) -> None:
        time.sleep(0.15)
        self.connection.settimeout(3)
        self.rfile.read(1)  # until the other side gives up
        self.close_connection = True

    def _truncated(self) -> None:
        content, kind = self._sealed(ANSWER)
        self._head(200, len(content), ("Content-Type", kind))
        self.wfile.write(content[:-20])
        self.close_connection = True

    def _half_an_envelope(self) -> None:
        content, kind = self._sealed(ANSWER[:-20])
        self._reply(200, content, ("Content-Type", kind))

    def _garbled(self) -> None:
        content, kind = self._sealed(ANSWER)
        where = content.index(b"octet-stream\r\n") + 30
        broken = content[:where] + bytes(255 - byte for byte in content[where : where + 8]) + content[where + 8 :]
        self._reply(200, broken, ("Content-Type", kind))

    def _huge(self) -> None:
        content = ANSWER.replace(b"<s:Body>", b"<s:Body>" + b" " * (17 << 20))
        with contextlib.suppress(OSError):
            self._reply(200, content, ("Content-Type", "application/soap+xml;charset=UTF-8"))
        self.close_connection = True

    def _reply(self, status: int, content: bytes, *headers: tuple[str, str]) -> None:
        self._head(status, len(content), *headers)
        self.wfile.write(content)

    def _head(self, status: int, length: int, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status == 200 and getattr(self, "out", None):
            self.send_header("WWW-Authenticate", f"Negotiate {base64.b64encode(self.out).decode()}")
            self.out = None
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def words(error: BaseException) -> str:
    """Everything an error and what led to it say, on one line."""
    told: list[str] = []
    one: BaseException | None = error
    while one is not None:
        told.append(repr(one))
        one = one.__cause__
    return re.sub(r"\s+", " ", " ".join([*told, str(error)]))
