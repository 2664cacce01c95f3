# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A relationship's life: create, modify, first copy, resynchronize, remove (Msvm_ReplicationService)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    JobType,
    ReplicationMode,
    ReplicationState,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.acceptance import accepts
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.case import DONE, Case, receives
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.clusters import make_highly_available
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.copies import replica_of
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.jobs import Refused, Work
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import (
    Relationship,
    ReplicationSettings,
    Statistics,
    Vm,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.replication import (
    complete_copy,
    copy_seconds,
    enter,
    halt,
    partner,
    sending_to,
    travel,
    way,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.rules_failover import merge_points
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.settings import merged
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import MethodResult
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import Host

STATE: Final = ReplicationState

#: StartReplication's job for each InitialReplicationType (page msvm-concretejob, JobType).
COPY_JOBS: Final = {
    1: JobType.START_INITIAL_REPLICATION,
    2: JobType.START_EXPORT_INITIAL_REPLICATION,
    3: JobType.START_RESYNC_INITIAL_REPLICATION,
}
#: Page resynchronize and blog 2013-05-10: a healthy relationship has to be suspended first.
RESYNCHRONIZE_FROM: Final = frozenset({STATE(n) for n in (7, 8, 9, 11)})


def create_relationship(case: Case) -> MethodResult:
    """Page createreplicationrelationship: mode 1, state 1 here; a replica with mode 2, state 2 there."""
    vm = case.vm()
    given = case.embedded("ReplicationSettingData")
    case.idle(vm)
    extends = vm.mode is ReplicationMode.REPLICA
    case.require(vm.mode is ReplicationMode.NONE or (extends and 1 not in vm.relationships))
    index = int(extends)
    known = ReplicationSettings() if extends else vm.relationship.settings
    settings = _from_here(case, vm, merged(known, given, case.world.switches))
    if extends:
        _check_extended(vm, settings)
    relationship = Relationship(index=index, settings=settings, statistics=Statistics(start=case.world.now))

    def finish() -> None:
        other = _new_receiver(case, vm, settings)
        vm.relationships[index] = relationship
        vm.mode = vm.mode if extends else ReplicationMode.PRIMARY
        case.enter(vm, relationship, STATE.READY)
        mode = ReplicationMode.EXTENDED_REPLICA if extends else ReplicationMode.REPLICA
        case.world.to_peer(lambda: _add_replica(case, vm, other, settings, mode))

    return case.job(vm, JobType.CREATE_REPLICATION_RELATIONSHIP, 4.0, finish)


def modify_settings(case: Case) -> MethodResult:
    """Page modifyreplicationsettings: on a replica VM it means the extended relationship."""
    vm = case.vm()
    given = case.embedded("ReplicationSettingData")
    case.idle(vm)
    relationship = _sending(case, vm)
    settings = merged(relationship.settings, given, case.world.switches)
    if relationship.index == 1:
        _check_extended(vm, settings)

    def finish() -> None:
        relationship.settings = settings
        other, copy = case.world.peer(case.host, vm, relationship)
        if other is not None and copy is not None and case.world.linked(case.host, other):
            case.world.to_peer(lambda: setattr(copy.relationship, "settings", replace(settings)))

    return case.job(vm, JobType.MODIFY_REPLICATION_SETTINGS, 2.0, finish)


def start_replication(case: Case) -> MethodResult:
    """Page startreplication: from state 1; 2 while the copy runs, 3 on both ends after it."""
    vm = case.vm()
    kind = case.number("InitialReplicationType")
    if kind not in COPY_JOBS:
        raise Refused(32773, "return")
    if kind == 2 and not case.argument("InitialReplicationExportLocation"):
        raise Refused(32773, "return")
    case.idle(vm)
    relationship = _sending(case, vm)
    case.require(relationship.state is STATE.READY)
    _check_kind(case, relationship, kind)
    wait = _seconds_until(case, case.argument("StartTime")) if kind != 2 else 0.0
    if wait > 0:
        ready = frozenset({STATE.READY})
        return _later(case, vm, relationship, ready, wait, lambda: _start_copy(case, vm, relationship, kind))
    return _start_copy(case, vm, relationship, kind)


def import_initial_replica(case: Case) -> MethodResult:
    """Page importinitialreplica: completes an exported first copy."""
    vm = case.vm()
    case.text("InitialReplicationImportLocation")
    case.idle(vm)
    case.require(receives(vm) and vm.state is STATE.WAITING_FOR_INITIAL_REPLICATION)
    other, copy = case.world.peer(case.host, vm, vm.relationship)
    if other is None or copy is None or not sending_to(copy, vm).exported:
        raise Refused(32779)  # nothing was exported for it
    sender, source, exported = other, copy, sending_to(copy, vm)

    def finish() -> None:
        complete_copy(case.world, sender, source, exported, "ImportInitialReplica")

    return case.job(vm, JobType.IMPORT_REPLICATION, 10.0, finish)


def resynchronize(case: Case) -> MethodResult:
    """Page resynchronize: 10 while it runs, then 3; the recovery points on the replica are gone."""
    vm = case.vm()
    case.idle(vm)
    relationship = _sending(case, vm)
    case.require(relationship.state in RESYNCHRONIZE_FROM)
    by_state = case.world.switches.is_("continue_resynchronization", "state_change")
    case.require(not (by_state and relationship.state is STATE.RESYNCHRONIZE_SUSPENDED))
    wait = _seconds_until(case, case.argument("StartTime"))
    if wait > 0:
        return _later(case, vm, relationship, RESYNCHRONIZE_FROM, wait, lambda: _resynchronize(case, vm, relationship))
    return _resynchronize(case, vm, relationship)


def _resynchronize(case: Case, vm: Vm, relationship: Relationship) -> MethodResult:
    seconds = copy_seconds(case.world, case.host, vm, relationship)

    def finish() -> None:
        complete_copy(case.world, case.host, vm, relationship, "Resynchronize")

    extended = relationship.index == 1
    job_type = JobType.RESYNCHRONIZING_EXTENDED if extended else JobType.RESYNCHRONIZING
    over = way(case.world, case.host, vm, relationship)
    work = Work(job_type=job_type, seconds=seconds, finish=finish, over=over)
    return case.passing(vm, relationship, STATE.RESYNCHRONIZING, work)


def remove_relationship(case: Case) -> MethodResult:
    """Pages removereplicationrelationship(ex): on this host only; the VM is kept, the other end is told nothing."""
    vm = case.vm()
    relationship = case.relationship(vm)
    case.idle(vm)
    case.require(relationship.state is not STATE.DISABLED)
    case.require(relationship.index == 1 or 1 not in vm.relationships)  # documented rule of the Ex page

    def finish() -> None:
        halt(relationship)
        if relationship.index == 1:
            del vm.relationships[1]
            return
        if vm.before_failover is not None and case.world.switches.is_("remove_while_failed_over", "reverted"):
            content, vm.before_failover = vm.before_failover, None
            case.world.overwrite(case.host, vm, content, "RemoveReplicationRelationship")
        merge_points(case, vm, "RemoveReplicationRelationship")
        vm.mode = ReplicationMode.NONE
        vm.relationships = {0: Relationship(statistics=Statistics(start=case.world.now))}

    return case.job(vm, JobType.REMOVE_REPLICATION_RELATIONSHIP, 2.0, finish)


def _check_kind(case: Case, relationship: Relationship, kind: int) -> None:
    """Which type the start after an unplanned reverse takes, 1 or 3, is not documented: a switch."""
    wanted = case.world.switches["start_after_reverse"]
    if relationship.reversed and wanted not in ("any", str(kind)):
        raise Refused(32773)


def _sending(case: Case, vm: Vm) -> Relationship:
    """The relationship these methods mean: the extended one on a replica VM (the methods' pages)."""
    if vm.mode is ReplicationMode.REPLICA and 1 in vm.relationships:
        return vm.relationships[1]
    case.require(vm.mode is ReplicationMode.PRIMARY)
    return vm.relationship


def _from_here(case: Case, vm: Vm, settings: ReplicationSettings) -> ReplicationSettings:
    if settings.provider not in [provider.guid for provider in case.host.providers]:
        raise Refused(32770, "return")
    other = case.world.at_point(settings.recovery_connection_point, vm.guid)
    return replace(
        settings,
        primary_connection_point=case.host.connection_point,
        primary_host_system=case.host.fqdn,
        recovery_host_system=other.fqdn if other else "",
    )


def _check_extended(vm: Vm, settings: ReplicationSettings) -> None:
    """Page msvm-replicationsettingdata: 300 or 900 s, not below the primary's, no application-consistent interval."""
    shortest = max(300, vm.relationship.settings.replication_interval)
    if settings.replication_interval < shortest or settings.application_consistent_interval:
        raise Refused(32773, "return")


def _new_receiver(case: Case, vm: Vm, settings: ReplicationSettings) -> Host:
    other = case.world.at_point(settings.recovery_connection_point, vm.guid)
    if other is None or other is case.host or not case.world.linked(case.host, other):
        raise Refused(32768, "job")
    there = other.vm(vm.guid)
    seeded = there is None or (receives(there) and there.state is STATE.WAITING_FOR_INITIAL_REPLICATION)
    if not accepts(other, case.host, settings) or not seeded:
        raise Refused(32768, "job")
    if there is None and case.world.switches.is_("orphaned_files", "refused") and _in_the_way(vm, other):
        raise Refused(32768, "job")
    return other


def _in_the_way(vm: Vm, other: Host) -> bool:
    """Whether files that belong to no VM lie where the new replica's disks would be."""
    wanted = {disk.path.casefold() for disk in replica_of(vm, vm.created, vm.relationship).disks}
    return bool(wanted & {path.casefold() for path in other.left_files})


def _placed(case: Case, other: Host, copy: Vm) -> Vm:
    """A new replica in the folder for replicas; in one of its own where files of an earlier one are in the way."""
    taken = {path.casefold() for path in other.left_files}
    for disk in copy.disks:
        if disk.path.casefold() in taken:
            folder, _slash, name = disk.path.rpartition("\\")
            disk.path = f"{folder}\\{copy.guid}-{case.world.now:%Y%m%d%H%M%S}\\{name}"
    return copy


def _add_replica(case: Case, vm: Vm, other: Host, settings: ReplicationSettings, mode: ReplicationMode) -> None:
    relationship = Relationship(settings=replace(settings), statistics=Statistics(start=case.world.now))
    copy = other.vm(vm.guid) or _placed(case, other, replica_of(vm, case.world.now, relationship))
    if mode is ReplicationMode.EXTENDED_REPLICA:
        relationship.shown_as_extended = case.world.switches.is_("third_host_relationship", "1")
    copy.relationships = {0: relationship}
    copy.mode = mode
    other.vms[copy.guid] = copy
    make_highly_available(case.world, other, copy)
    enter(case.world, other, copy, relationship, STATE.WAITING_FOR_INITIAL_REPLICATION)


def _seconds_until(case: Case, moment: object) -> float:
    if moment is None:
        return 0.0
    if not isinstance(moment, datetime):
        raise Refused(32773, "return")
    return (moment - case.world.now).total_seconds()


def _later(
    case: Case,
    vm: Vm,
    relationship: Relationship,
    before: frozenset[ReplicationState],
    wait: float,
    begin: Callable[[], MethodResult],
) -> MethodResult:
    """Begin at the time that was asked for, unless the state or the relationship is another by then."""

    def when_due() -> None:
        known = vm.relationships.get(relationship.index) is relationship and case.host.vm(vm.guid) is vm
        if known and relationship.state in before and not case.host.running_jobs(vm.guid):
            with contextlib.suppress(Refused):  # nobody waits for an answer any more
                begin()

    case.world.after(wait, when_due)
    return DONE


def _start_copy(case: Case, vm: Vm, relationship: Relationship, kind: int) -> MethodResult:
    seconds = copy_seconds(case.world, case.host, vm, relationship)
    job_type, over = COPY_JOBS[kind], way(case.world, case.host, vm, relationship)
    waiting = STATE.WAITING_FOR_INITIAL_REPLICATION

    def complete() -> None:
        complete_copy(case.world, case.host, vm, relationship, "StartReplication")

    partner(case.world, case.host, vm, relationship)
    if kind == 2:  # stays in 2 until the copy is imported (page startreplication)
        exported = Work(job_type=job_type, seconds=seconds, finish=lambda: setattr(relationship, "exported", True))
        return case.passing(vm, relationship, waiting, exported)
    if case.world.switches.is_("start_job_ends", "at_completion"):
        work = Work(job_type=job_type, seconds=seconds, finish=complete, over=over)
        return case.passing(vm, relationship, waiting, work)

    def begun() -> None:
        relationship.sending = stamp = case.world.now
        travel(case.world, over, seconds, lambda: _complete_by_itself(case, vm, relationship, stamp))

    return case.passing(vm, relationship, waiting, Work(job_type=job_type, seconds=2.0, finish=begun))


def _complete_by_itself(case: Case, vm: Vm, relationship: Relationship, stamp: datetime) -> None:
    """End a first copy whose job is over already, unless somebody stopped it since."""
    if relationship.sending != stamp or case.host.vm(vm.guid) is not vm:
        return
    try:
        complete_copy(case.world, case.host, vm, relationship, "StartReplication")
    except Refused:
        case.enter(vm, relationship, STATE.CRITICAL)
