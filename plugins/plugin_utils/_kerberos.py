# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Base of the action that tells whether signing in by Kerberos can work from where it runs."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from ansible.plugins.action import ActionBase

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    AccessRefused,
    HyperVReplicaError,
    PreconditionFailed,
)
from ansible_collections.hyperv.replica.plugins.module_utils._probes.clock import date_of
from ansible_collections.hyperv.replica.plugins.module_utils._probes.dns import probe_dns
from ansible_collections.hyperv.replica.plugins.module_utils._probes.tcp import probe_tcp
from ansible_collections.hyperv.replica.plugins.module_utils._surface.kerberos import (
    KRB5,
    Configuration,
    Found,
    read_configuration,
    said,
    verdict,
)
from ansible_collections.hyperv.replica.plugins.module_utils._surface.kerberos_checks import judge
from ansible_collections.hyperv.replica.plugins.module_utils._surface.options import (
    LibraryOptions,
    psrp_options,
    winrm_options,
)
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plain import plain
from ansible_collections.hyperv.replica.plugins.module_utils._surface.results import error_result
from ansible_collections.hyperv.replica.plugins.module_utils._transport.kerberos import (
    LIBRARIES,
    ask_for_ticket,
    can_ask,
    missing_libraries,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils._peer import task_host
from ansible_collections.hyperv.replica.plugins.plugin_utils._tickets import TicketCache

#: Where KDCs listen (RFC 4120, section 7.2).
_KDC_PORT: Final = 88
#: Connection: the options of its library that name the host and the service that a ticket is for.
_NAMED_BY: Final = {
    "psrp": ("negotiate_hostname_override", "negotiate_service", "WSMAN"),
    "winrm": ("kerberos_hostname_override", "service", "HTTP"),
}
_DEPTH: Final = 4


class KerberosAction(ActionBase):
    """Looks at the controller's libraries and settings, the names, the KDC, the clocks, and asks for a ticket."""

    _supports_check_mode, _supports_async = True, False

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Give the checks and the verdict; changes nothing."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        options: dict[str, Any] = plain(self.validate_argument_spec(**KRB5)[1])
        try:
            checks = judge(self._found(task_host(self, task_vars or {}), float(options["timeout"])))
        except HyperVReplicaError as error:
            return result | error_result(error)
        ended = verdict(checks)
        bad = {"fail": ("failed",), "warn": ("failed", "warned"), "never": ()}[options["fail_on"]]
        told = {"checks": plain(checks), "verdict": ended, "msg": said(task_host(self, task_vars or {}), checks)}
        return result | told | {"changed": False, "failed": ended in bad}

    def _found(self, name: str, timeout: float) -> Found:
        connection, options = self._asked_by(name)
        override, service, default = _NAMED_BY[connection]
        endpoint = urlsplit(options.endpoint)
        host = str(options.arguments.get(override) or endpoint.hostname)
        files, configuration = _configuration()
        user = str(options.arguments.get("username") or "")
        found = Found(
            connection=connection,
            user=user,
            host=host,
            address=str(endpoint.hostname),
            service=str(options.arguments.get(service) or default),
            missing=missing_libraries(connection),
            extra=LIBRARIES[connection][1],
            files=files,
            configuration=configuration,
        )
        return _looked_up(found, options, timeout)

    def _asked_by(self, name: str) -> tuple[str, LibraryOptions]:
        transport = str(getattr(self._connection, "ansible_name", self._connection.transport)).rpartition(".")[2]
        if transport == "psrp":
            return transport, psrp_options(self._connection.get_option)
        if transport == "winrm":
            return transport, winrm_options(self._connection.get_option)
        raise PreconditionFailed(
            f"its connection is {transport}",
            kind="unsupported",
            host=name,
            remedy="Run this for the Hyper-V hosts themselves, whose connection is psrp or winrm",
        )


def _looked_up(found: Found, options: LibraryOptions, timeout: float) -> Found:
    """What names, KDCs, clocks and the library say."""
    addresses = _addresses(found.address)
    refused = _refused(found, options) if can_ask(found.connection) else None
    more: dict[str, Any] = {
        "addresses": addresses,
        "reverse": _reverse(addresses[0]) if addresses else "",
        "is_address": _is_address(found.host),
        "kdc": {name: probe_tcp(*_endpoint(name), timeout).ok for name in _kdcs(found, timeout)},
        "skew": None,
        "asked": refused is not None,
        "refused": refused or "",
    }
    there = date_of(options.endpoint, timeout)
    if there is not None:
        more["skew"] = there - datetime.now(timezone.utc)
    return Found(**{name: getattr(found, name) for name in _GIVEN}, **more)


_GIVEN: Final = ("connection", "user", "host", "address", "service", "missing", "extra", "files", "configuration")


def _refused(found: Found, options: LibraryOptions) -> str:
    """Why there is no ticket; empty where there is one."""
    tickets, ticket = TicketCache(), options.ticket
    user, password = options.arguments.get("username"), options.arguments.get("password")
    tickets.hold()
    try:
        if ticket is not None:  # pywinrm has kinit get it, so that is what is tried
            tickets.get(
                found.host,
                ticket.principal,
                ticket.password,
                command=ticket.command,
                arguments=ticket.arguments,
                environment=ticket.environment,
            )
            user = password = None
        ask_for_ticket(user, password, service=found.service, host=found.host)
    except (AccessRefused, PreconditionFailed) as error:
        return error.cause or error.found
    finally:
        tickets.release()
    return ""


def _configuration() -> tuple[tuple[str, ...], Configuration]:
    """The configuration that the library reads, and from which files it comes."""
    read: list[str] = []
    texts = [_text(Path(name), read) for name in os.environ.get("KRB5_CONFIG", "/etc/krb5.conf").split(":") if name]
    return tuple(read), read_configuration("\n".join(texts))


def _text(path: Path, read: list[str], depth: int = 0) -> str:
    """A file with those that it includes, as krb5.conf(5) has it; one that cannot be read is left out."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    read.append(str(path))
    lines = text.splitlines()
    more = [_text(other, read, depth + 1) for line in lines for other in _included(line) if depth < _DEPTH]
    return "\n".join([text, *more])


def _included(line: str) -> Iterator[Path]:
    word, _blank, name = line.strip().partition(" ")
    if word == "include" and name:
        yield Path(name.strip())
    if word == "includedir" and Path(name.strip()).is_dir():
        yield from sorted(path for path in Path(name.strip()).iterdir() if path.is_file())


def _kdcs(found: Found, timeout: float) -> tuple[str, ...]:
    """Written down, or else told by DNS."""
    written = found.configuration.kdcs.get(found.realm, ())
    if written or not found.configuration.dns_lookup_kdc or not found.realm:
        return tuple(written)
    for server in _name_servers():
        told = probe_dns(f"_kerberos._tcp.{found.realm}", type_="SRV", server=server, timeout=timeout)
        if told.ok:
            return tuple(_targets(told.detail))
    return ()


def _targets(detail: str) -> Iterator[str]:
    """The targets of SRV answers, each of which is ``priority weight port target``."""
    for answer in detail.rpartition(" is ")[2].split(", "):
        parts = answer.split()
        if len(parts) == 4:
            yield f"{parts[3].rstrip('.')}:{parts[2]}"


def _name_servers() -> Iterator[str]:
    try:
        lines = Path("/etc/resolv.conf").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        word, _blank, rest = line.partition(" ")
        if word == "nameserver" and rest.strip():
            yield rest.strip()


def _endpoint(server: str) -> tuple[str, int]:
    host, _colon, port = server.rpartition(":")
    return (host, int(port)) if host and port.isdigit() else (server, _KDC_PORT)


def _addresses(host: str) -> tuple[str, ...]:
    try:
        told = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(address[0]) for *_kind, address in told))


def _reverse(address: str) -> str:
    try:
        return socket.getnameinfo((address, 0), socket.NI_NAMEREQD)[0]
    except OSError:
        return ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
