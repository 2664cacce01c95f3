# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Failover, revert, commit, reverse, test copies: Msvm_ReplicationService on the receiving end.

Each condition names the page or the section of Microsoft's texts it is from; what is marked *inferred* stands in no
public text in so many words.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    JobType,
    Power,
    ReplicationMode,
    ReplicationState,
    ReplicationType,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.acceptance import accepts
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.case import DONE, Case, receives
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.guests import power_off
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.jobs import Refused, Work
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import (
    PointKind,
    RecoveryPoint,
    Relationship,
    Statistics,
    Vm,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.replication import (
    complete_copy,
    copy_seconds,
    enter,
    halt,
    sending_to,
    travel,
    way,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.settings import merged
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.testcopies import add_test_copy, has_test_copy
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import MethodResult, Ref
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import PEER_DELAY, Host

STATE: Final = ReplicationState

#: Page initiatefailover gives no states; 3 is the blog's (2012-08-08), 9 to 11 are blog 2013-05-10, 7 and 8 inferred.
FAILOVER_FROM: Final = frozenset(
    {
        STATE.REPLICATING,
        STATE.SUSPENDED,
        STATE.CRITICAL,
        STATE.WAITING_FOR_RESYNCHRONIZE,
        STATE.RESYNCHRONIZING,
        STATE.RESYNCHRONIZE_SUSPENDED,
    }
)
FAILED_OVER: Final = frozenset({STATE.RECOVERED, STATE.COMMITTED})
BROUGHT_BACK: Final = frozenset({STATE.COMMITTED, STATE.FAILBACK_COMPLETE})
RESYNCHRONIZING: Final = frozenset({STATE.RESYNCHRONIZING, STATE.RESYNCHRONIZE_SUSPENDED})

FAILOVER_SECONDS: Final = 4.0
REVERT_SECONDS: Final = 3.0
REVERSE_SECONDS: Final = 6.0
MERGE_RATE: Final = 500_000_000  # bytes per second while recovery points are merged; our choice
TEST_COPY_SECONDS: Final = 5.0


def initiate_failover(case: Case) -> MethodResult:
    """Page initiatefailover-msvm-replicationservice; 12 then 5 (class page of the relationship)."""
    vm = case.vm()
    case.idle(vm)
    case.require(receives(vm))  # called on the replica host (page)
    case.require(vm.power is Power.OFF and vm.state in _failover_from(case))
    refuse_beside_test = case.world.switches.is_("failover_with_test_copy", "refused")
    case.require(not (refuse_beside_test and has_test_copy(case.host, vm)))
    point = case.point(vm) or _planned_point(vm)
    relationship = vm.relationship

    def finish() -> None:
        vm.before_failover = vm.held
        if point is not None:
            vm.hold(point.writes)
        relationship.failed_over_type = _failed_over_type(relationship, point)
        case.enter(vm, relationship, STATE.RECOVERED)
        _hold_further(case, vm)
        _cancel_resynchronization(case, vm)

    work = Work(job_type=JobType.INITIATE_FAILOVER, seconds=FAILOVER_SECONDS, finish=finish)
    return case.passing(vm, relationship, STATE.FAILOVER_IN_PROGRESS, work)


def revert_failover(case: Case) -> MethodResult:
    """Page revertfailover: not once it is committed; that the VM must be off is inferred from Stop-VMFailover."""
    vm = case.vm()
    case.idle(vm)
    turns_off = case.world.switches.is_("revert_while_running", "turned_off")
    case.require(vm.state is STATE.RECOVERED and (vm.power is Power.OFF or turns_off))

    def finish() -> None:
        if vm.power is not Power.OFF:
            power_off(case.world, case.host, vm)
        if vm.before_failover is not None:
            content, vm.before_failover = vm.before_failover, None
            case.world.overwrite(case.host, vm, content, "RevertFailover")
        vm.relationship.failed_over_type = ReplicationType.NONE
        case.enter(vm, vm.relationship, STATE(case.world.switches.number("state_after_revert")))
        _release_further(case, vm)

    return case.job(vm, JobType.REVERT_FAILOVER, REVERT_SECONDS, finish)


def commit_failover(case: Case) -> MethodResult:
    """Page commitfailover: state 5. Whether 14 is taken as well is a switch; the VM may run (replication-failover)."""
    vm = case.vm()
    case.idle(vm)
    in_14 = vm.state is STATE.FAILBACK_COMPLETE
    if in_14 and case.world.switches.is_("commit_in_14", "not_needed"):
        return DONE
    accepted = in_14 and case.world.switches.is_("commit_in_14", "accepted")
    case.require(vm.state is STATE.RECOVERED or accepted)

    def finish() -> None:
        merge_points(case, vm, "CommitFailover")
        case.enter(vm, vm.relationship, STATE.COMMITTED)

    return case.job(vm, JobType.COMMIT_FAILOVER, _merge_seconds(vm), finish)


def reverse_replication(case: Case) -> MethodResult:
    """Page reversereplicationrelationship and PowerShell's Set-VMReplication -Reverse."""
    vm = case.vm()
    given = case.embedded("ReplicationSettingData")
    case.idle(vm)
    relationship = vm.relationship
    case.require(receives(vm) and relationship.state in _reverse_from(case, relationship))
    ends = case.world.switches.is_("reverse_with_extended", "ends_it")
    case.require(1 not in vm.relationships or ends)  # inferred: one outgoing relationship at a time
    settings = merged(relationship.settings, given, case.world.switches)
    other = case.world.at_point(settings.recovery_connection_point, vm.guid)
    settings = replace(
        settings,
        primary_connection_point=case.host.connection_point,
        primary_host_system=case.host.fqdn,
        recovery_host_system=other.fqdn if other else settings.recovery_connection_point,
    )

    def finish() -> None:
        _reverse(case, vm, replace(relationship, settings=settings))

    return case.job(vm, JobType.REVERSE_REPLICATION, REVERSE_SECONDS, finish)


def test_replica_system(case: Case) -> MethodResult:
    """Page testreplicasystem and blog 2012-07-25: state 3, one test copy per replica; replication goes on.

    Not while the primary resynchronizes (blog 2013-05-10).
    """
    vm = case.vm()
    case.idle(vm)
    case.require(receives(vm) and vm.state is STATE.REPLICATING and not has_test_copy(case.host, vm))
    case.require(_resynchronizing_sender(case, vm) is None)
    point = case.point(vm)
    copy_guid = case.world.new_guid()

    def finish() -> None:
        add_test_copy(case.world, case.host, vm, copy_guid, point)

    keys = {"CreationClassName": "Msvm_ComputerSystem", "Name": copy_guid}
    given = case.world.switches.is_("test_copy_reference", "given")
    outputs = {"ResultingSystem": Ref("Msvm_ComputerSystem", keys) if given else None}
    return replace(case.job(vm, JobType.INITIATE_TEST_REPLICA, TEST_COPY_SECONDS, finish), outputs=outputs)


def change_mode_to_primary(case: Case) -> MethodResult:
    """Page changereplicationmodetoprimary: a committed VM with an extended relationship becomes primary for it."""
    vm = case.vm()
    chosen = case.relationship(vm)
    case.idle(vm)
    case.require(vm.mode is ReplicationMode.REPLICA and vm.state is STATE.COMMITTED and chosen.index == 1)

    def finish() -> None:
        other, copy = case.world.peer(case.host, vm, chosen)
        state = chosen.state
        vm.mode = ReplicationMode.PRIMARY
        number = case.world.switches.is_("promoted_relationship", "1")
        vm.relationships = {0: replace(chosen, index=0, shown_as_extended=number, held=False)}
        case.enter(vm, vm.relationship, state)
        if other is not None and copy is not None and case.world.switches.is_("third_host_after_promotion", "2"):
            copy.mode = ReplicationMode.REPLICA

    return case.job(vm, JobType.CHANGE_REPLICATION_MODE_TO_PRIMARY, REVERSE_SECONDS, finish)


def merge_points(case: Case, vm: Vm, by: str) -> None:
    """Drop all recovery points and what the disks held before the failover; that is for good."""
    before, vm.before_failover = vm.before_failover, None
    vm.recovery_points.clear()
    if before is not None:
        case.world.note_loss(case.host, vm, before, by)


def _failover_from(case: Case) -> frozenset[ReplicationState]:
    """That 7 and 8 will do is inferred: a switch."""
    paused = {STATE.SUSPENDED, STATE.CRITICAL}
    return FAILOVER_FROM if case.world.switches.is_("failover_from_paused", "allowed") else FAILOVER_FROM - paused


def _failed_over_type(relationship: Relationship, point: RecoveryPoint | None) -> ReplicationType:
    if point is not None:
        return point.kind.replication_type
    return ReplicationType.PLANNED if relationship.got_last_delta else ReplicationType.REGULAR


def _hold_further(case: Case, vm: Vm) -> None:
    """What the leg to a third host does while this copy is failed over is documented nowhere: a switch."""
    further = vm.relationships.get(1)
    state = STATE(case.world.switches.number("extended_while_failed_over"))
    if further is not None and further.state is STATE.REPLICATING and state is not STATE.REPLICATING:
        further.held = True
        case.enter(vm, further, state)


def _release_further(case: Case, vm: Vm) -> None:
    further = vm.relationships.get(1)
    if further is not None and further.held:
        further.held = False
        case.enter(vm, further, STATE.REPLICATING)


def _planned_point(vm: Vm) -> RecoveryPoint | None:
    """After the last delta the latest point is that of the planned failover."""
    if vm.relationship.last_type is not ReplicationType.PLANNED:
        return None
    planned = [point for point in vm.recovery_points if point.kind is PointKind.PLANNED_FAILOVER]
    return planned[-1] if planned else None


def _cancel_resynchronization(case: Case, vm: Vm) -> None:
    """Blog 2013-05-10: an unplanned failover cancels the resynchronization that the primary runs."""
    if sender := _resynchronizing_sender(case, vm):
        other, copy = sender
        enter(case.world, other, copy, sending_to(copy, vm), STATE.WAITING_FOR_RESYNCHRONIZE)


def _resynchronizing_sender(case: Case, vm: Vm) -> tuple[Host, Vm] | None:
    """The primary that resynchronizes this replica, if one does and can be reached."""
    other, copy = case.world.peer(case.host, vm, vm.relationship)
    if other is None or copy is None or not case.world.linked(case.host, other):
        return None
    return (other, copy) if sending_to(copy, vm).state in RESYNCHRONIZING else None


def _merge_seconds(vm: Vm) -> float:
    return 2.0 + sum(disk.used for disk in vm.disks) / MERGE_RATE * (0.1 + 0.05 * len(vm.recovery_points))


def _reverse_from(case: Case, relationship: Relationship) -> frozenset[ReplicationState]:
    if relationship.failed_back:
        return BROUGHT_BACK
    return FAILED_OVER if case.world.switches.is_("reverse_from", "5") else frozenset({STATE.COMMITTED})


def _reverse(case: Case, vm: Vm, wanted: Relationship) -> None:
    other, copy = _future_receiver(case, vm, wanted)
    planned = copy.state is STATE.SYNCED and wanted.failed_over_type is ReplicationType.PLANNED
    at_once = wanted.failed_back or (planned and case.world.switches.is_("planned_reverse", "ends_in_3"))
    by_itself = not (at_once or planned) and case.world.switches.is_("unplanned_reverse", "starts_by_itself")
    merge_points(case, vm, "ReverseReplicationRelationship")
    vm.mode = ReplicationMode.PRIMARY
    vm.relationships = {0: _fresh(case, wanted)}
    vm.relationship.reversed = not (at_once or planned)
    case.enter(vm, vm.relationship, STATE.REPLICATING if at_once else STATE.READY)
    halt(copy.relationship)
    state = STATE.REPLICATING if at_once else STATE.WAITING_FOR_INITIAL_REPLICATION
    case.world.to_peer(lambda: _become_replica(case, vm, other, copy, state))
    if by_itself:
        _start_by_itself(case, vm)


def _start_by_itself(case: Case, vm: Vm) -> None:
    """The differences are sent without StartReplication, once the peer has learned of the reverse."""
    relationship = vm.relationship
    case.enter(vm, relationship, STATE.WAITING_FOR_INITIAL_REPLICATION)
    relationship.sending = stamp = case.world.now

    def complete() -> None:
        if vm.relationships.get(0) is relationship and relationship.sending == stamp:
            try:
                complete_copy(case.world, case.host, vm, relationship, "StartReplication")
            except Refused:
                case.enter(vm, relationship, STATE.CRITICAL)

    seconds = copy_seconds(case.world, case.host, vm, relationship)
    over = way(case.world, case.host, vm, relationship)
    case.world.after(PEER_DELAY, lambda: travel(case.world, over, seconds, complete))


def _future_receiver(case: Case, vm: Vm, wanted: Relationship) -> tuple[Host, Vm]:
    """The old primary, if it can receive: off, and prepared by 4 or by 2 as a replica (sample, replication-failover).

    Raises:
        Refused: 32768, by the job: the peer is only asked while the job runs (inferred).
    """
    other = case.world.at_point(wanted.settings.recovery_connection_point, vm.guid)
    copy = other.vm(vm.guid) if other else None
    if other is None or copy is None or other is case.host:
        raise Refused(32768, "job")
    if not case.world.linked(case.host, other) or not accepts(other, case.host, wanted.settings):
        raise Refused(32768, "job")
    waiting = copy.mode is ReplicationMode.REPLICA and copy.state is STATE.WAITING_FOR_INITIAL_REPLICATION
    prepared = copy.mode is ReplicationMode.PRIMARY and (copy.state is STATE.SYNCED or wanted.failed_back)
    if copy.power is not Power.OFF or not (waiting or prepared) or other.running_jobs(vm.guid):
        raise Refused(32768, "job")
    return other, copy


def _fresh(case: Case, wanted: Relationship) -> Relationship:
    now = case.world.now
    known = Relationship(settings=wanted.settings, statistics=Statistics(start=now), index=0)
    known.last_replication_time = known.last_apply_time = now
    known.last_type = wanted.last_type
    return known


def _become_replica(case: Case, vm: Vm, other: Host, copy: Vm, state: ReplicationState) -> None:
    holder = case.world.holder(other, copy)
    if copy.power is not Power.OFF or holder is None:
        return  # somebody started or removed it meanwhile: it does not take part any more
    copy.mode = ReplicationMode.REPLICA
    relationship = _fresh(case, vm.relationship)
    relationship.settings = replace(vm.relationship.settings)
    copy.relationships = {0: relationship}
    copy.recovery_points.clear()
    enter(case.world, holder, copy, relationship, state)
