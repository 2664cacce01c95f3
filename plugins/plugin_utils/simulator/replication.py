# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes on their way from one copy to the other: cycles, the last delta, a first copy, a resynchronization."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    ReplicationHealth,
    ReplicationMode,
    ReplicationState,
    ReplicationType,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.acceptance import accepts
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.jobs import Refused
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import (
    Counters,
    PointKind,
    RecoveryPoint,
    Relationship,
    Statistics,
    Vm,
    missing,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.traffic import Passage
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import Host, World

#: Cycles missed in a row after which a primary shows Critical; how many Windows waits for is not published.
MISSES_TO_CRITICAL: Final = 3
#: Seconds any transfer takes beside its bytes.
TRANSFER_SECONDS: Final = 1.0
#: Seconds after its arrival until a change is applied on the replica.
APPLY_SECONDS: Final = 1.0
#: Additional recovery points are an hour apart (PowerShell's page of Set-VMReplication, RecoveryHistory).
POINT_EVERY: Final = timedelta(hours=1)
#: A relationship over which nothing went for so long is not well (blog 2012-06-15).
SILENCE: Final = timedelta(hours=1)
RECEIVING: Final = (ReplicationMode.REPLICA, ReplicationMode.EXTENDED_REPLICA)


def sends(vm: Vm, relationship: Relationship) -> bool:
    """Whether this copy is the sending end of the relationship."""
    return vm.mode is ReplicationMode.PRIMARY if relationship.index == 0 else vm.mode is ReplicationMode.REPLICA


def enter(world: World, host: Host, vm: Vm, relationship: Relationship, state: ReplicationState) -> None:
    """Let a relationship reach a state; the sending end of a replicating one sends at each interval from now."""
    relationship.state = state
    halt(relationship)
    if state is ReplicationState.REPLICATING and sends(vm, relationship):
        plan_cycle(world, host, vm, relationship, relationship.settings.replication_interval)


def halt(relationship: Relationship) -> None:
    """Send nothing any more; a change on its way does not count."""
    relationship.next_cycle = relationship.sending = None


def plan_cycle(world: World, host: Host, vm: Vm, relationship: Relationship, seconds: float) -> None:
    """Let the next change be sent so many seconds from now."""
    due = world.now + timedelta(seconds=seconds)
    relationship.next_cycle = due
    world.after(seconds, lambda: _cycle(world, host, vm, relationship, due))


def partner(world: World, host: Host, vm: Vm, relationship: Relationship) -> tuple[Host, Vm]:
    """The receiving end, where it can be reached and takes what this host sends.

    Raises:
        Refused: 32768, as a failed job, where there is no such end.
    """
    other, copy = world.peer(host, vm, relationship)
    if other is None or copy is None or not world.linked(host, other) or copy.mode not in RECEIVING:
        raise Refused(32768, "job")
    if not accepts(other, host, relationship.settings):
        raise Refused(32768, "job")
    return other, copy


def pending_bytes(world: World, host: Host, vm: Vm, relationship: Relationship) -> int:
    """Bytes this copy holds and the receiving end does not."""
    _host, copy = world.peer(host, vm, relationship)
    return missing(copy.writes if copy else {}, vm.writes) * vm.bytes_per_write


def transfer_seconds(world: World, size: int) -> float:
    """How long so many bytes are on their way."""
    return TRANSFER_SECONDS + size / world.bandwidth


def way(world: World, host: Host, vm: Vm, relationship: Relationship) -> tuple[Host, Host] | None:
    """The hosts that what is sent goes from and to; None where there is no such end."""
    other, _copy = world.peer(host, vm, relationship)
    return None if other is None else (host, other)


def travel(
    world: World, hosts: tuple[Host, Host] | None, seconds: float, arrive: Callable[[], None], *, asked: bool = True
) -> None:
    """Let something be sent that no job waits for, when both hosts have room for one more transfer."""
    if hosts is None:
        world.after(seconds, arrive)
        return

    def over() -> None:
        world.traffic.leave(passage)
        arrive()

    sender, receiver = hosts
    begin = partial(world.after, seconds, over)
    passage = Passage(sender=sender.name, receiver=receiver.name, begin=begin, asked=asked)
    world.traffic.enter((sender.name, sender), (receiver.name, receiver), passage)


def copy_seconds(world: World, host: Host, vm: Vm, relationship: Relationship) -> float:
    """How long a first copy takes: all bytes to an empty disk, a comparison and the difference to one that is there."""
    _host, copy = world.peer(host, vm, relationship)
    if copy is None or not any(disk.writes for disk in copy.disks):
        return transfer_seconds(world, sum(disk.used for disk in vm.disks))
    return compare_seconds(world, vm) + transfer_seconds(world, pending_bytes(world, host, vm, relationship))


def compare_seconds(world: World, vm: Vm) -> float:
    """How long it takes to compare all disks."""
    return sum(disk.size for disk in vm.disks) / world.compare_rate


def sending_to(sender: Vm, receiver: Vm) -> Relationship:
    """The relationship by which a copy sends to another: the further one where that is a third host's."""
    further = receiver.mode is ReplicationMode.EXTENDED_REPLICA and 1 in sender.relationships
    return sender.relationships[int(further)]


def send_last_delta(world: World, host: Host, vm: Vm) -> None:
    """Bring the peer to exactly what this copy holds, and leave a point of kind PlannedFailover there.

    That such a point is left, and that LastReplicationType says so, is inferred from the enumerations: a switch.

    Raises:
        Refused: 32768 where the peer cannot be reached, or does not replicate.
    """
    relationship = vm.relationship
    _host, copy = _replicating_partner(world, host, vm, relationship)
    shown = world.switches.is_("planned_point", "shown")
    _deliver(world, host, vm, relationship, vm.held, ReplicationType.PLANNED if shown else ReplicationType.REGULAR)
    if shown:
        _add_point(world, copy, PointKind.PLANNED_FAILOVER)
    relationship.prepared = copy.relationship.got_last_delta = True


def complete_copy(world: World, host: Host, vm: Vm, relationship: Relationship, by: str) -> None:
    """End a first copy or a resynchronization: the peer holds what this copy holds, its recovery points are gone.

    Raises:
        Refused: 32768 where the peer cannot be reached, runs, or was failed over meanwhile.
    """
    other, copy = partner(world, host, vm, relationship)
    if copy.alive or copy.state in (ReplicationState.RECOVERED, ReplicationState.COMMITTED):
        raise Refused(32768, "job")
    vm.settle_writes(host.name, world.now)
    world.overwrite(other, copy, vm.held, by)
    copy.recovery_points.clear()
    for end in (relationship, copy.relationship):
        end.statistics = Statistics(start=world.now)
        end.cycles_since_copy = end.missed_in_row = 0
        end.tracking_lost = end.exported = end.reversed = False
        end.last_type = ReplicationType.REGULAR
        end.last_replication_time = end.last_apply_time = world.now
    if copy.relationship.settings.recovery_history:
        _add_point(world, copy, PointKind.STANDARD)
    enter(world, host, vm, relationship, ReplicationState.REPLICATING)
    world.to_peer(lambda: enter(world, other, copy, copy.relationship, ReplicationState.REPLICATING))


def refresh_health(world: World) -> None:
    """Let every relationship show the health that follows from its state and its cycles."""
    now = world.now
    for host in world.hosts.values():
        interval = timedelta(seconds=host.replica_server.monitoring_interval)
        for vm in host.vms.values():
            for relationship in vm.relationships.values():
                _begin_interval(relationship, interval, now)
                relationship.health = health(vm, relationship, now)


def health(vm: Vm, relationship: Relationship, now: datetime) -> ReplicationHealth:
    """Health of a relationship (team blog 2012-06-15, "Interpreting replication health", and 2013-05-10)."""
    state = relationship.state
    if state is ReplicationState.DISABLED:
        return ReplicationHealth.NOT_APPLICABLE
    if state in _CRITICAL or (state is ReplicationState.SUSPENDED and not sends(vm, relationship)):
        return ReplicationHealth.CRITICAL
    if state in _OK:
        late = _missed_too_often(relationship) or _silent_too_long(relationship, now)
        return ReplicationHealth.WARNING if late else ReplicationHealth.OK
    return ReplicationHealth.WARNING


_CRITICAL: Final = frozenset(
    {
        ReplicationState.CRITICAL,
        ReplicationState.WAITING_FOR_RESYNCHRONIZE,
        ReplicationState.DISK_UPDATE_CRITICAL,
    }
)
_OK: Final = frozenset({ReplicationState.REPLICATING, ReplicationState.SYNCED})


def _begin_interval(relationship: Relationship, length: timedelta, now: datetime) -> None:
    """Statistics are of one monitoring interval; a new one begins with nothing missed (blog 2012-06-21)."""
    known = relationship.statistics
    if now - known.start >= length:
        relationship.statistics = Statistics(start=now, last_test=known.last_test)


def _missed_too_often(relationship: Relationship) -> bool:
    """More than 20 % of the cycles of the monitoring interval (blog 2012-06-15), or the last one."""
    statistics = relationship.statistics
    cycles = statistics.successes + statistics.misses
    return relationship.missed_in_row > 0 or statistics.misses * 5 > cycles


def _silent_too_long(relationship: Relationship, now: datetime) -> bool:
    """More than an hour since the last change was sent or received (blog 2012-06-15)."""
    last = relationship.last_replication_time
    return last is not None and now - last > SILENCE


def _cycle(world: World, host: Host, vm: Vm, relationship: Relationship, due: datetime) -> None:
    holder = world.holder(host, vm)
    removed = vm.relationships.get(relationship.index) is not relationship
    if relationship.next_cycle != due or holder is None or removed:
        return
    host = holder
    plan_cycle(world, host, vm, relationship, relationship.settings.replication_interval)
    if not host.up:
        return
    if relationship.sending is not None:
        relationship.statistics.misses += 1  # the change before is not through yet
        return
    try:
        _replicating_partner(world, host, vm, relationship)
    except Refused:
        _miss(world, host, vm, relationship)
        return
    _send(world, host, vm, relationship)


def _send(world: World, host: Host, vm: Vm, relationship: Relationship) -> None:
    vm.settle_writes(host.name, world.now)
    size, content, began = pending_bytes(world, host, vm, relationship), vm.held, world.now
    seconds = transfer_seconds(world, size)
    relationship.sending = began

    def arrive() -> None:
        if relationship.sending != began:
            return  # somebody paused, prepared or failed over in between: this change was never complete
        relationship.sending = None
        try:
            _deliver(world, host, vm, relationship, content, ReplicationType.REGULAR)
        except Refused:
            _miss(world, host, vm, relationship)
        else:
            _count(relationship.statistics, size, seconds)

    travel(world, way(world, host, vm, relationship), seconds, arrive, asked=False)


def _count(statistics: Statistics, size: int, seconds: float) -> None:
    statistics.successes += 1
    statistics.size += size
    statistics.largest = max(statistics.largest, size)
    statistics.latency += seconds
    statistics.longest = max(statistics.longest, seconds)


def _replicating_partner(world: World, host: Host, vm: Vm, relationship: Relationship) -> tuple[Host, Vm]:
    other, copy = partner(world, host, vm, relationship)
    if copy.state is not ReplicationState.REPLICATING:
        raise Refused(32768, "job")
    return other, copy


def _miss(world: World, host: Host, vm: Vm, relationship: Relationship) -> None:
    relationship.missed_in_row += 1
    relationship.statistics.misses += 1
    relationship.statistics.network_failures += 1
    stays = world.switches.is_("live_primary_after_failover", "3") and _failed_over_there(world, host, vm, relationship)
    if relationship.missed_in_row >= MISSES_TO_CRITICAL and not stays:
        enter(world, host, vm, relationship, ReplicationState.CRITICAL)


def _failed_over_there(world: World, host: Host, vm: Vm, relationship: Relationship) -> bool:
    _host, copy = world.peer(host, vm, relationship)
    return copy is not None and copy.state in (ReplicationState.RECOVERED, ReplicationState.COMMITTED)


def _deliver(
    world: World,
    host: Host,
    vm: Vm,
    relationship: Relationship,
    content: list[Counters],
    kind: ReplicationType,
) -> None:
    other, copy = _replicating_partner(world, host, vm, relationship)
    received = copy.relationship
    world.overwrite(other, copy, content, "replication")
    for end in (relationship, received):
        end.last_type = kind
        end.missed_in_row = 0
        end.got_last_delta = False
        end.cycles_since_copy += 1
    relationship.last_replication_time = relationship.last_apply_time = world.now
    if world.switches.is_("last_replication_time", "received"):
        received.last_replication_time = world.now
    arrived = world.now

    def applied() -> None:
        received.last_apply_time = world.now
        if world.switches.is_("last_replication_time", "applied"):
            received.last_replication_time = world.now

    world.after(APPLY_SECONDS, applied)
    received.statistics.successes += 1
    if kind is ReplicationType.REGULAR:
        _keep_history(world, relationship, copy, arrived)


def _keep_history(world: World, sender: Relationship, copy: Vm, arrived: datetime) -> None:
    settings = copy.relationship.settings
    newest = max((point.created for point in copy.recovery_points), default=None)
    if not settings.recovery_history or (newest is not None and arrived - newest < POINT_EVERY):
        return
    every = settings.application_consistent_interval
    last = sender.last_application_consistent_time
    consistent = every > 0 and (last is None or arrived - last >= timedelta(hours=every))
    if consistent:
        for end in (sender, copy.relationship):
            end.last_application_consistent_time = arrived
            end.last_type = ReplicationType.APPLICATION_CONSISTENT
    _add_point(world, copy, PointKind.APPLICATION_CONSISTENT if consistent else PointKind.STANDARD)


def _add_point(world: World, copy: Vm, kind: PointKind) -> None:
    point = RecoveryPoint(
        guid=world.new_guid(),
        vm_guid=copy.guid,
        name=f"{copy.name} - {kind.value} - ({world.now:%Y-%m-%d - %H:%M:%S})",
        kind=kind,
        created=world.now,
        writes=copy.held,
    )
    copy.recovery_points.append(point)
    del copy.recovery_points[: -(copy.relationship.settings.recovery_history + 1)]
