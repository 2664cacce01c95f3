# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Preflight rules about trust between the hosts: who lets whom in, certificates, listeners, and a connection test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.certificates import Certificate
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import (
    End,
    HostFacts,
    ReplicaServer,
    Side,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import AuthenticationType, ReplicationMode
from ansible_collections.hyperv.replica.plugins.module_utils._operations import ends
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight import Rule, gates
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight_view import (
    Finding,
    Unseen,
    View,
    failed,
    passed,
    warned,
)

_FOREIGN: Final = "another provider carries this replication"


def _authorization(view: View) -> Finding:
    return _lets_in(view, End.DESTINATION)


def _authorization_home(view: View) -> Finding:
    return _lets_in(view, End.SOURCE)


def _lets_in(view: View, end: End) -> Finding:
    """Whether the host at an end lets the other one replicate to it."""
    host, site = view.pair.at(end).host, view.site(end)
    if not ends.built_in(view.pair):
        return passed(_FOREIGN, host)
    if site.entries is None:
        raise Unseen(host, site.unread.get("entries", "its authorization entries were not read"))
    names = _names(view, end.other)
    if any(entry.lets_in(name) for entry in site.entries for name in names):
        return passed(f"lets in {names[0]}", host)
    allowed = ", ".join(entry.primary for entry in site.entries) or "nobody"
    return failed(f"lets in {allowed}, but not {' or '.join(names)}", host)


def _names(view: View, end: End) -> list[str]:
    """By which names replication knows the host at an end."""
    settings = ends.settings_of(view.pair, end)
    points = (settings.primary_connection_point, settings.recovery_connection_point)
    every = (ends.point_of(view.pair, end), *points, settings.primary_host, settings.recovery_host)
    side = view.pair.at(end)
    own = [name for place, name in enumerate(every) if name and (place == 0 or ends.is_host(name, side))]
    if not own:
        raise Unseen(side.host, "the relationship does not tell by which name it is known")
    return [*dict.fromkeys(own)]


def _replica_server(view: View) -> Finding:
    return _receives(view, End.DESTINATION)


def _replica_server_home(view: View) -> Finding:
    return _receives(view, End.SOURCE)


def _receives(view: View, end: End) -> Finding:
    host, server = _server(view, end)
    if not ends.built_in(view.pair):
        return passed(_FOREIGN, host)
    if not server.enabled:
        return failed("it is no replica server", host)
    wanted = ends.settings_of(view.pair, end).authentication
    if not server.allowed_authentication & wanted:
        return failed(f"it does not accept {wanted.name}, which the relationship uses", host)
    port, sender = server.port(wanted), view.pair.at(end.other)
    sent_to = sender.settings.port if isinstance(sender, Side) and _sends(sender) and sender.settings else 0
    if sent_to not in (0, port):
        return warned(f"it listens on port {port}, and the relationship names {sent_to}", host)
    return passed(f"it accepts {wanted.name} on port {port}", host)


def _server(view: View, end: End) -> tuple[str, ReplicaServer]:
    host, server = view.pair.at(end).host, view.facts(end).replica_server
    if server is None:
        raise Unseen(host, "it does not tell how it receives replication")
    return host, server


def _listener(view: View) -> Finding:
    return _listens(view, End.DESTINATION)


def _listener_home(view: View) -> Finding:
    return _listens(view, End.SOURCE)


def _listens(view: View, end: End) -> Finding:
    host, server = _server(view, end)
    if not ends.built_in(view.pair):
        return passed(_FOREIGN, host)
    if server.listening is None:
        raise Unseen(host, "it does not tell whether its listener is up")
    return passed("its listener is up", host) if server.listening else failed("its listener is not up", host)


def _certificate(view: View) -> Finding:
    return _certified(view, End.DESTINATION)


def _certificate_home(view: View) -> Finding:
    return _certified(view, End.SOURCE)


def _certified(view: View, end: End) -> Finding:
    """Whether the certificates that a host receives and sends with hold until it need not any more."""
    host, server = _server(view, end)
    if not ends.built_in(view.pair):
        return passed(_FOREIGN, host)
    if ends.settings_of(view.pair, end).authentication is not AuthenticationType.CERTIFICATE:
        return passed("this relationship uses Kerberos", host)
    held = {node.name: _held(node) for node in view.nodes(end)}
    wanted = [*dict.fromkeys(filter(None, (server.certificate_thumbprint, _sent_with(view, end))))]
    if not wanted:
        return failed("no certificate is configured", host)
    troubles = [text for node in view.nodes(end) for text in _of_node(view, end, node, wanted, held[node.name])]
    if troubles:
        return failed("; ".join(troubles), host)
    return _told(view, end, wanted, {thumb: one for known in held.values() for thumb, one in known.items()})


def _held(node: HostFacts) -> dict[str, Certificate]:
    """The certificates of a host by thumbprint."""
    site = node.site
    if site is None or site.certificates is None or node.clock is None:
        why = "the host tells no time" if site is None else site.unread.get("certificates", "the host tells no time")
        raise Unseen(node.name, why)
    return {one.thumbprint.upper(): one for one in site.certificates}


def _of_node(view: View, end: End, node: HostFacts, wanted: list[str], held: dict[str, Certificate]) -> Iterator[str]:
    """What is wrong with the certificates of a host; of a cluster every node has to have them."""
    if node.clock is None:
        return
    for thumb in wanted:
        text = _trouble(held.get(thumb.upper()), thumb, node.clock, view.asked.planned_stay, _names(view, end))
        if text:
            yield f"{node.name}: {text}" if node.cluster else text


def _sent_with(view: View, end: End) -> str:
    """What the relationship names at the sending end; at the other end it is the sender's."""
    side = view.pair.at(end)
    return side.settings.certificate_thumbprint if isinstance(side, Side) and _sends(side) and side.settings else ""


def _sends(side: Side) -> bool:
    return side.mode is ReplicationMode.PRIMARY


def _trouble(certificate: Certificate | None, thumbprint: str, now: datetime, stay: timedelta, names: list[str]) -> str:
    """What is wrong with a certificate; empty where nothing is."""
    if certificate is None:
        return f"{thumbprint} is configured, but not in the machine's store (an old one, or one of another host)"
    if not certificate.valid_at(now):
        return f"{thumbprint} is in force from {certificate.begins:%Y-%m-%d} to {certificate.ends:%Y-%m-%d}"
    if not certificate.valid_at(now, stay):
        return f"{thumbprint} ends {certificate.ends:%Y-%m-%d %H:%M:%SZ}, before the planned stay does"
    if not certificate.usable:
        return f"{thumbprint} is not for both client and server authentication"
    if not any(certificate.is_for(name) for name in names):
        return f"{thumbprint} is for {', '.join(certificate.names)}, not for {' or '.join(names)}"
    return ""


def _told(view: View, end: End, wanted: list[str], held: dict[str, Certificate]) -> Finding:
    host = view.pair.at(end).host
    if len(wanted) > 1:
        return warned(f"the relationship sends with {wanted[1]}, and the replica server has {wanted[0]}", host)
    ending = min(held[thumb.upper()].ends for thumb in wanted)
    cluster = view.facts(end).cluster
    unseen = cluster is not None and len(view.nodes(end)) < len(cluster.nodes)
    if unseen or not ends.is_host(ends.point_of(view.pair, end), view.pair.at(end)):
        return warned(
            f"good until {ending:%Y-%m-%d}; every node of the cluster needs one, and not all of them were seen", host
        )
    return passed(f"good until {ending:%Y-%m-%d}", host)


def _connection_test(view: View) -> Finding:
    host = view.pair.destination.host
    if not ends.built_in(view.pair):
        return passed(_FOREIGN, host)
    tested = view.whole.tests.get(view.pair.vm_id)
    if tested is None:
        raise Unseen(host, "no connection test was made")
    if tested.good is None:
        raise Unseen(host, tested.said)
    return passed(tested.said, host) if tested.good else failed(tested.said, host)


_ENTRY: Final = "Add an authorization entry for it with hyperv_replica_server"
_SERVER: Final = "Enable the replica server and its authentication with hyperv_replica_server"
_LISTEN: Final = "Look at the firewall rule of the Hyper-V Replica listener, its port and its certificate"
_RENEW: Final = "Get a new certificate, set it on both the replica server and the relationship, on every node"

RULES: Final = (
    Rule(
        id="authorization",
        asks="The destination lets the source replicate to it.",
        gates=gates("- B - B B W"),
        check=_authorization,
        cause="It refuses the last changes",
        remedy=_ENTRY,
        of_hosts=True,
    ),
    Rule(
        id="authorization_home",
        asks="The source lets the destination replicate to it, for the way home.",
        gates=gates("- B - - B"),
        check=_authorization_home,
        cause="The direction cannot be reversed, and the VM would run unprotected",
        remedy=_ENTRY,
        of_hosts=True,
    ),
    Rule(
        id="replica_server",
        asks="The destination is a replica server that accepts the relationship's authentication and port.",
        gates=gates("- B - B B W"),
        check=_replica_server,
        cause="It refuses the last changes",
        remedy=_SERVER,
        of_hosts=True,
    ),
    Rule(
        id="replica_server_home",
        asks="The source is a replica server too, for the way home.",
        gates=gates("- B - - B"),
        check=_replica_server_home,
        cause="The direction cannot be reversed, and the VM would run unprotected",
        remedy=_SERVER,
        of_hosts=True,
    ),
    Rule(
        id="listener",
        asks="The destination's listener is up.",
        gates=gates("- B - B B W"),
        check=_listener,
        cause="Nothing that is sent arrives",
        remedy=_LISTEN,
        of_hosts=True,
    ),
    Rule(
        id="listener_home",
        asks="The source's listener is up, for the way home.",
        gates=gates("- B - - B"),
        check=_listener_home,
        cause="Nothing that is sent home arrives",
        remedy=_LISTEN,
        of_hosts=True,
    ),
    Rule(
        id="certificate",
        asks="The destination's certificates are there, for its name, for both uses, and valid until the stay is over.",
        gates=gates("- B - B B"),
        check=_certificate,
        cause="Replication by certificate ends with the certificate",
        remedy=_RENEW,
        of_hosts=True,
    ),
    Rule(
        id="certificate_home",
        asks="The source's certificates are there, for its name, for both uses, and valid until the stay is over.",
        gates=gates("- B - - B"),
        check=_certificate_home,
        cause="The way home by certificate ends with the certificate",
        remedy=_RENEW,
        of_hosts=True,
    ),
    Rule(
        id="connection_test",
        asks="The destination, which is to send, reaches the source's replica server.",
        gates=gates("- B - - B"),
        check=_connection_test,
        cause="Name, port, firewall, authentication, certificate or authorization stands in the way",
        remedy="Try Test-VMReplicationConnection on the destination, and look at the Hyper-V-VMMS-Admin logs of both",
        of_hosts=True,
    ),
)
