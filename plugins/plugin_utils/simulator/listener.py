# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP of a WinRM service: reads requests, signs callers in, decrypts, and brings back what the desk says."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import BaseServer
from typing import Final, cast

from ansible_collections.hyperv.replica.plugins.module_utils._wire.names import CONTENT_TYPE
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.doors import abort
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.frames import (
    FrameError,
    decrypted,
    encrypted,
    encrypted_protocol,
    is_encrypted,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.signin import SignIn

with contextlib.suppress(ImportError):  # the command line says what is missing
    from spnego.exceptions import SpnegoError

#: Larger than any MaxEnvelopeSize (500 KB of characters by default, wsman config) with its frame.
MAX_BODY: Final = 4 * 1024 * 1024
#: MaxPacketRetrievalTimeSeconds, Microsoft's default of the WinRM service.
IDLE_SECONDS: Final = 120
#: Where Identify is answered without a sign-in (DSP0226, section 11).
_ANONYMOUS: Final = "/wsman-anon/identify"
_PATHS: Final = ("/wsman", _ANONYMOUS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who sent an envelope and how; ``principal`` is empty where nobody signed in, which Identify allows.

    Attributes:
        size: bytes of the body as they came, frames included.
        operations: how many requests of this user the host works at, this one among them.
    """

    principal: str
    scheme: str
    size: int
    operations: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What goes back for one envelope.

    Attributes:
        cut: nothing goes back, the connection is reset.
        sealed: the body may be encrypted; a proxy's page never is.
        keep: the connection stays open afterwards.
        forget: the caller has to sign in again.
        note: called with the number of bytes that go back, before they go.
        pause: seconds of the wall clock between the note and the answer.
    """

    status: int = HTTPStatus.OK
    body: bytes = b""
    content_type: str = CONTENT_TYPE
    cut: bool = False
    sealed: bool = True
    keep: bool = True
    forget: bool = False
    note: Callable[[int], None] | None = None
    pause: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """What a connection has to know of its host.

    Attributes:
        serve: answers one plain envelope of a caller.
        sign_in: makes the sign-in of a new connection.
        plain_allowed: plain envelopes are served to callers who signed in with Negotiate over HTTP.
        refused: told of every request that ended before an envelope was read: caller, HTTP status.
    """

    serve: Callable[[bytes, Caller], Turn]
    sign_in: Callable[[], SignIn]
    secure: bool
    plain_allowed: bool
    refused: Callable[[Caller, int], None]


def converse(connection: socket.socket, reception: Reception) -> None:
    """Serve one connection to its end."""
    _Conversation(connection, reception)


class _Conversation(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True

    def __init__(self, connection: socket.socket, reception: Reception) -> None:
        self._reception = reception
        self._sign_in = reception.sign_in()
        self._principal = ""
        self._size = 0
        # The handler wants the server that made it, and asks nothing of it.
        super().__init__(connection, ("", 0), cast(BaseServer, None))

    def do_POST(self) -> None:
        body = self._read_body()
        if body is None:
            return
        self._size = len(body)
        if _path(self.path) not in _PATHS:
            self._send(HTTPStatus.NOT_FOUND)
            return
        self._admit(body)

    def do_GET(self) -> None:
        self.close_connection = True
        self._send(HTTPStatus.METHOD_NOT_ALLOWED, headers=[("Allow", "POST")])

    do_HEAD = do_PUT = do_DELETE = do_OPTIONS = do_GET

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is not HTTP without the standard library's page."""
        self.close_connection = True
        self._send(code)

    def log_message(self, *dummy: object) -> None:
        """Say nothing: the request log is kept elsewhere, and standard error is the user's."""

    def _admit(self, body: bytes) -> None:
        principal = self._principal
        challenges: Sequence[str] = ()
        authorization = self.headers.get("Authorization", "").strip()
        if authorization:
            verdict = self._sign_in.consider(authorization, self._certificate_name())
            if verdict.principal is None:
                self._principal = ""
                self._refuse(HTTPStatus.UNAUTHORIZED, verdict.challenges)
                return
            principal, challenges = verdict.principal, verdict.challenges
            self._principal = principal if self._sign_in.can_encrypt() else ""
        elif not principal and not self._may_identify(body):
            self._refuse_stranger()
            return
        if body:
            self._serve(body, principal, challenges)
        else:
            self._refuse(HTTPStatus.OK, challenges)

    def _refuse_stranger(self) -> None:
        # What was encrypted for another connection cannot be read here (400); all else may sign in (401).
        if is_encrypted(self.headers.get("Content-Type", "")):
            self._refuse(HTTPStatus.BAD_REQUEST, ())
        else:
            self._refuse(HTTPStatus.UNAUTHORIZED, self._sign_in.offers())

    def _may_identify(self, body: bytes) -> bool:
        """Identify is answered without a sign-in at a path of its own, and by Windows where a header asks for it."""
        asked = self.headers.get("WSMANIDENTIFY", "").strip().lower() == "unauthenticated"
        return (asked or _path(self.path) == _ANONYMOUS) and b"Identify" in body.replace(b"\0", b"")

    def _serve(self, body: bytes, principal: str, challenges: Sequence[str]) -> None:
        content_type = self.headers.get("Content-Type", "")
        sealed = is_encrypted(content_type)
        if not sealed and self._must_encrypt():
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, challenges)
            return
        try:
            plain = decrypted(body, self._sign_in.unwrap) if sealed else body
        except (FrameError, SpnegoError):
            self._drop_sign_in()
            self._refuse(HTTPStatus.BAD_REQUEST, ())
            return
        self._take(self._reception.serve(plain, self._caller(principal)), sealed, content_type, challenges)

    def _must_encrypt(self) -> bool:
        return self._sign_in.can_encrypt() and not self._reception.secure and not self._reception.plain_allowed

    def _take(self, turn: Turn, sealed: bool, content_type: str, challenges: Sequence[str]) -> None:
        if turn.forget:
            self._drop_sign_in()
            challenges = self._sign_in.offers()
        self.close_connection = self.close_connection or turn.cut or not turn.keep
        body, kind = turn.body, turn.content_type
        if sealed and turn.sealed and body and not turn.cut:
            kind, body = encrypted(body, encrypted_protocol(content_type), self._sign_in.wrap, original=kind)
        if turn.note is not None:
            turn.note(0 if turn.cut else len(body))
        time.sleep(turn.pause)  # the one wait by the wall clock: what is simulated is a slow network
        if turn.cut:
            abort(self.connection)
        else:
            headers = [("Content-Type", kind)] if body else []
            self._send(turn.status, body, headers=[*headers, *_challenge_headers(challenges)])

    def _refuse(self, status: int, challenges: Sequence[str]) -> None:
        self._reception.refused(self._caller(self._principal), status)
        self._send(status, headers=_challenge_headers(challenges))

    def _drop_sign_in(self) -> None:
        self._sign_in.forget()
        self._principal = ""

    def _caller(self, principal: str) -> Caller:
        scheme = "https" if self._reception.secure else "http"
        return Caller(principal=principal, scheme=scheme, size=self._size)

    def _certificate_name(self) -> str | None:
        if not isinstance(self.connection, ssl.SSLSocket):
            return None
        subject = (self.connection.getpeercert() or {}).get("subject", ())
        names = dict(rdn[0] for rdn in cast("tuple[tuple[tuple[str, str], ...], ...]", subject))
        return names.get("commonName")

    def _read_body(self) -> bytes | None:
        """The whole body, or None after a refusal; a body left unread would be taken for the next request."""
        try:
            if self.headers.get("Transfer-Encoding", "").strip().lower() == "chunked":
                return self._read_chunks()
            length = int(self.headers.get("Content-Length", ""))
        except ValueError:
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
            return None
        if not 0 <= length <= MAX_BODY:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return None
        return self.rfile.read(length)

    def _read_chunks(self) -> bytes | None:
        body = b""
        while size := int(self.rfile.readline(64).partition(b";")[0], 16):
            if size < 0 or len(body) + size > MAX_BODY:
                self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                return None
            body += self.rfile.read(size)
            self.rfile.readline(64)
        while self.rfile.readline(1024).strip():
            continue  # trailers say nothing that matters here
        return body

    def _send(self, status: int, body: bytes = b"", *, headers: Sequence[tuple[str, str]] = ()) -> None:
        """One write for the whole answer, so that no half of it waits in the network stack."""
        lines = [f"{self.protocol_version} {int(status)} {HTTPStatus(status).phrase}", "Server: Microsoft-HTTPAPI/2.0"]
        lines += [f"Date: {self.date_time_string()}", *(f"{name}: {value}" for name, value in headers)]
        if self.close_connection or self.request_version == "HTTP/1.0":
            lines += [f"Connection: {'close' if self.close_connection else 'Keep-Alive'}"]
        lines += [f"Content-Length: {len(body)}", "", ""]
        self.wfile.write("\r\n".join(lines).encode("latin-1") + body)


def _path(target: str) -> str:
    """The path of a request target; through a proxy it comes behind scheme and host (RFC 9112, section 3.2.2)."""
    path = re.sub(r"^https?://[^/?]*", "", target, flags=re.IGNORECASE)
    return path.partition("?")[0].rstrip("/").lower()


def _challenge_headers(challenges: Sequence[str]) -> list[tuple[str, str]]:
    return [("WWW-Authenticate", challenge) for challenge in challenges]
