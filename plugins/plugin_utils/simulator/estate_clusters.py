# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clusters of an estate file, and back. Every VM on a node is highly available unless the file says otherwise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.clustered import (
    SHUTDOWN_ACTIONS,
    Cluster,
    Group,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.clusters import make_highly_available
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Vm
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.record import plain_record
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.section import Section
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import Host, World


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a file says of the groups of a cluster, kept until all VMs are there."""

    cluster: Cluster
    groups: list[Section]
    without: list[str]
    section: Section


def read_cluster(world: World, section: Section) -> Wanted:
    """Make hosts the nodes of a cluster; they receive replication by the settings of the first of them."""
    name = section.text("name")
    fqdn = section.text("fqdn", name.lower())
    cluster = Cluster(name=name, fqdn=fqdn, broker=section.text("broker", ""))
    nodes = [_node(world, section, node) for node in section.texts("nodes")]
    if not nodes:
        raise section.error("nodes", "at least one node is wanted")
    for node in nodes:
        node.cluster, node.replica_server = cluster, nodes[0].replica_server
    cluster.nodes = [node.name for node in nodes]
    world.clusters[name] = cluster
    return Wanted(cluster, section.sections("groups"), section.texts("not_highly_available", []), section)


def add_groups(world: World, wanted: Wanted) -> None:
    """Give each VM on the nodes its group, as the file wants it."""
    without = {_named(world, wanted, name).guid for name in wanted.without}
    for host in [world.hosts[name] for name in wanted.cluster.nodes]:
        for vm in host.vms.values():
            if vm.guid not in without and not vm.test_of:
                make_highly_available(world, host, vm)
    for section in wanted.groups:
        vm = _named(world, wanted, section.text("vm"))
        wanted.cluster.groups[vm.guid] = _group(section, wanted.cluster.groups[vm.guid])
        section.end()
    wanted.section.end()


def plain_cluster(world: World, cluster: Cluster) -> dict[str, Any]:
    """What ``read_cluster`` reads back."""
    vms = [vm for name in cluster.nodes for vm in world.hosts[name].vms.values()]
    plain: dict[str, Any] = {
        "name": cluster.name,
        "fqdn": cluster.fqdn,
        "broker": cluster.broker,
        "nodes": list(cluster.nodes),
        "groups": [_plain_group(group, world) for group in cluster.groups.values()],
        "not_highly_available": [vm.guid for vm in vms if vm.guid not in cluster.groups and not vm.test_of],
    }
    return {key: value for key, value in plain.items() if value not in ("", [])}


def _plain_group(group: Group, world: World) -> dict[str, Any]:
    return {"vm": group.vm_guid, **plain_record(group, world.now, skip=("vm_guid", "guid", "waiting"))}


def _group(section: Section, known: Group) -> Group:
    return replace(
        known,
        name=section.text("name", known.name),
        persistent=section.flag("persistent", True),
        shutdown_action=section.choice("shutdown_action", {action: action for action in SHUTDOWN_ACTIONS}, "offline"),
        restart_seconds=section.number("restart_seconds", 5.0),
    )


def _node(world: World, section: Section, name: str) -> Host:
    host = world.host(name)
    if host is None:
        raise section.error("nodes", f"there is no host {name}; there are {', '.join(world.hosts)}")
    if host.cluster is not None:
        raise section.error("nodes", f"{host.name} is a node of {host.cluster.name} already")
    return host


def _named(world: World, wanted: Wanted, name: str) -> Vm:
    vms = [vm for node in wanted.cluster.nodes for vm in world.hosts[node].vms.values()]
    found = [vm for vm in vms if name.casefold() in (vm.name.casefold(), vm.guid.casefold())]
    if len(found) != 1:
        raise wanted.section.error("groups", f"the nodes have {len(found) or 'no'} VMs {name}")
    return found[0]
