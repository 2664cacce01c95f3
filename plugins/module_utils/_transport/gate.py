# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sockets under both libraries: how far a request got is seen here, not guessed from an exception's text.

Both libraries send through a session of requests. ``mount`` puts an adapter under it that

- notes whether a byte of the request has left (``Gate.begun``): until then nothing can have been carried out;
- opens no second connection once the session is sealed. NTLM and Kerberos sign in a connection, not a request, so a
  request on a new connection would be refused, and the libraries' answer to a refusal is to send it once more;
- follows no redirect, sends nothing twice, and cuts off replies that are too large or do not end.
"""

from __future__ import annotations

import logging
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    NotDelivered,
    OutcomeUnknown,
    TransportError,
)

try:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.exceptions import NewConnectionError
except ImportError:
    HTTPAdapter = object  # type: ignore[assignment,misc]

#: Some thirty times the 500 KiB that a Windows host sends at most by default (Microsoft's page "Installation and
#: configuration for Windows Remote Management", MaxEnvelopeSizekb).
MAX_REPLY: Final = 16 * 1024 * 1024

#: A reply has this many read timeouts to arrive as a whole, since every byte of it starts the library's anew.
_PATIENCE: Final = 2

#: These write envelopes or tokens to Python's log, which Ansible's log_path collects.
_TALKATIVE: Final = ("pypsrp", "winrm", "spnego", "requests_ntlm", "requests_credssp", "urllib3")

_E = TypeVar("_E", bound=BaseException)


class GateClosed(Exception):
    """The request may not go on: the connection that was signed in is gone, or the reply has no end."""


@dataclass
class Gate:
    """What one session's sockets may do, and how far its last request got.

    Attributes:
        read_timeout: seconds between two bytes of a reply.
        sealed: no new connection may be opened.
        begun: a byte of the last request has left.
    """

    read_timeout: float
    sealed: bool = False
    begun: bool = False


class SignedIn:
    """Stands where a library's sign-in stood: lets requests pass untouched, and lends out its encryption."""

    def __init__(self, sign_in: Any) -> None:
        self._sign_in = sign_in

    def __call__(self, request: Any) -> Any:
        request.headers["Connection"] = "Keep-Alive"
        return request

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sign_in, name)


def silence_logs() -> None:
    """Keep envelopes and tokens out of Python's log."""
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def mount(session: requests.Session, gate: Gate, key_password: str | None = None) -> None:
    """Put the gate under a session; what the library had mounted, its own resending included, is replaced."""
    session.max_redirects = 0
    for scheme in ("http://", "https://"):
        session.mount(scheme, _GateAdapter(gate, key_password))


def seal(session: requests.Session, gate: Gate) -> None:
    """Bind the session to the connection that has been signed in."""
    session.auth = SignedIn(session.auth)
    gate.sealed = True


def knock(session: requests.Session, endpoint: str, timeout: Any) -> int:
    """Sign in with a request that carries no envelope; give the HTTP status."""
    request = session.prepare_request(requests.Request("POST", endpoint, data=None))
    return session.send(request, timeout=timeout).status_code


def reply_body(error: Exception, decoded: object) -> bytes:
    """The bytes of a reply that a library raised for its HTTP status.

    Args:
        error: what was raised, while it handled requests' own error.
        decoded: the library's text; right where it was encrypted, else made by guess if no charset was named.
    """
    reply = getattr(error.__context__, "response", None)
    if reply is not None and not reply.headers.get("content-type", "").startswith("multipart/"):
        content: bytes = reply.content
        return content
    return str(decoded).encode("utf-8", "surrogateescape")


def first_line(error: Exception) -> str:
    """What an error says, without the lines that explain it to programmers."""
    return str(error).partition("\n")[0]


def lost(host: str, gate: Gate, error: Exception) -> TransportError:
    """The error of ours for one that a library raised while it sent."""
    if gate.begun:
        return OutcomeUnknown(_silence(error, gate), host=host)
    if isinstance(error, GateClosed):
        return NotDelivered("the connection had been closed in the meantime", host=host)
    cause, remedy = _no_connection(error)
    return NotDelivered("no connection", host=host, cause=cause, remedy=remedy)


