# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cluster that a host is a node of: four queries on a node, one on any other host, and those once.

Sources: Microsoft's pages of the Failover Cluster Provider (root\\MSCluster) and of the private properties of the
resource types Virtual Machine (VmID, ShutdownAction) and Network Name (Name, DnsName); CLUSGROUP_TYPE of clusapi.h.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Final, TypeVar

from ansible_collections.hyperv.replica.plugins.module_utils._errors import WireError, WsmanFault
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv import schema
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.asking import Memory, ask
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.classes import (
    CLUSTER,
    CLUSTER_GROUP,
    CLUSTER_NODE,
    CLUSTER_RESOURCE,
    SYSTEM,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.cluster import (
    Cluster,
    Node,
    NodeState,
    Role,
    RoleState,
    qualified,
)
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import Talk
from ansible_collections.hyperv.replica.plugins.module_utils._wire.names import HYPERV_CLUSTER
from ansible_collections.hyperv.replica.plugins.module_utils._wire.query import instances, wql_select

_VIRTUAL_MACHINE: Final = "Virtual Machine"
_BROKER: Final = "Virtual Machine Replication Broker"
_NETWORK_NAME: Final = "Network Name"
_TYPES: Final = (_VIRTUAL_MACHINE, _BROKER, _NETWORK_NAME)

#: GroupType of what is read: virtual machine, replica broker.
_GROUP_TYPES: Final = ("111", "115")

#: ShutdownAction: the resource is marked as failed, and the restart policy applies.
_FAIL: Final = 1

_E = TypeVar("_E", bound=IntEnum)


def cluster(memory: Memory) -> Talk[Cluster | None]:
    """The cluster of this host; None where it is no node, which is remembered."""
    found = yield from _clusters(memory)
    if not found:
        return None
    fqdn = found[0].text("Fqdn") or ""
    nodes = yield from ask(memory, CLUSTER_NODE)
    resources = yield from ask(memory, CLUSTER_RESOURCE, {"Type": _TYPES})
    groups = yield from ask(memory, CLUSTER_GROUP, {"GroupType": _GROUP_TYPES})
    roles, unnamed = _roles(resources, groups)
    if unnamed:
        roles |= yield from _named(unnamed)
    name = found[0].text("Name") or ""
    return Cluster(
        name=name,
        fqdn=fqdn or name,
        broker=_broker(resources, fqdn.partition(".")[2]),
        nodes=tuple(Node(one.text("Name") or "", _state(one, NodeState)) for one in nodes),
        roles=roles,
        all_told=len(roles) == sum(one.text("Type") == _VIRTUAL_MACHINE for one in resources),
    )


def _clusters(memory: Memory) -> Talk[list[CimInstance]]:
    """Whoever may manage Hyper-V need not be allowed to read the cluster; then it is as if there were none."""
    try:
        return (yield from ask(memory, CLUSTER))
    except WsmanFault as fault:
        if fault.kind != "access_refused":
            raise
    memory.missing.add(CLUSTER)
    return []


def _roles(resources: Iterable[CimInstance], groups: Iterable[CimInstance]) -> tuple[dict[str, Role], dict[str, Role]]:
    """Roles by the GUID of their VM; those whose resource does not tell it by the name of their group."""
    known = {one.text("Name") or "": one for one in groups}
    roles: dict[str, Role] = {}
    unnamed: dict[str, Role] = {}
    for one in resources:
        if one.text("Type") != _VIRTUAL_MACHINE:
            continue
        name = one.text("OwnerGroup") or ""
        private = one.instances("PrivateProperties")
        vm_id = schema.guid(private[0].text("VmID")) if private else ""
        role = _role(one, known.get(name), private)
        if vm_id:
            roles[vm_id] = role
        else:
            unnamed[name] = role
    return roles, unnamed


def _role(resource: CimInstance, group: CimInstance | None, private: tuple[CimInstance, ...]) -> Role:
    return Role(
        name=resource.text("OwnerGroup") or "",
        owner=resource.text("OwnerNode") or "",
        state=_state(group, RoleState) if group else RoleState.UNKNOWN,
        restarts=bool(private) and private[0].integer("ShutdownAction") == _FAIL,
        persistent=group.boolean("PersistentState") if group else None,
    )


def _named(unnamed: Mapping[str, Role]) -> Talk[dict[str, Role]]:
    """Roles without a GUID by that of the one clustered VM that is called like their group."""
    query = wql_select(SYSTEM, properties=("Name", "ElementName"), namespace=HYPERV_CLUSTER)
    try:
        found = yield from instances(query)
    except WsmanFault:
        return {}
    by_name: dict[str, list[str]] = {}
    for one in found:
        if schema.vm_id(one):
            by_name.setdefault(one.text("ElementName") or "", []).append(schema.vm_id(one))
    return {by_name[name][0]: role for name, role in unnamed.items() if len(by_name.get(name, ())) == 1}


def _broker(resources: Iterable[CimInstance], domain: str) -> str:
    """The network name in the group of the broker, with the cluster's domain."""
    kept = list(resources)
    groups = {one.text("OwnerGroup") for one in kept if one.text("Type") == _BROKER}
    for one in kept:
        if one.text("Type") == _NETWORK_NAME and one.text("OwnerGroup") in groups:
            private = one.instances("PrivateProperties")
            told = (private[0].text("DnsName") or private[0].text("Name") or "") if private else ""
            return qualified(told or one.text("OwnerGroup") or "", domain)
    return ""


def _state(instance: CimInstance, kind: type[_E]) -> _E:
    number = instance.integer("State")
    wanted = None if number is None else number & 0xFFFFFFFF
    if wanted is None or wanted not in kind.__members__.values():
        raise WireError(f"{instance.class_name}.State is {number}, which this collection does not know", code=number)
    return kind(wanted)
