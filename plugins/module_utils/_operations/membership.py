# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the hosts that the inventory ties together are the nodes of one cluster, and all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.cluster import Cluster, netbios, short
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Look
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import HostFacts
from ansible_collections.hyperv.replica.plugins.module_utils._operations.routes import HostKey

#: The variable by which an inventory group says that its hosts are the nodes of a cluster.
VARIABLE = "hyperv_cluster_name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """One inventory host.

    Attributes:
        names: what it goes by in the inventory: its name and its addresses.
    """

    host: str
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """What the inventory says of the hosts of one end.

    Attributes:
        cluster: the value of ``VARIABLE``; empty for a host that is on its own.
        hosts: by what a run calls them.
    """

    cluster: str = ""
    hosts: Mapping[HostKey, Enrolled] = field(default_factory=dict)


def silent(roll: Roll, looks: Collection[HostKey]) -> Iterator[str]:
    """The nodes that did not answer while another one did."""
    if any(key in looks for key in roll.hosts):
        yield from (one.host for key, one in roll.hosts.items() if key not in looks)


def refuse_strangers(roll: Roll, looks: Mapping[HostKey, Look]) -> None:
    """Raise unless the hosts that answered are nodes of the cluster they are tied to, and no node is left out.

    A node that is not in the inventory is never connected to; with one left out nobody knows where a VM runs.
    """
    for key, enrolled in roll.hosts.items():
        look = looks.get(key)
        cluster = look.facts.cluster if look else None
        if look is None or (cluster is None and not roll.cluster):
            continue
        if cluster is None:
            raise _no_node(enrolled, roll)
        if roll.cluster and not cluster.is_called(roll.cluster):
            raise _other_cluster(enrolled, cluster, roll)
        if strangers := _strangers(cluster, roll, looks):
            raise _left_out(enrolled, cluster, strangers, roll)


def _strangers(cluster: Cluster, roll: Roll, looks: Mapping[HostKey, Look]) -> list[str]:
    known = [(one, looks[key].facts if key in looks else None) for key, one in roll.hosts.items()]
    return [name for name in cluster.node_names if not any(_is_node(name, one, facts) for one, facts in known)]


def _is_node(name: str, one: Enrolled, facts: HostFacts | None) -> bool:
    """Whether an inventory host is the node of this name: by its own word, else by the names it is written under."""
    if facts is not None and facts.computer_name:
        return netbios(facts.computer_name) == netbios(name)
    return any(_same(known.casefold(), name.casefold()) for known in one.names)


def _same(known: str, name: str) -> bool:
    """A name with a domain has to be the node's own; one without is compared without."""
    return known == name if "." in known else known == short(name)


def _no_node(enrolled: Enrolled, roll: Roll) -> PreconditionFailed:
    return PreconditionFailed(
        f"{VARIABLE} says that it is a node of {roll.cluster}, and it is no node of a cluster",
        kind="no_cluster_node",
        host=enrolled.host,
        cause="It has no namespace root\\MSCluster, or this account may not read it",
        remedy=f"Take it out of the inventory group with {VARIABLE}, or let the account read the cluster",
    )


def _other_cluster(enrolled: Enrolled, cluster: Cluster, roll: Roll) -> PreconditionFailed:
    return PreconditionFailed(
        f"it is a node of the cluster {cluster.name}, and {VARIABLE} says {roll.cluster}",
        kind="wrong_cluster",
        host=enrolled.host,
        remedy=f"Correct {VARIABLE}, or the group that this host is in",
    )


def _left_out(enrolled: Enrolled, cluster: Cluster, strangers: list[str], roll: Roll) -> PreconditionFailed:
    return PreconditionFailed(
        f"it is a node of the cluster {cluster.name}, of which the inventory does not know {', '.join(strangers)}"
        + (f" as a node of {roll.cluster}" if roll.cluster else ""),
        kind="unknown_node",
        host=enrolled.host,
        cause="Where a VM of a cluster runs is known only when every node is asked, and a node that is not in the "
        "inventory is not connected to",
        remedy=f"Put all nodes in an inventory group with {VARIABLE}: {cluster.name}, named by FQDN or with "
        "ansible_host as such",
    )
