# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a failover cluster does by itself, and what somebody does with it: groups move, and VMs are started again.

Sources: the pages of the Virtual Machine resource's private properties (OfflineAction, ShutdownAction), of
ClusResGroup.State, and the team blog of 2012-03-27 on the Hyper-V Replica Broker. Times are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import Power, ReplicationState
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator import guests
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.clustered import Cluster, Group, GroupState
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.jobs import Refused
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Vm
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.replication import plan_cycle, sends
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import Host, World

#: How long it takes the other nodes to notice that one is gone.
DETECTION_SECONDS: Final = 10.0


def owner(world: World, cluster: Cluster, group: Group) -> Host | None:
    """The node that has the group's VM."""
    return next((world.hosts[name] for name in cluster.nodes if world.hosts[name].vm(group.vm_guid)), None)


def group_of(host: Host, vm_guid: str) -> Group | None:
    """The group of a VM, where its host is a node and the VM is highly available."""
    return host.cluster.groups.get(vm_guid.upper()) if host.cluster else None


def make_highly_available(world: World, host: Host, vm: Vm) -> None:
    """Give a VM on a node a group; a broker does so for each replica it has created (blog 2012-03-27)."""
    if host.cluster is not None and vm.guid not in host.cluster.groups:
        state = GroupState.ONLINE if vm.alive else GroupState.OFFLINE
        group = Group(name=vm.name, vm_guid=vm.guid, guid=world.new_guid().lower(), state=state)
        host.cluster.groups[vm.guid] = group


def watch(world: World) -> None:
    """A law of the world: clusters see what became of their VMs, and do what they were set to do about it."""
    for cluster in world.clusters.values():
        for guid, group in list(cluster.groups.items()):
            host = owner(world, cluster, group)
            if host is None:
                del cluster.groups[guid]
            elif not group.waiting:
                _watch(world, cluster, group, host)


def move(world: World, host: Host, to: Host, vm: Vm) -> None:
    """Move a VM to another node as it is, running or not; its jobs stay where they were started."""
    vm.settle_writes(host.name, world.now)
    del host.vms[vm.guid]
    to.vms[vm.guid] = vm
    vm.running_since = world.now if vm.running_since is not None else None
    vm.booked = 0
    for relationship in vm.relationships.values():
        sender = sends(vm, relationship)
        _other, copy = world.peer(to, vm, relationship)
        for settings in [relationship.settings, *([copy.relationship.settings] if copy else [])]:
            setattr(settings, "primary_host_system" if sender else "recovery_host_system", to.fqdn)
        if sender and relationship.state is ReplicationState.REPLICATING:
            relationship.sending = None
            plan_cycle(world, to, vm, relationship, relationship.settings.replication_interval)


def drain(world: World, host: Host) -> None:
    """Before a node goes down in an orderly way its groups move to the others."""
    for cluster, group in _groups(world):
        vm, to = host.vm(group.vm_guid), _next_node(world, cluster, host)
        if owner(world, cluster, group) is host and vm is not None and to is not None:
            move(world, host, to, vm)


def take_offline(world: World, host: Host, vm: Vm, group: Group) -> None:
    """Take a group offline with the default OfflineAction, which saves a running VM; it is not started by itself."""
    if vm.alive or vm.power is Power.PAUSED:
        guests.power_off(world, host, vm, Power.SAVED)
    group.state, group.persistent = GroupState.OFFLINE, False


def bring_online(world: World, host: Host, vm: Vm, group: Group) -> None:
    """Bring a group online: its VM is started, or the group fails where that is refused."""
    group.persistent = True
    try:
        if not vm.alive:
            guests.power_on(world, host, vm)
        group.state = GroupState.ONLINE
    except Refused:
        group.state = GroupState.FAILED


def _groups(world: World) -> Iterator[tuple[Cluster, Group]]:
    for cluster in world.clusters.values():
        for group in list(cluster.groups.values()):
            yield cluster, group


def _watch(world: World, cluster: Cluster, group: Group, host: Host) -> None:
    vm = host.vms[group.vm_guid]
    if not host.up:
        _await(world, group, DETECTION_SECONDS, lambda: _fail_over(world, cluster, group, host))
    elif vm.alive or vm.power is Power.PAUSED:
        group.state = GroupState.ONLINE
    elif group.state is GroupState.ONLINE and vm.power is Power.OFF:
        _stopped_by_others(world, group, host, vm)
    elif group.state is GroupState.ONLINE:
        group.state = GroupState.OFFLINE


def _stopped_by_others(world: World, group: Group, host: Host, vm: Vm) -> None:
    if group.shutdown_action == "offline":
        group.state = GroupState.OFFLINE
        return
    group.state = GroupState.FAILED
    _await(world, group, group.restart_seconds, lambda: _restart(world, group, host, vm))


def _restart(world: World, group: Group, host: Host, vm: Vm) -> None:
    """Start a failed VM again where it is; refused while a job of it runs or its replication locks it."""
    if host.up and host.vm(vm.guid) is vm and vm.power is Power.OFF and not host.running_jobs(vm.guid):
        bring_online(world, host, vm, group)


def _fail_over(world: World, cluster: Cluster, group: Group, host: Host) -> None:
    """Bring the group to another node, and start its VM there if it ran when its node was lost."""
    vm, to = host.vm(group.vm_guid), host if host.up else _next_node(world, cluster, host)
    if vm is None or to is None:
        return
    if to is not host:
        move(world, host, to, vm)
    if group.state is GroupState.ONLINE and group.persistent:
        bring_online(world, to, vm, group)


def _next_node(world: World, cluster: Cluster, host: Host) -> Host | None:
    """The node after this one that is up."""
    place = cluster.nodes.index(host.name)
    others = cluster.nodes[place + 1 :] + cluster.nodes[:place]
    return next((world.hosts[name] for name in others if world.hosts[name].up), None)


def _await(world: World, group: Group, seconds: float, then: Callable[[], None]) -> None:
    group.waiting = True

    def now() -> None:
        group.waiting = False
        then()

    world.after(seconds, now)
