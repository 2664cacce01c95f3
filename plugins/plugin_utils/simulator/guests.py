# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Power of VMs and what their guests do about it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    Power,
    ReplicationMode,
    ReplicationState,
    StartAction,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.jobs import Refused, drop_all
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Vm
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.traffic import Load
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import Host, World

#: States in which a replica may be started (team blog 2012-05-28: a replica starts only after a failover).
FAILED_OVER: Final = frozenset({ReplicationState.RECOVERED, ReplicationState.COMMITTED})

#: How long a host is away when it restarts.
RESTART_SECONDS: Final = 90.0


def may_start(world: World, vm: Vm) -> bool:
    """Whether the replication lets this copy be started.

    Lifecycle of the published pages: a replica only once it is failed over (blog 2012-05-28), a primary not while it
    is prepared for a planned failover (blog 2012-06-15). Whether FailbackComplete is enough is a switch.
    """
    if vm.mode in (ReplicationMode.REPLICA, ReplicationMode.EXTENDED_REPLICA):
        after_failback = vm.state is ReplicationState.FAILBACK_COMPLETE
        return vm.state in FAILED_OVER or (after_failback and not world.switches.is_("commit_in_14", "accepted"))
    return not (vm.mode is ReplicationMode.PRIMARY and vm.state is ReplicationState.SYNCED)


def power_on(world: World, host: Host, vm: Vm, *, locked: bool = True) -> None:
    """Start or resume a copy; its guest answers once it has booted. What locks it counts only while ``locked``.

    Raises:
        Refused: 32775 where it may not start, 32778 where the host has not the memory.
    """
    if locked and not may_start(world, vm):
        raise Refused(32775)
    if not vm.alive and vm.power is not Power.PAUSED and host.free_memory < vm.memory:
        wanted = (host.used_memory + vm.memory) >> 20
        world.traffic.load(Load(host=host.name, what="memory", wanted=wanted, limit=host.memory >> 20))
        raise Refused(32778)
    resumed = vm.power in (Power.SAVED, Power.PAUSED)
    _set_power(world, vm, Power.RUNNING)
    vm.powered_on = world.now
    vm.running_since, vm.booked = world.now, 0
    _boot(world, vm, 1.0 if resumed else vm.guest.boot_seconds)
    world.watch_power()
    world.traffic.load(Load(host=host.name, what="memory", wanted=host.used_memory >> 20, limit=host.memory >> 20))


def power_off(world: World, host: Host, vm: Vm, power: Power = Power.OFF) -> None:
    """Let a copy be off, saved or paused, at once."""
    vm.settle_writes(host.name, world.now)
    vm.running_since = None
    vm.guest.up_since = None
    if power is not Power.PAUSED:
        vm.powered_on = None
    _set_power(world, vm, power)
    world.watch_power()


def shut_down(world: World, host: Host, vm: Vm) -> None:
    """Ask the guest to shut down; it takes its time, and writes until it is off. A dead guest does nothing."""
    if not vm.guest.answers:
        return
    _set_power(world, vm, Power.SHUTTING_DOWN)
    began = vm.power_changed

    def done() -> None:
        if vm.power is Power.SHUTTING_DOWN and vm.power_changed == began:
            power_off(world, host, vm)

    world.after(vm.guest.shutdown_seconds, done)


def reboot(world: World, vm: Vm) -> None:
    """Let the guest restart; the VM stays powered."""
    vm.guest.up_since = None
    _boot(world, vm, vm.guest.boot_seconds)


def lose_power(world: World, host: Host) -> None:
    """The host is dead at once: its VMs are off, its jobs are gone."""
    for vm in host.vms.values():
        vm.was_running = vm.alive
        if vm.alive or vm.power is Power.PAUSED:
            power_off(world, host, vm)
            _mark_crashed_primary(world, vm)
    drop_all(world, host)
    host.up = False


def go_down(world: World, host: Host) -> None:
    """The host goes down in an orderly way: guests are shut down, jobs are gone."""
    for vm in host.vms.values():
        vm.was_running = vm.alive
        if vm.alive or vm.power is Power.PAUSED:
            power_off(world, host, vm)
    drop_all(world, host)
    host.up = False


def come_back(world: World, host: Host) -> None:
    """The host boots; its VMs start as their start action says (Microsoft's page msvm-virtualsystemsettingdata)."""
    if host.up:
        return
    host.up = True
    host.booted = world.now
    for vm in host.vms.values():
        if host.cluster is not None and vm.guid in host.cluster.groups:
            continue  # whether it starts is its cluster's business
        wants = vm.start_action is StartAction.ALWAYS
        if wants or (vm.start_action is StartAction.RESTART_IF_PREVIOUSLY_ACTIVE and vm.was_running):
            _start_by_itself(world, host, vm)


def _start_by_itself(world: World, host: Host, vm: Vm) -> None:
    def start() -> None:
        if host.up and host.running_jobs(vm.guid):
            world.after(5.0, start)  # one operation at a time
        elif host.up and vm.power is Power.OFF and host.vm(vm.guid) is vm and may_start(world, vm):
            power_on(world, host, vm)

    world.after((vm.start_delay + timedelta(seconds=5)).total_seconds(), start)


def _mark_crashed_primary(world: World, vm: Vm) -> None:
    if vm.mode is not ReplicationMode.PRIMARY or vm.state is not ReplicationState.REPLICATING:
        return
    state = ReplicationState(world.switches.number("old_primary_after_power_loss"))
    vm.relationship.state = state
    vm.relationship.tracking_lost = state is ReplicationState.WAITING_FOR_RESYNCHRONIZE
    if state is not ReplicationState.REPLICATING:
        vm.relationship.next_cycle = None


def _boot(world: World, vm: Vm, seconds: float) -> None:
    run = vm.powered_on

    def up() -> None:
        if vm.alive and vm.powered_on == run and vm.guest.answers:
            vm.guest.up_since = world.now

    world.after(seconds, up)


def _set_power(world: World, vm: Vm, power: Power) -> None:
    if power is Power.SHUTTING_DOWN and vm.power is not power:
        world.traffic.begin(vm.guid)
    elif vm.power is Power.SHUTTING_DOWN and vm.power is not power:
        world.traffic.end(vm.guid)
    vm.power = power
    vm.power_changed = world.now
    vm.requested_state = 12
