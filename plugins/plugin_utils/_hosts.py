# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From an Ansible connection to a carrier: the library that the user chose, with the options the user gave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._surface.options import (
    GetOption,
    LibraryOptions,
    psrp_options,
    winrm_options,
)
from ansible_collections.hyperv.replica.plugins.module_utils._transport.session import Session, SessionCarrier
from ansible_collections.hyperv.replica.plugins.module_utils._transport.via_pypsrp import open_pypsrp
from ansible_collections.hyperv.replica.plugins.module_utils._transport.via_pywinrm import open_pywinrm
from ansible_collections.hyperv.replica.plugins.plugin_utils._tickets import TicketCache

_TICKETS: Final = TicketCache()


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A host that can be asked; nothing has been sent yet.

    Attributes:
        name: its inventory name.
        endpoint: the URL of its WinRM service.
        carrier: takes envelopes there; serves one thread.
        operation_timeout: seconds the host may take for one request.
        max_envelope_size: bytes of the largest answer it is asked for.
        uses_tickets: tickets of ours are held for it.
        needs_kerberos: nothing but Kerberos signs in to it.
    """

    name: str
    endpoint: str
    carrier: SessionCarrier
    operation_timeout: int
    max_envelope_size: int
    uses_tickets: bool = False
    needs_kerberos: bool = False

    def close(self) -> None:
        """End the session, and remove our tickets with the last host that used them. Call once."""
        self.carrier.close()
        if self.uses_tickets:
            _TICKETS.release()


def open_host(name: str, connection: Any) -> Opened:
    """Take endpoint, way of signing in and credentials from a psrp or winrm connection. Opens no socket.

    Raises:
        PreconditionFailed: another connection, become, or options that cannot be used.
    """
    if getattr(connection, "become", None) is not None:
        raise PreconditionFailed(
            "become is not supported",
            kind="unsupported",
            host=name,
            cause="WMI acts as the user of the connection",
            remedy="set become: false for this task, and let ansible_user be the account that may manage Hyper-V",
        )
    transport = str(getattr(connection, "ansible_name", None) or getattr(connection, "transport", "unknown"))
    get_option: GetOption = connection.get_option
    match transport:
        case "psrp" | "ansible.builtin.psrp" | "ansible.legacy.psrp":
            return _opened(name, psrp_options(get_option), _by_pypsrp)
        case "winrm" | "ansible.builtin.winrm" | "ansible.legacy.winrm":
            return _opened(name, winrm_options(get_option), _by_pywinrm)
    raise PreconditionFailed(
        f"its connection is {transport}",
        kind="unsupported",
        host=name,
        cause="only psrp and winrm carry WS-Management",
        remedy="set ansible_connection to psrp or winrm, delegate the task to the Hyper-V host with delegate_to, or "
        "add the host with add_host",
    )


def open_psrp(name: str, get_option: GetOption) -> Opened:
    """Open a host by the options of a psrp connection that need not be Ansible's. Opens no socket."""
    return _opened(name, psrp_options(get_option), _by_pypsrp)


def refuse_outside_rehearsal(opened: Opened, endpoints: object) -> None:
    """Refuse a host whose name does not lead to a simulated one, where a rehearsal says which those are.

    Args:
        endpoints: address and port of each simulated host; empty outside of rehearsals.

    Raises:
        PreconditionFailed: it leads elsewhere. Nothing was sent.
    """
    there = opened.endpoint.partition("://")[2].partition("/")[0]
    if endpoints and there not in [str(one) for one in (endpoints if isinstance(endpoints, list) else [endpoints])]:
        raise PreconditionFailed(
            f"in this rehearsal {opened.name} leads to {there}, which is not simulated",
            kind="not_simulated",
            host=opened.name,
            cause="a variable of the inventory or of the command line wins over the rehearsal's",
            remedy="Take ansible_host, ansible_port and the like out of the extra variables",
        )


def refuse_one_machine(home: Opened, away: Opened) -> None:
    """Refuse two names that lead to the same endpoint.

    Raises:
        PreconditionFailed: they do.
    """
    if home.endpoint.casefold() == away.endpoint.casefold():
        raise PreconditionFailed(
            f"{home.name} and its peer {away.name} are one machine: {home.endpoint}",
            kind="wrong_peer",
            host=home.name,
            remedy="correct ansible_host of one of them",
        )


def _opened(name: str, options: LibraryOptions, opener: Callable[[str, LibraryOptions], Session]) -> Opened:
    if options.ticket is not None:
        _TICKETS.hold()
    return Opened(
        name=name,
        endpoint=options.endpoint,
        carrier=SessionCarrier(name, lambda: opener(name, options)),
        operation_timeout=options.operation_timeout,
        max_envelope_size=options.max_envelope_size,
        uses_tickets=options.ticket is not None,
        needs_kerberos=options.transports == ("kerberos",) or options.arguments.get("auth") == "kerberos",
    )


def _by_pypsrp(name: str, options: LibraryOptions) -> Session:
    return open_pypsrp(name, options.arguments)


def _by_pywinrm(name: str, options: LibraryOptions) -> Session:
    ticket = options.ticket

    def get_ticket() -> None:
        if ticket is not None:
            _TICKETS.get(
                name,
                ticket.principal,
                ticket.password,
                command=ticket.command,
                arguments=ticket.arguments,
                environment=ticket.environment,
            )

    return open_pywinrm(name, options.transports, options.arguments, get_ticket=get_ticket)
