# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Failover clusters of the simulated estate as plain data: nodes, and the groups that make VMs highly available."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

#: What a cluster does when a VM stops and the cluster did not stop it (page virtual-machines-shutdownaction: 0, 1).
SHUTDOWN_ACTIONS: Final = ("offline", "fail")


class GroupState(IntEnum):
    """State of MSCluster_ResourceGroup (page clusresgroup-state)."""

    ONLINE = 0
    OFFLINE = 1
    FAILED = 2
    PARTIAL_ONLINE = 3
    PENDING = 4


class ResourceState(IntEnum):
    """State of MSCluster_Resource (page clusresource-state)."""

    ONLINE = 2
    OFFLINE = 3
    FAILED = 4
    PENDING = 128


@dataclass(slots=True, kw_only=True, eq=False)
class Group:
    """The clustered role of one VM. It is owned by the node that has the VM.

    Attributes:
        guid: Id of the group.
        persistent: PersistentState: it is brought online when the cluster forms, or its node comes back.
        shutdown_action: one of ``SHUTDOWN_ACTIONS``.
        restart_seconds: how long after a failure the VM is started again.
        waiting: something is to happen to it by itself already.
    """

    name: str
    vm_guid: str
    guid: str
    persistent: bool = True
    shutdown_action: str = "offline"
    restart_seconds: float = 5.0
    state: GroupState = GroupState.OFFLINE
    waiting: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Cluster:
    """One failover cluster.

    Attributes:
        broker: fully qualified client access point of its Hyper-V Replica Broker; empty where it has none.
        nodes: names of its hosts, in the estate's order.
        groups: by the GUID of the VM; a VM without one is not highly available.
    """

    name: str
    fqdn: str
    broker: str = ""
    nodes: list[str] = field(default_factory=list)
    groups: dict[str, Group] = field(default_factory=dict)

    def is_reached_at(self, name: str) -> bool:
        """Whether this is a name by which replication reaches the cluster: its broker's, with or without domain."""
        broker = self.broker.casefold()
        return bool(broker) and name.casefold() in (broker, broker.partition(".")[0])
