# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two ends as each other's peers: by which name, port and certificate one replicates to the other."""

from __future__ import annotations

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.cluster import netbios
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import (
    Absent,
    End,
    Pair,
    ReplicationSettings,
    Side,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import AuthenticationType
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Plain


def point_of(seen: Pair, end: End) -> str:
    """The name by which replication connects to an end: of the names both ends know, the one that is that host's.

    A cluster is named by its broker, as either end knows it or else as the cluster says. Where the cluster is not known
    its broker is no host's name: then it is the connection point that is not the other end's.
    Where no relationship names any, what the host calls itself.
    """
    facts = seen.at(end).facts
    broker = facts.cluster.broker if facts and facts.cluster else ""
    known = [name for side in (seen.destination, seen.source) for name in _points(side)]
    if broker:
        return next((name for name in known if netbios(name) == netbios(broker)), broker)
    ours = [name for name in known if is_host(name, seen.at(end))]
    if ours:
        return ours[0]
    own = seen.at(end).facts
    return next((name for name in known if not is_host(name, seen.at(end.other))), own.computer_name if own else "")


def is_host(name: str, side: Side | Absent) -> bool:
    """Whether a host name of a relationship is this host's own, or that of its cluster's broker or another node."""
    own = side.facts.computer_name if side.facts else ""
    cluster = side.facts.cluster if side.facts else None
    return bool(own) and (netbios(name) == netbios(own) or (cluster is not None and cluster.answers_to(name)))


def _points(side: Side | Absent) -> tuple[str, ...]:
    settings = side.settings if isinstance(side, Side) else None
    if settings is None:
        return ()
    names = (settings.primary_connection_point, settings.recovery_connection_point)
    return tuple(filter(None, (*names, settings.primary_host, settings.recovery_host)))


def listener(seen: Pair, end: End) -> dict[str, Plain]:
    """What a sender has to know of the listener at an end: name, port, authentication, and its own certificate.

    The port is the listener's, not the one in the settings, which belongs to the host that now sends (lifecycle 9).
    """
    sender, receiver = seen.at(end.other), seen.at(end)
    settings = settings_of(seen, end.other)
    authentication, server = settings.authentication, receiver.facts.replica_server if receiver.facts else None
    own = sender.facts.replica_server if sender.facts else None
    certificate = authentication is AuthenticationType.CERTIFICATE
    thumbprint = own.certificate_thumbprint if certificate and own else ""
    return {
        "RecoveryConnectionPoint": point_of(seen, end),
        "RecoveryServerPortNumber": server.port(authentication) if server else settings.port,
        "AuthenticationType": int(authentication),
        "CertificateThumbPrint": (thumbprint or settings.certificate_thumbprint) if certificate else None,
    }


def settings_of(seen: Pair, end: End) -> ReplicationSettings:
    """The settings of an end, or of the other one where this one has none."""
    for side in (seen.at(end), seen.at(end.other)):
        if isinstance(side, Side) and side.settings is not None:
            return side.settings
    return ReplicationSettings(instance_id="")


def built_in(seen: Pair) -> bool:
    """Whether the host-to-host provider carries this relationship; only that one has a listener to test."""
    return settings_of(seen, End.DESTINATION).built_in
