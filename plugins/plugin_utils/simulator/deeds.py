# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What somebody may do by hand, behind the client's back: ``World.act`` finds these by name.

Every deed takes the world and plain arguments. ``host`` is a host's name; ``vm`` is a VM's name or GUID on that host.
"""

from __future__ import annotations

from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    Power,
    ReplicationMode,
    ReplicationState,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator import clusters, guests
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.clustered import Group
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.copies import replica_of
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.jobs import Refused, drop_all, release
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Relationship, Statistics, Vm
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.replica_server import (
    AuthorizationEntry,
    ReplicaServer,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.replication import enter
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import (
    Deed,
    Host,
    World,
)


def start_vm(world: World, host: str, vm: str, force: bool = False) -> None:
    """Start a VM at once; with ``force`` even where its replication forbids it."""
    there, copy = _find(world, host, vm)
    try:
        guests.power_on(world, there, copy, locked=not force)
    except Refused as refused:
        raise ValueError(f"{copy.name} on {there.name} does not start: {refused.code}") from refused


def turn_off_vm(world: World, host: str, vm: str) -> None:
    """Turn a VM off at once."""
    there, copy = _find(world, host, vm)
    guests.power_off(world, there, copy)


def save_vm(world: World, host: str, vm: str) -> None:
    """Save a VM at once."""
    there, copy = _find(world, host, vm)
    guests.power_off(world, there, copy, Power.SAVED)


def pause_vm(world: World, host: str, vm: str) -> None:
    """Pause a VM at once."""
    there, copy = _find(world, host, vm)
    guests.power_off(world, there, copy, Power.PAUSED)


def power_loss(world: World, host: str) -> None:
    """Let a host lose power; it stays away until power_return."""
    guests.lose_power(world, _host(world, host))


def power_return(world: World, host: str) -> None:
    """Let power return; VMs start as their start action says."""
    guests.come_back(world, _host(world, host))


def host_restart(world: World, host: str) -> None:
    """Restart a host in an orderly way; it is back after a while."""
    there = _host(world, host)
    clusters.drain(world, there)
    guests.go_down(world, there)
    there.return_after_restart = world.after(guests.RESTART_SECONDS, lambda: guests.come_back(world, there))


def suspend(world: World, host: str, vm: str, index: int = 0) -> None:
    """Pause a replication (state 7)."""
    set_replication(world, host, vm, "suspended", index=index)


def resume(world: World, host: str, vm: str, index: int = 0) -> None:
    """Let a paused or failed replication go on (state 3)."""
    set_replication(world, host, vm, "replicating", index=index)


def lose_tracking(world: World, host: str, vm: str) -> None:
    """Let a primary lose track of its changes (state 9)."""
    _host, copy = _find(world, host, vm)
    copy.relationship.tracking_lost = True
    set_replication(world, host, vm, "waiting_for_resynchronize")


def set_replication(world: World, host: str, vm: str, state: str, mode: str | None = None, index: int = 0) -> None:
    """Put a relationship in any state, and the VM in any mode, by their names; data stays where it is."""
    there, copy = _find(world, host, vm)
    if mode is not None:
        copy.mode = ReplicationMode[mode.upper()]
    relationship = copy.relationships[index]
    relationship.missed_in_row = 0
    enter(world, there, copy, relationship, ReplicationState[state.upper()])


def rename_vm(world: World, host: str, vm: str, name: str) -> None:
    """Give one copy another name."""
    _find(world, host, vm)[1].name = name


def write(world: World, host: str, vm: str, count: int) -> None:
    """Let so many writes be made on a copy at once."""
    there, copy = _find(world, host, vm)
    copy.write(there.name, int(count))


def stop_guest_answering(world: World, host: str, vm: str) -> None:
    """Let a guest hang: no heartbeat, and a shutdown is ignored."""
    guest = _find(world, host, vm)[1].guest
    guest.answers, guest.up_since = False, None


def let_guest_answer(world: World, host: str, vm: str) -> None:
    """Let a hanging guest answer again."""
    _host, copy = _find(world, host, vm)
    copy.guest.answers = True
    copy.guest.up_since = world.now if copy.alive else None


def lock_guest(world: World, host: str, vm: str, locked: bool = True) -> None:
    """Lock the guest's session, so that it shuts down by force only; or unlock it."""
    _find(world, host, vm)[1].guest.locked = bool(locked)


def disconnect(world: World, one: str, other: str) -> None:
    """Cut the network between two hosts; people still reach both."""
    _host(world, one).cut_off_from.add(_host(world, other).name)


def connect(world: World, one: str, other: str) -> None:
    """Mend the network between two hosts."""
    first, second = _host(world, one), _host(world, other)
    first.cut_off_from.discard(second.name)
    second.cut_off_from.discard(first.name)


def pause_link(world: World, one: str, other: str, seconds: float) -> None:
    """Cut the network between two hosts for so long."""
    disconnect(world, one, other)
    world.after(float(seconds), lambda: connect(world, one, other))


def set_reachable(world: World, host: str, reachable: bool) -> None:
    """Let a host's replication traffic pass, or stop it as a firewall would."""
    _host(world, host).reachable_from_peers = bool(reachable)


