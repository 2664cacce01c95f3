# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of Ansible's psrp and winrm connections as arguments of pypsrp and pywinrm.

Functions of the connection's own ``get_option``, so that what a user has set for Ansible holds here, and that
under delegate_to it is the delegated host's. Source: the documentation of the plugins ansible.builtin.psrp and
ansible.builtin.winrm, and where that is silent, what their ``_build_kwargs`` and ``_build_winrm_kwargs`` do.
"""

from __future__ import annotations

import contextlib
import ipaddress
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed

GetOption = Callable[[str], Any]

#: Ports of WinRM's listeners (Microsoft's page "Installation and configuration for Windows Remote Management").
_HTTP_PORT: Final = 5985
_HTTPS_PORT: Final = 5986

#: pywinrm's own (class Protocol): seconds, and bytes of an envelope.
_WINRM_OPERATION_TIMEOUT: Final = 20
_WINRM_READ_TIMEOUT: Final = 30
_WINRM_ENVELOPE: Final = 153600

#: What the winrm connection adds to its connection_timeout for reading.
_WINRM_GRACE: Final = 10

_PSRP_AS_IS: Final = (
    "auth",
    "proxy",
    "credssp_auth_mechanism",
    "negotiate_hostname_override",
    "negotiate_service",
    "certificate_pem",
    "certificate_key_pem",
)
_PSRP_WHOLE: Final = (
    "connection_timeout",
    "read_timeout",
    "operation_timeout",
    "max_envelope_size",
    "credssp_minimum_version",
)
_PSRP_YES_NO: Final = ("negotiate_send_cbt", "negotiate_delegate", "credssp_disable_tlsv1_2")

_WINRM_AS_IS: Final = (
    "realm",
    "service",
    "keytab",
    "ca_trust_path",
    "cert_pem",
    "cert_key_pem",
    "server_cert_validation",
    "kerberos_hostname_override",
    "message_encryption",
    "proxy",
)
_WINRM_YES_NO: Final = ("kerberos_delegation", "credssp_disable_tlsv1_2", "send_cbt")
_WINRM_DEFAULTS: Final = {"service": "HTTP"}


@dataclass(frozen=True)
class Ticket:
    """What kinit is asked for.

    Attributes:
        principal: whose ticket.
        password: handed to kinit on its standard input, never as an argument.
        command: kinit, or what stands for it.
        arguments: between command and principal.
        environment: names of variables kinit may see beside PATH.
    """

    principal: str
    password: str = field(repr=False)
    command: str = field(kw_only=True, default="kinit")
    arguments: tuple[str, ...] = field(kw_only=True, default=())
    environment: tuple[str, ...] = field(kw_only=True, default=())


@dataclass(frozen=True, kw_only=True)
class LibraryOptions:
    """A connection as its library wants it.

    Attributes:
        endpoint: the URL.
        arguments: of pypsrp's WSMan or of pywinrm's Transport.
        operation_timeout: seconds the host may take for one request.
        max_envelope_size: bytes of the largest answer that is asked for.
        transports: pywinrm's ways of signing in, in the order they are tried; empty for pypsrp.
        ticket: what kinit is to be asked for before Kerberos is tried.
    """

    endpoint: str
    arguments: Mapping[str, Any] = field(repr=False)
    operation_timeout: int
    max_envelope_size: int
    transports: tuple[str, ...] = ()
    ticket: Ticket | None = None


def psrp_options(get_option: GetOption) -> LibraryOptions:
    """Give the arguments of pypsrp's WSMan, with its own resending off."""
    port, secure = _psrp_listener(get_option("port"), get_option("protocol"))
    server, path = str(get_option("remote_addr")), str(get_option("path")).lstrip("/")
    arguments: dict[str, Any] = {
        "server": server,
        "port": port,
        "ssl": secure,
        "path": path,
        "username": _text(get_option("remote_user")),
        "password": _text(get_option("remote_password")),
        "cert_validation": _psrp_validation(get_option("cert_validation"), get_option("ca_cert")),
        "encryption": str(get_option("message_encryption")),
        "no_proxy": yes_or_no(get_option("ignore_proxy")),
        "reconnection_retries": 0,
    }
    arguments |= {name: _text(get_option(name)) for name in _PSRP_AS_IS}
    arguments |= {name: whole(get_option(name), name) for name in _PSRP_WHOLE}
    arguments |= {name: yes_or_no(get_option(name)) for name in _PSRP_YES_NO if get_option(name) is not None}
    key_password = _since_2_21(get_option, "certificate_key_password")
    if key_password:
        arguments["certificate_key_password"] = key_password
    return LibraryOptions(
        endpoint=endpoint_url("https" if secure else "http", server, port, path),
        arguments=arguments,
        operation_timeout=_within(arguments["operation_timeout"], arguments["read_timeout"]),
        max_envelope_size=arguments["max_envelope_size"],
    )