def _silence(error: Exception, gate: Gate) -> str:
    if isinstance(error, GateClosed):
        return str(error)
    if isinstance(error, requests.exceptions.ReadTimeout) or _inside(error, socket.timeout):
        return f"no answer within {gate.read_timeout:g} seconds"
    if isinstance(error, requests.exceptions.TooManyRedirects):
        return "a redirect came back instead of an answer"
    if isinstance(error, requests.exceptions.RequestException):
        return "the connection was cut before the answer was complete"
    return "the answer could not be read or decrypted"


def _no_connection(error: Exception) -> tuple[str, str]:
    untrusted = _inside(error, ssl.SSLCertVerificationError)
    if untrusted is not None:
        return (
            f"its certificate is not trusted: {untrusted.verify_message or 'verification failed'}",
            "name the issuer's certificate with ansible_psrp_ca_cert or ansible_winrm_ca_trust_path",
        )
    if _inside(error, ssl.SSLError) is not None:
        return "no TLS could be agreed on", "is the port that of the HTTPS listener (5986), and the protocol https?"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy did not let it through", "check the proxy, or set ansible_psrp_ignore_proxy"
    if _inside(error, socket.gaierror) is not None:
        return "its name could not be resolved", "check ansible_host and the name servers"
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return "it did not answer in time", "is it up, and does a firewall let 5985 or 5986 through?"
    if _inside(error, NewConnectionError) is not None:
        return "nothing accepts connections there", "is it up, WinRM running, and ansible_port right?"
    return type(error).__name__, "check address, port and proxy of the connection"


def _inside(error: BaseException, wanted: type[_E]) -> _E | None:
    """The first error of this type among the error, its causes and what it was made of."""
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, BaseException) or one in seen:
            continue
        if isinstance(one, wanted):
            return one
        seen.append(one)
        waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    return None


class _GateAdapter(HTTPAdapter):
    def __init__(self, gate: Gate, key_password: str | None) -> None:
        self._gate = gate
        self._key_password = key_password
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        if self._key_password:
            kwargs["key_password"] = self._key_password
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _watched_pools(self._gate)

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        manager.pool_classes_by_scheme = _watched_pools(self._gate)
        return manager

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        response = super().send(*args, **kwargs)
        # Read lazily: NTLM needs the socket of a reply whose body has not been read yet.
        raw: Any = response.raw
        raw.stream = _bounded(response.raw.stream, self._gate)
        return response


def _watched_pools(gate: Gate) -> dict[str, type[HTTPConnectionPool]]:
    class Plain(HTTPConnection):
        is_connecting = False
        connect = _guarded_connect(HTTPConnection, gate)
        send = _noted_send(HTTPConnection, gate)  # type: ignore[assignment]

    class Secure(HTTPSConnection):
        is_connecting = False
        connect = _guarded_connect(HTTPSConnection, gate)
        send = _noted_send(HTTPSConnection, gate)  # type: ignore[assignment]

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _guarded_connect(base: Any, gate: Gate) -> Callable[[Any], None]:
    def connect(self: Any) -> None:
        if gate.sealed:
            raise GateClosed("the signed-in connection is gone")
        self.is_connecting = True  # a proxy's CONNECT goes through send, and is no part of the request
        try:
            base.connect(self)
        finally:
            self.is_connecting = False

    return connect


def _noted_send(base: Any, gate: Gate) -> Callable[[Any, Any], None]:
    def send(self: Any, data: Any) -> None:
        if self.sock is None:
            self.connect()
        if not self.is_connecting:
            gate.begun = True
        base.send(self, data)

    return send


def _bounded(stream: Callable[..., Iterator[bytes]], gate: Gate) -> Callable[..., Iterator[bytes]]:
    def read(*args: Any, **kwargs: Any) -> Iterator[bytes]:
        room = MAX_REPLY
        until = time.monotonic() + _PATIENCE * gate.read_timeout
        for chunk in stream(*args, **kwargs):
            room -= len(chunk)
            if room < 0:
                raise GateClosed(f"the answer is larger than {MAX_REPLY} bytes and was cut off")
            if time.monotonic() > until:
                raise GateClosed("the answer did not end in time")
            yield chunk

    return read
