# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is asking: Basic, Negotiate with NTLM inside, client certificates, and Kerberos where there is a keytab.

What Windows offers and when: MicrosoftDocs/win32 desktop-src/WinRM/installation-and-configuration-for-windows-remote-
management.md; a signed-in state belongs to the connection, never to the request ([MS-WSMV] 2.2.9.1).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import importlib.util
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

try:
    import spnego
    from spnego.exceptions import SpnegoError
except ImportError:
    HAS_SPNEGO = False
else:
    HAS_SPNEGO = True

#: What a client with a certificate sends instead of credentials (DMTF DSP0226, security profiles).
MUTUAL: Final = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"
_NTLM_SIGNATURE: Final = b"NTLMSSP\x00"


class SignInError(Exception):
    """The sign-in that was configured cannot work here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a host's WinRM service accepts; Windows has Basic and unencrypted traffic off by default.

    Attributes:
        basic: Basic is offered; over HTTP only where ``allow_unencrypted`` is set too.
        certificate: client certificates are mapped to the account named by their CN.
        allow_unencrypted: plain envelopes are served over HTTP.
        keytab: keys of the hosts' service principals; None leaves Kerberos out.
    """

    basic: bool = True
    certificate: bool = True
    allow_unencrypted: bool = False
    keytab: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The one account that may sign in, under every form of its name that a domain member would take."""

    user: str
    password: str = field(repr=False)
    domains: Sequence[str] = ()
    suffixes: Sequence[str] = ()

    def __post_init__(self) -> None:
        if not self.user or not self.password:
            raise SignInError("the simulator's account needs a name and a password")
        if any(char in self.user + self.password for char in ":\r\n"):
            raise SignInError("the simulator's account and password are without colons and line breaks")

    def names(self) -> list[str]:
        """All forms, such as ``user``, ``DOMAIN\\user`` and ``user@domain``."""
        domains = [f"{domain}\\{self.user}" for domain in self.domains]
        return [self.user, *domains, *(f"{self.user}@{suffix}" for suffix in self.suffixes)]

    def admits(self, name: str, password: str) -> bool:
        """Whether name and password are right; the password is compared in constant time."""
        known = name.casefold() in (form.casefold() for form in self.names())
        return hmac.compare_digest(password.encode(), self.password.encode()) and known


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one Authorization header.

    Attributes:
        principal: who it is; None while nobody is signed in.
        challenges: WWW-Authenticate headers of the reply.
        broken: a sign-in that began on this connection has failed and starts over.
    """

    principal: str | None
    challenges: tuple[str, ...] = ()
    broken: bool = False


def publish(account: Account, directory: Path) -> None:
    """Let pyspnego's acceptor know the account: it reads the file that NTLM_USER_FILE names, and nothing else.

    Where the system has files in memory the password never comes to a disk.
    """
    lines = [f":{account.user}:{account.password}"]
    lines += [f"{domain}:{account.user}:{account.password}" for domain in account.domains]
    lines += [f":{account.user}@{suffix}:{account.password}" for suffix in account.suffixes]
    os.environ["NTLM_USER_FILE"] = _private_file("\n".join(lines).encode(), directory)


def require_kerberos(keytab: Path) -> None:
    """Make Kerberos possible, or say what is missing before anybody relies on it."""
    if importlib.util.find_spec("gssapi") is None:
        raise SignInError("Kerberos needs the Python package gssapi (it comes with pypsrp[kerberos])")
    if not keytab.is_file():
        raise SignInError(f"the keytab {keytab} does not exist")
    os.environ["KRB5_KTNAME"] = f"FILE:{keytab}"