def remove_vm(world: World, host: str, vm: str) -> None:
    """Delete a copy with its disks."""
    there, copy = _find(world, host, vm)
    guests.power_off(world, there, copy)
    del there.vms[copy.guid]
    world.note_loss(there, copy, copy.held, "remove_vm")


def delete_vm(world: World, host: str, vm: str) -> None:
    """Delete a copy and leave the files of its disks behind, as Hyper-V Manager does."""
    there, copy = _find(world, host, vm)
    remove_vm(world, host, copy.guid)
    there.left_files += [disk.path for disk in copy.disks]


def rebuild_host(world: World, host: str, keep_files: bool = False) -> None:
    """Install a host anew: no VM, no job, no replica server; with ``keep_files`` the disks' files are still there."""
    there = _host(world, host)
    for copy in list(there.vms.values()):
        (delete_vm if keep_files else remove_vm)(world, host, copy.guid)
    drop_all(world, there)
    there.replica_server = ReplicaServer()
    there.certificates = []
    there.up, there.booted = True, world.now


def open_replica_server(world: World, host: str, authorize: str) -> None:
    """Set a host up to take replication from one other by Kerberos."""
    server = _host(world, host).replica_server
    server.enabled, server.allowed_authentication = True, 1
    server.entries.append(AuthorizationEntry(primary=_host(world, authorize).fqdn))


def leave_file(world: World, host: str, path: str) -> None:
    """Let a file lie on a host that belongs to no VM."""
    _host(world, host).left_files.append(path)


def remove_files(world: World, host: str) -> None:
    """Delete all files that belong to no VM."""
    _host(world, host).left_files.clear()


def import_copy(world: World, host: str, vm: str, to: str, new_id: bool = False) -> None:
    """Bring a copy of a VM to another host by export and import: off, not replicated, with the same or a new GUID."""
    _there, original = _find(world, host, vm)
    copy = replica_of(original, world.now, Relationship(statistics=Statistics(start=world.now)))
    copy.hold(original.held)
    copy.mode = ReplicationMode.NONE
    copy.guid = world.new_guid() if new_id else copy.guid
    _host(world, to).vms[copy.guid] = copy


def set_replica_server(world: World, host: str, enabled: bool) -> None:
    """Switch a host's replica server on or off."""
    _host(world, host).replica_server.enabled = bool(enabled)


def release_jobs(world: World, host: str) -> None:
    """Let the stuck jobs of a host go on."""
    there = _host(world, host)
    for job in list(there.jobs.values()):
        release(world, there, job)


def move_group(world: World, host: str, vm: str, to: str) -> None:
    """Move a clustered VM to another node of its cluster, running or not."""
    there, copy, _group = _clustered(world, host, vm)
    node = _host(world, to)
    if node.cluster is not there.cluster or node is there or not node.up:
        raise ValueError(f"{node.name} is no other node of the cluster of {there.name} that is up")
    clusters.move(world, there, node, copy)


def take_group_offline(world: World, host: str, vm: str) -> None:
    """Take the group of a clustered VM offline; a running VM is saved by that."""
    clusters.take_offline(world, *_clustered(world, host, vm))


def bring_group_online(world: World, host: str, vm: str) -> None:
    """Bring the group of a clustered VM online; the VM starts unless its replication forbids it."""
    clusters.bring_online(world, *_clustered(world, host, vm))


def remove_group(world: World, host: str, vm: str) -> None:
    """Let a VM on a node not be highly available any more; the VM stays."""
    there, copy, _group = _clustered(world, host, vm)
    if there.cluster is not None:
        del there.cluster.groups[copy.guid]


#: All of them, by name.
DEEDS: Final[dict[str, Deed]] = {
    deed.__name__: deed
    for deed in (
        start_vm,
        turn_off_vm,
        save_vm,
        pause_vm,
        power_loss,
        power_return,
        host_restart,
        suspend,
        resume,
        lose_tracking,
        set_replication,
        rename_vm,
        write,
        stop_guest_answering,
        let_guest_answer,
        lock_guest,
        disconnect,
        connect,
        pause_link,
        set_reachable,
        remove_vm,
        delete_vm,
        rebuild_host,
        open_replica_server,
        leave_file,
        remove_files,
        import_copy,
        set_replica_server,
        release_jobs,
        move_group,
        take_group_offline,
        bring_group_online,
        remove_group,
    )
}


def _host(world: World, name: str) -> Host:
    host = world.host(name)
    if host is None:
        raise ValueError(f"there is no host {name}; there are {', '.join(world.hosts)}")
    return host


def _find(world: World, host: str, vm: str) -> tuple[Host, Vm]:
    there = _host(world, host)
    by_name = [copy for copy in there.vms.values() if copy.name == vm]
    found = there.vm(vm) or (by_name[0] if len(by_name) == 1 else None)
    if found is None:
        raise ValueError(f"{there.name} has {len(by_name) or 'no'} VMs {vm}")
    return there, found


def _clustered(world: World, host: str, vm: str) -> tuple[Host, Vm, Group]:
    there, copy = _find(world, host, vm)
    group = clusters.group_of(there, copy.guid)
    if group is None:
        raise ValueError(f"{copy.name} on {there.name} has no group")
    return there, copy, group
