# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster as each of its nodes shows it: root/mscluster, and its VMs in root/hypervcluster/v2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.catalogue import Instance, find_class
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.catalogue_cluster import MSCLUSTER
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.clustered import (
    Cluster,
    Group,
    GroupState,
    ResourceState,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.clusters import owner
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.identities import Sight
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import Ref
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.views_systems import Values, View, vm_values

#: GroupType (page CLUSGROUP_TYPE of clusapi.h).
_CORE, _VIRTUAL_MACHINE, _BROKER = 1, 111, 115

_RESOURCE_STATES: Final = {
    GroupState.ONLINE: ResourceState.ONLINE,
    GroupState.OFFLINE: ResourceState.OFFLINE,
    GroupState.FAILED: ResourceState.FAILED,
    GroupState.PARTIAL_ONLINE: ResourceState.ONLINE,
    GroupState.PENDING: ResourceState.PENDING,
}


class _Role(NamedTuple):
    """A group as WMI shows it, with its resources: name, type and private properties."""

    name: str
    guid: str
    kind: int
    state: GroupState
    node: str
    persistent: bool
    resources: tuple[tuple[str, str, Instance | None], ...]


def clusters(sight: Sight) -> Iterator[Values]:
    """MSCluster_Cluster: the one this host is a node of."""
    cluster = sight.host.cluster
    if cluster is not None:
        yield {
            "Caption": cluster.name,
            "ClusterFunctionalLevel": 11,
            "CreationClassName": "MSCluster_Cluster",
            "EnableSharedVolumes": 1,
            "Fqdn": cluster.fqdn,
            "MaxNumberOfNodes": 64,
            "Name": cluster.name,
            "Status": "OK",
        }


def nodes(sight: Sight) -> Iterator[Values]:
    """MSCluster_Node, up (0) or down (1)."""
    for number, name in enumerate(sight.host.cluster.nodes if sight.host.cluster else []):
        up = sight.world.hosts[name].up
        yield {
            "BuildNumber": int(sight.host.os_build),
            "Caption": name,
            "CreationClassName": "MSCluster_Node",
            "DynamicWeight": int(up),
            "Id": str(number + 1),
            "MajorVersion": 10,
            "MinorVersion": 0,
            "Name": name,
            "NodeWeight": 1,
            "State": 0 if up else 1,
            "Status": "OK" if up else "Error",
        }


def groups(sight: Sight) -> Iterator[Values]:
    """MSCluster_ResourceGroup."""
    for role in _roles(sight):
        yield {
            "Caption": role.name,
            "GroupType": role.kind,
            "Id": role.guid,
            "IsCore": role.kind == _CORE,
            "Name": role.name,
            "OwnerNode": role.node,
            "PersistentState": role.persistent,
            "Priority": 2000,
            "State": int(role.state),
        }


def resources(sight: Sight) -> Iterator[Values]:
    """MSCluster_Resource; no recording shows its embedded object on this wire, so whether it comes is a switch."""
    shown = sight.world.switches.is_("cluster_properties", "shown")
    for role in _roles(sight):
        for name, kind, properties in role.resources:
            yield {
                "Caption": name,
                "CoreResource": role.kind == _CORE,
                "Id": name.casefold(),
                "Name": name,
                "OwnerGroup": role.name,
                "OwnerNode": role.node,
                "PersistentState": role.persistent,
                "PrivateProperties": properties if shown else None,
                "RestartAction": 2,
                "RestartDelay": 500,
                "State": int(_RESOURCE_STATES[role.state]),
                "Type": kind,
            }


def clustered_vms(sight: Sight) -> Iterator[Values]:
    """Msvm_ComputerSystem of root/hypervcluster/v2: the highly available VMs, on whichever node they are."""
    cluster = sight.host.cluster
    for group in cluster.groups.values() if cluster else ():
        host = owner(sight.world, cluster, group) if cluster else None
        if host is not None and host.up:
            yield vm_values(Sight(sight.world, host), host.vms[group.vm_guid])


def _roles(sight: Sight) -> Iterator[_Role]:
    cluster = sight.host.cluster
    if cluster is None:
        return
    first = next((name for name in cluster.nodes if sight.world.hosts[name].up), cluster.nodes[0])
    core = (("Cluster Name", "Network Name", _private("NetworkName", *_names(cluster.fqdn))),)
    yield _Role("Cluster Group", "core", _CORE, GroupState.ONLINE, first, True, core)
    if cluster.broker:
        yield _broker(cluster, first)
    for group in cluster.groups.values():
        yield _vm_role(sight, cluster, group)


def _broker(cluster: Cluster, node: str) -> _Role:
    name = cluster.broker.partition(".")[0]
    kept = (
        (name, "Network Name", _private("NetworkName", *_names(cluster.broker))),
        (f"Virtual Machine Replication Broker ({name})", "Virtual Machine Replication Broker", None),
    )
    return _Role(name, "broker", _BROKER, GroupState.ONLINE, node, True, kept)


def _vm_role(sight: Sight, cluster: Cluster, group: Group) -> _Role:
    host = owner(sight.world, cluster, group)
    fails = int(group.shutdown_action == "fail")
    private = (("VmID", group.vm_guid.lower()), ("OfflineAction", 1), ("ShutdownAction", fails))
    kept = (
        (f"Virtual Machine {group.name}", "Virtual Machine", _private("VirtualMachine", *private)),
        (
            f"Virtual Machine Configuration {group.name}",
            "Virtual Machine Configuration",
            _private("VirtualMachine", *private[:1]),
        ),
    )
    node = host.name if host else cluster.nodes[0]
    return _Role(group.name, group.guid, _VIRTUAL_MACHINE, group.state, node, group.persistent, kept)


def _names(fqdn: str) -> tuple[tuple[str, str], ...]:
    name = fqdn.partition(".")[0]
    return ("Name", name.upper()), ("DnsName", name)


def _private(kind: str, *values: tuple[str, object]) -> Instance | None:
    of = find_class(MSCLUSTER, f"MSCluster_Property_{kind}")
    return Instance(of, dict(values)) if of else None


def _named(class_name: str, name: str) -> Ref:
    return Ref(class_name, {"Name": name})


def cluster_to_node(sight: Sight) -> Iterator[Values]:
    """MSCluster_ClusterToNode."""
    cluster = sight.host.cluster
    for name in cluster.nodes if cluster else ():
        yield {
            "Antecedent": _named("MSCluster_Cluster", cluster.name if cluster else ""),
            "Dependent": _named("MSCluster_Node", name),
            "RoleOfNode": 2,
        }


def cluster_to_group(sight: Sight) -> Iterator[Values]:
    """MSCluster_ClusterToResourceGroup."""
    cluster = sight.host.cluster
    for role in _roles(sight):
        whole = _named("MSCluster_Cluster", cluster.name if cluster else "")
        yield {"GroupComponent": whole, "PartComponent": _named("MSCluster_ResourceGroup", role.name)}


def node_to_group(sight: Sight) -> Iterator[Values]:
    """MSCluster_NodeToActiveGroup."""
    for role in _roles(sight):
        part = _named("MSCluster_ResourceGroup", role.name)
        yield {"GroupComponent": _named("MSCluster_Node", role.node), "PartComponent": part}


def node_to_resource(sight: Sight) -> Iterator[Values]:
    """MSCluster_NodeToActiveResource."""
    for role in _roles(sight):
        for name, _kind, _properties in role.resources:
            part = _named("MSCluster_Resource", name)
            yield {"GroupComponent": _named("MSCluster_Node", role.node), "PartComponent": part}


def group_to_resource(sight: Sight) -> Iterator[Values]:
    """MSCluster_ResourceGroupToResource."""
    for role in _roles(sight):
        for name, _kind, _properties in role.resources:
            part = _named("MSCluster_Resource", name)
            yield {"GroupComponent": _named("MSCluster_ResourceGroup", role.name), "PartComponent": part}


CLUSTER_VIEWS: Final[dict[str, View]] = {
    "MSCluster_Cluster": clusters,
    "MSCluster_Node": nodes,
    "MSCluster_ResourceGroup": groups,
    "MSCluster_Resource": resources,
}
CLUSTER_LINKS: Final[dict[str, View]] = {
    "MSCluster_ClusterToNode": cluster_to_node,
    "MSCluster_ClusterToResourceGroup": cluster_to_group,
    "MSCluster_NodeToActiveGroup": node_to_group,
    "MSCluster_NodeToActiveResource": node_to_resource,
    "MSCluster_ResourceGroupToResource": group_to_resource,
}
CLUSTERED_VM_VIEWS: Final[dict[str, View]] = {"Msvm_ComputerSystem": clustered_vms}
