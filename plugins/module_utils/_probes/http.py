# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does a web application answer as it should?

No proxy of the environment is used, no redirection followed, and a URL with a password in it is not asked.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from threading import Timer
from typing import Final
from urllib.parse import SplitResult, urlsplit

from ansible_collections.hyperv.replica.plugins.module_utils._probes.certificate import not_after
from ansible_collections.hyperv.replica.plugins.module_utils._probes.tcp import ProbeResult

#: How much of a body is looked at.
MAX_BODY: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    certificate_expires: datetime | None


class _Refused(Exception):
    """The URL is not one that is asked; says why without saying the URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a web application has to answer.

    Attributes:
        status: each status that is right.
        contains: a text that must stand in the first MiB of the body; empty for none.
        validate: whether certificate and host name are checked.
        ca_path: file or directory of certificate authorities; the system's own when None.
        address: where to connect to; the host of the URL when empty.
        certificate_days: for how many days from now the certificate must be valid, validated or not; None asks nothing.
    """

    status: Collection[int] = (200,)
    contains: str = ""
    validate: bool = True
    ca_path: str | None = None
    address: str = ""
    certificate_days: int | None = None


def probe_http(url: str, wanted: Page, *, timeout: float, now: datetime | None = None) -> ProbeResult:
    """Ask for the URL with GET and compare what comes. A failed probe is a result and raises nothing.

    Args:
        url: http or https.
        timeout: seconds for everything but the resolver, however slowly the other side drips.
        now: when certificates are held against; the controller's clock when None.
    """
    began = time.monotonic()
    try:
        answer = _ask(_target(url), wanted, timeout)
    except _Refused as error:
        return ProbeResult(False, str(error), time.monotonic() - began)
    except (OSError, http.client.HTTPException, ValueError) as error:
        late = time.monotonic() - began >= timeout
        reason = f"no answer within {timeout:g} seconds" if late or isinstance(error, TimeoutError) else _words(error)
        return ProbeResult(False, f"{_shown(url)}: {reason}", time.monotonic() - began)
    wrong = _difference(answer, wanted) or _expires_soon(answer, wanted, now or datetime.now(timezone.utc))
    detail = f"{_shown(url)}: {wrong or f'answers {answer.status}'}"
    return ProbeResult(not wrong, detail, time.monotonic() - began, answer.certificate_expires)


def _target(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _Refused("the URL cannot be read") from None
    if "@" in parts.netloc:
        raise _Refused("a URL with credentials is not asked; take them out of it")
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise _Refused("the URL must be http:// or https:// with a host name")
    return parts


def _context(ca_path: str | None, validate: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_path:
        try:
            context.load_verify_locations(cafile=ca_path)
        except IsADirectoryError:
            context.load_verify_locations(capath=ca_path)
    if not validate:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _ask(target: SplitResult, wanted: Page, timeout: float) -> _Answer:
    host = target.hostname or ""
    context = _context(wanted.ca_path, wanted.validate)
    kind = http.client.HTTPSConnection if target.scheme == "https" else http.client.HTTPConnection
    connection = kind(host, target.port, timeout=timeout)
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    ends = time.monotonic() + timeout
    with closing(connection):
        deadline = Timer(timeout, _hang_up, (connection,))
        deadline.daemon = True
        deadline.start()
        try:
            _connect(connection, wanted.address or host, context if target.scheme == "https" else None)
            _still(ends)
            expires = _expiry(connection.sock)
            connection.request("GET", path, headers={"Accept": "*/*", "Connection": "close"})
            response = connection.getresponse()
            body = response.read(MAX_BODY)
            _still(ends)
            return _Answer(response.status, body, expires)
        finally:
            deadline.cancel()


def _connect(connection: http.client.HTTPConnection, address: str, context: ssl.SSLContext | None) -> None:
    """Connect to an address that need not be that of the URL; its certificate must be for the URL all the same."""
    connection.sock = socket.create_connection((address, connection.port), timeout=connection.timeout)
    if context:
        connection.sock = context.wrap_socket(connection.sock, server_hostname=connection.host)


def _still(ends: float) -> None:
    if time.monotonic() >= ends:
        raise TimeoutError("too late")


def _hang_up(connection: http.client.HTTPConnection) -> None:
    """End an exchange that is still alive at the deadline: each single read may be in time and the whole not."""
    sock = connection.sock
    if isinstance(sock, socket.socket):
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


def _expiry(sock: object) -> datetime | None:
    certificate = sock.getpeercert(binary_form=True) if isinstance(sock, ssl.SSLSocket) else None
    return not_after(certificate) if certificate else None


def _difference(answer: _Answer, wanted: Page) -> str:
    if answer.status not in wanted.status:
        return f"answers {answer.status}, not {' or '.join(map(str, wanted.status))}"
    if wanted.contains.encode() not in answer.body:
        return f"answers {answer.status}, but the text {wanted.contains!r} is not in it"
    return ""


def _expires_soon(answer: _Answer, wanted: Page, now: datetime) -> str:
    if wanted.certificate_days is None:
        return ""
    expires = answer.certificate_expires
    if expires is None:
        return f"answers {answer.status}, but shows no certificate whose end can be read"
    days = (expires - now) / timedelta(days=1)
    if days >= wanted.certificate_days:
        return ""
    when = "expired on" if days < 0 else f"expires in {days:.0f} days, on"
    return f"its certificate {when} {expires:%Y-%m-%d}, and {wanted.certificate_days} days are wanted"


def _shown(url: str) -> str:
    """The URL without query, which may hold a token."""
    return url.partition("?")[0].partition("#")[0]


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not accepted: {error.verify_message}"
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