def winrm_options(get_option: GetOption) -> LibraryOptions:
    """Give the arguments of pywinrm's Transport, the ways of signing in, and the ticket Kerberos needs first."""
    extras = _winrm_extras(get_option("_extras") or {})
    port = whole(get_option("port"), "port")
    scheme = get_option("scheme") or ("http" if port == _HTTP_PORT else "https")
    endpoint = endpoint_url(scheme, str(get_option("remote_addr")), port, str(get_option("path")).lstrip("/"))
    user, password = _text(get_option("remote_user")), _text(get_option("remote_password"))
    operation_timeout, read_timeout = _winrm_timeouts(get_option("connection_timeout"), extras)
    arguments = _WINRM_DEFAULTS | {name: _text(extras[name]) for name in _WINRM_AS_IS if name in extras}
    transports = _winrm_transports(get_option("transport"), user, scheme)
    return LibraryOptions(
        endpoint=endpoint,
        arguments=arguments
        | {name: yes_or_no(extras[name]) for name in _WINRM_YES_NO if name in extras}
        | {"endpoint": endpoint, "username": user, "password": password, "read_timeout_sec": read_timeout},
        operation_timeout=_within(operation_timeout, read_timeout),
        max_envelope_size=_WINRM_ENVELOPE,
        transports=transports,
        ticket=_ticket(get_option, extras, user, password) if "kerberos" in transports else None,
    )


def _winrm_extras(given: Mapping[str, Any]) -> dict[str, Any]:
    """What was set for the library itself. Null is as good as not set, but for the proxy, where it means none."""
    known = {key.removeprefix("ansible_winrm_"): value for key, value in given.items()}
    return {key: value for key, value in known.items() if value is not None or key == "proxy"}


def endpoint_url(scheme: str, server: str, port: int, path: str) -> str:
    """Give the URL; an IPv6 address gets its brackets."""
    with contextlib.suppress(ValueError):
        server = f"[{ipaddress.IPv6Address(server).compressed}]"
    return f"{scheme}://{server}:{port}/{path}"


def yes_or_no(value: object) -> bool:
    """Read what an inventory may hold for a switch."""
    word = str(value).strip().lower()
    if word in ("true", "yes", "on", "1", "y", "t"):
        return True
    if word in ("false", "no", "off", "0", "n", "f", "none", ""):
        return False
    raise PreconditionFailed(f"a connection option is {value!r}, where yes or no was expected")


def whole(value: object, name: str) -> int:
    """Read what an inventory may hold for a whole number."""
    try:
        return int(str(value))
    except ValueError:
        message = f"the connection option {name} is {value!r}, where a whole number was expected"
        raise PreconditionFailed(message) from None


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _psrp_listener(port: object, protocol: str | None) -> tuple[int, bool]:
    if port is None:
        secure = protocol != "http"
        return (_HTTPS_PORT if secure else _HTTP_PORT), secure
    number = whole(port, "port")
    return number, (number != _HTTP_PORT if protocol is None else protocol == "https")


def _psrp_validation(validation: str, ca_cert: object) -> bool | str:
    if validation == "ignore":
        return False
    return True if ca_cert is None else str(ca_cert)


def _since_2_21(get_option: GetOption, name: str) -> str | None:
    """An option that the connection of older ansible-core does not know."""
    try:
        return _text(get_option(name))
    except KeyError:
        return None


def _within(operation_timeout: int, read_timeout: int) -> int:
    """The host must be able to say that it ran out of time before we stop listening."""
    return max(1, min(operation_timeout, read_timeout - 1))


def _winrm_timeouts(connection_timeout: object, extras: Mapping[str, Any]) -> tuple[int, int]:
    if connection_timeout:
        seconds = whole(connection_timeout, "connection_timeout")
        return seconds, seconds + _WINRM_GRACE
    operation = whole(extras.get("operation_timeout_sec", _WINRM_OPERATION_TIMEOUT), "operation_timeout_sec")
    return operation, whole(extras.get("read_timeout_sec", _WINRM_READ_TIMEOUT), "read_timeout_sec")


def _winrm_transports(transports: Any, user: str | None, scheme: str) -> tuple[str, ...]:
    if transports and transports[0] is not None:
        return tuple(str(transport) for transport in transports)
    if user and "@" in user:
        return ("kerberos",)
    return ("ssl",) if scheme == "https" else ("plaintext",)


def _ticket(get_option: GetOption, extras: Mapping[str, Any], user: str | None, password: str | None) -> Ticket | None:
    mode = get_option("kerberos_mode")
    if mode == "manual" or (mode is None and not password):
        return None
    given = get_option("kinit_args")
    arguments = tuple(shlex.split(given)) if given else ()
    if not given and yes_or_no(extras.get("kerberos_delegation", False)):
        arguments = ("-f",)
    return Ticket(
        user or "",
        password or "",
        command=str(get_option("kerberos_command")),
        arguments=arguments,
        environment=tuple(str(name) for name in get_option("kinit_env_vars") or ()),
    )