class SignIn:
    """The sign-in of one connection."""

    def __init__(self, account: Account, policy: Policy, *, host: str, secure: bool) -> None:
        self._account = account
        self._policy = policy
        self._host = host
        self._secure = secure
        self._context: spnego.ContextProxy | None = None

    def offers(self) -> tuple[str, ...]:
        """The WWW-Authenticate headers of a refusal, in the order Windows sends them."""
        kerberos = ("Kerberos",) if self._policy.keytab else ()
        basic = ('Basic realm="WSMAN"',) if self._offers_basic() else ()
        return ("Negotiate", *kerberos, *basic)

    def consider(self, authorization: str, certificate_name: str | None) -> Verdict:
        """Judge one Authorization header; ``certificate_name`` is the CN of the TLS client certificate."""
        scheme, _mark, rest = authorization.partition(" ")
        if authorization == MUTUAL:
            return self._by_certificate(certificate_name)
        if scheme.casefold() == "basic" and self._offers_basic():
            return self._by_password(rest)
        if scheme.casefold() == "negotiate" or (scheme.casefold() == "kerberos" and self._policy.keytab):
            return self._by_token(scheme, rest)
        return Verdict(None, self.offers())

    def can_encrypt(self) -> bool:
        """Whether this connection has a context that takes encrypted messages."""
        return self._context is not None and self._context.complete

    def unwrap(self, signature: bytes, ciphertext: bytes) -> bytes:
        """Decrypt one part.

        Raises:
            SpnegoError: it was not sealed for this connection.
        """
        return self._established().unwrap_winrm(signature, ciphertext)

    def wrap(self, plain: bytes) -> tuple[bytes, bytes, int]:
        """Encrypt: signature, ciphertext, padding length."""
        sealed = self._established().wrap_winrm(plain)
        return sealed.header, sealed.data, sealed.padding_length

    def forget(self) -> None:
        """Begin anew, as after a 401 in mid-session."""
        self._context = None

    def _offers_basic(self) -> bool:
        return self._policy.basic and (self._secure or self._policy.allow_unencrypted)

    def _by_certificate(self, name: str | None) -> Verdict:
        if not (self._secure and self._policy.certificate and name):
            return Verdict(None, self.offers())
        known = name.casefold() in (form.casefold() for form in self._account.names())
        return Verdict(self._account.user) if known else Verdict(None, self.offers())

    def _by_password(self, encoded: str) -> Verdict:
        try:
            given = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            return Verdict(None, self.offers())
        # Which alphabet the two are in, no header says: clients send UTF-8 or Latin-1 (RFC 7617, section 2).
        for alphabet in ("utf-8", "latin-1"):
            name, _mark, password = given.decode(alphabet, errors="replace").partition(":")
            if self._account.admits(name, password):
                return Verdict(name)
        return Verdict(None, self.offers())

    def _by_token(self, scheme: str, encoded: str) -> Verdict:
        try:
            token = base64.b64decode(encoded, validate=True)
            if self._context is None or self._context.complete:
                self._context = self._new_context(scheme, token)
            answer = self._context.step(token)
        except (binascii.Error, SpnegoError, ValueError, LookupError, struct.error):
            self.forget()
            return Verdict(None, self.offers(), broken=True)
        challenge = (f"{scheme} {base64.b64encode(answer).decode()}",) if answer else ()
        principal = self._context.client_principal if self._context.complete else None
        return Verdict(principal, challenge)

    def _new_context(self, scheme: str, token: bytes) -> spnego.ContextProxy:
        if token.startswith(_NTLM_SIGNATURE):
            # pyspnego: a bare NTLM token is no SPNEGO token, and use_ntlm goes with protocol "ntlm" alone.
            protocol, options = "ntlm", spnego.NegotiateOptions.use_ntlm
        elif scheme.casefold() == "kerberos":
            protocol, options = "kerberos", spnego.NegotiateOptions.none
        else:
            protocol, options = "negotiate", spnego.NegotiateOptions.use_negotiate
        return spnego.server(hostname=self._host, service="http", protocol=protocol, options=options)

    def _established(self) -> spnego.ContextProxy:
        if self._context is None or not self._context.complete:
            raise SignInError("nobody has signed in on this connection")
        return self._context


def _private_file(content: bytes, directory: Path) -> str:
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("ntlm-users")
        os.write(descriptor, content)
        return f"/proc/self/fd/{descriptor}"
    path = directory / "ntlm-users"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    return str(path)
