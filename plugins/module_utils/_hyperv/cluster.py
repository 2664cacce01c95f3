# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A failover cluster as one of its nodes shows it, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum


class NodeState(IntEnum):
    """State of MSCluster_Node (Microsoft's page clusnode-state); -1 comes as an unsigned number."""

    UP = 0
    DOWN = 1
    PAUSED = 2
    JOINING = 3
    UNKNOWN = 0xFFFFFFFF


class RoleState(IntEnum):
    """State of MSCluster_ResourceGroup (Microsoft's page clusresgroup-state); -1 comes as an unsigned number."""

    ONLINE = 0
    OFFLINE = 1
    FAILED = 2
    PARTIAL_ONLINE = 3
    PENDING = 4
    UNKNOWN = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Node:
    """One node by its NetBIOS name."""

    name: str
    state: NodeState


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """The clustered role that makes a VM highly available.

    Attributes:
        owner: NetBIOS name of the node that has the VM.
        restarts: the cluster starts the VM again when it stops and the cluster did not stop it (ShutdownAction 1).
        persistent: it is brought online when its node comes back; None where the host does not say.
    """

    name: str
    owner: str
    state: RoleState
    restarts: bool = False
    persistent: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """One failover cluster.

    Attributes:
        fqdn: its fully qualified name, whose domain is that of its nodes.
        broker: fully qualified client access point of its Hyper-V Replica Broker; empty where it has none.
        roles: by the GUID of the VM.
        all_told: every clustered VM could be told by its GUID; where not, a VM without a role may have one.
    """

    name: str
    fqdn: str = ""
    broker: str = ""
    nodes: tuple[Node, ...] = ()
    roles: Mapping[str, Role] = field(default_factory=dict)
    all_told: bool = True

    @property
    def domain(self) -> str:
        return self.fqdn.partition(".")[2]

    @property
    def node_names(self) -> tuple[str, ...]:
        """The fully qualified names of its nodes."""
        return tuple(qualified(node.name, self.domain) for node in self.nodes)

    def is_called(self, name: str) -> bool:
        """Whether this is the cluster's name, with or without its domain, in any case."""
        return name.casefold() in (self.name.casefold(), self.fqdn.casefold(), short(self.fqdn).casefold())

    def answers_to(self, name: str) -> bool:
        """Whether a host name of a relationship leads here: the broker's, or one of a node."""
        known = {netbios(node.name) for node in self.nodes} | ({netbios(self.broker)} if self.broker else set())
        return netbios(name) in known


def qualified(name: str, domain: str) -> str:
    """A name with its domain, unless it has one or there is none."""
    return f"{name}.{domain}" if domain and "." not in name else name


def short(name: str) -> str:
    """A name without its domain."""
    return name.partition(".")[0]


def netbios(name: str) -> str:
    """A name as Windows compares it without DNS: no domain, 15 characters, in upper case."""
    return short(name).upper()[:15]
