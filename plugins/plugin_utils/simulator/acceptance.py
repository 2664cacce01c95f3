# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a replica server takes what another host sends: authentication, port, authorization."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import BUILT_IN_PROVIDER, AuthenticationType
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import ReplicationSettings
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.replica_server import AuthorizationEntry
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import Host

#: The entry that stands for any server.
ANY: Final = "*"


def accepts(receiver: Host, sender: Host, settings: ReplicationSettings) -> bool:
    """Whether ``receiver`` takes replication from ``sender`` with these settings.

    An external provider carries its data itself: for its VMs the settings of the replica server do not count
    (Microsoft's page createreplicationrelationship: what is ignored for external providers).
    """
    if settings.provider != BUILT_IN_PROVIDER:
        return True
    return listens(receiver, settings.authentication_type, settings.recovery_server_port) and (
        lets_in(receiver, sender)
        and holds_certificate(sender, settings.authentication_type, settings.certificate_thumbprint)
    )


def listens(receiver: Host, authentication: int, port: int) -> bool:
    """Whether the replica server is enabled and listens on this port for this kind of authentication."""
    server = receiver.replica_server
    by_certificate = authentication == AuthenticationType.CERTIFICATE
    return (
        server.enabled
        and bool(server.allowed_authentication & authentication)
        and port == (server.https_port if by_certificate else server.http_port)
    )


def authorized(receiver: Host, sender: str) -> AuthorizationEntry | None:
    """The entry that lets this sender in; its first label may hold a wildcard (PowerShell's page of the entries)."""
    entries = receiver.replica_server.entries
    return next((entry for entry in entries if _matches(entry.primary, sender)), None)


def lets_in(receiver: Host, sender: Host) -> bool:
    """Whether an entry lets a host in: by its own name, or for a node by its cluster's broker (blog 2012-03-27)."""
    return any(authorized(receiver, name) is not None for name in (sender.fqdn, sender.connection_point))


def holds_certificate(sender: Host, authentication: int, thumbprint: str) -> bool:
    """Whether the sender has the certificate it names; with Kerberos none is asked for."""
    own = sender.replica_server.certificate_thumbprint
    return authentication != AuthenticationType.CERTIFICATE or (own != "" and own.casefold() == thumbprint.casefold())


def _matches(pattern: str, name: str) -> bool:
    return fnmatchcase(name.casefold(), pattern.casefold())
