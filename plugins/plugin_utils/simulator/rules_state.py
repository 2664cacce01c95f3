# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RequestReplicationStateChange and its Ex form, as one table of moves.

Sources: Microsoft's page requestreplicationstatechangeex-msvm-computersystem for the values; which move each value
makes is inferred from the names of the states, the PowerShell cmdlets and the job types. Documented: while the change
runs, ReplicationState shows the requested value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    JobState,
    JobType,
    Power,
    ReplicationMode,
    ReplicationState,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.case import Case, receives
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.jobs import Refused, Work, cancel
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Relationship, Vm
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.replication import (
    complete_copy,
    copy_seconds,
    enter,
    pending_bytes,
    plan_cycle,
    send_last_delta,
    sends,
    transfer_seconds,
    way,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import MethodResult

STATE: Final = ReplicationState
RECEIVING: Final = "receiving"
SENDING: Final = "sending"
EITHER: Final = "either"
NEITHER: Final = "neither"

Finish = Callable[[Case, Vm, Relationship], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One legal request.

    Attributes:
        end: which end may be asked.
        shows: the state while its job runs, where it is not the requested one.
        off: whether the VM has to be off.
        stops: types of running jobs that this move ends, instead of being refused because of them.
    """

    requested: ReplicationState
    end: str
    before: frozenset[ReplicationState]
    job_type: JobType
    finish: Finish
    seconds: float = 2.0
    shows: ReplicationState | None = None
    off: bool = False
    stops: tuple[JobType, ...] = ()


def request_state(case: Case) -> MethodResult:
    """The Ex method: on the relationship given, the primary one where none is."""
    vm = case.own_vm()
    return _move(case, vm, case.relationship(vm))


def request_state_of_primary(case: Case) -> MethodResult:
    """The old method: always on the primary relationship."""
    vm = case.own_vm()
    return _move(case, vm, vm.relationship)


def _move(case: Case, vm: Vm, relationship: Relationship) -> MethodResult:
    requested = case.number("RequestedState")
    if requested not in [move.requested for move in MOVES]:
        raise Refused(32773, "return")  # documented: a value that is not supported
    fitting = [move for move in MOVES if move.requested == requested and _fits(move, vm, relationship)]
    if not fitting:
        case.idle(vm)
        raise Refused(32775)  # documented: a value that does not fit the mode or the state
    move = fitting[0]
    _end_jobs(case, vm, move)
    case.idle(vm)
    case.require(not move.off or vm.power is Power.OFF)
    case.require(not (move.finish is _stop_first_copy and relationship.exported))  # page Stop-VMInitialReplication
    _check_as_replica(case, vm, move)
    by_resynchronize = case.world.switches.is_("continue_resynchronization", "resynchronize")
    case.require(not (move.finish is _continue_resynchronization and by_resynchronize))
    if move.finish is _resume and relationship.state is STATE.CRITICAL:
        relationship.tracking_lost |= case.world.switches.is_("resume_from_critical", "9")
    work = Work(
        job_type=move.job_type,
        seconds=_seconds(case, vm, relationship, move),
        finish=lambda: move.finish(case, vm, relationship),
        over=way(case.world, case.host, vm, relationship) if move.finish in _SENDING_MOVES else None,
    )
    return case.passing(vm, relationship, move.shows or move.requested, work)


def _fits(move: Move, vm: Vm, relationship: Relationship) -> bool:
    end = SENDING if sends(vm, relationship) else RECEIVING if receives(vm) else ""
    if relationship.index == 1 and move.finish in (_prepare, _become_replica):
        return False  # these are of the primary itself, not of the leg to a third host
    if vm.mode is ReplicationMode.NONE:
        return move.end == NEITHER and relationship.state in move.before
    return bool(end) and move.end in (end, EITHER) and relationship.state in move.before


def _end_jobs(case: Case, vm: Vm, move: Move) -> None:
    for job in case.host.running_jobs(vm.guid):
        if job.type in move.stops:
            cancel(case.world, case.host, job, JobState.TERMINATED)


def _check_as_replica(case: Case, vm: Vm, move: Move) -> None:
    """Whether state 2 alone makes a replica, or an authorization entry has to be bound first, is a switch."""
    if move.finish is _become_replica and case.world.switches.is_("as_replica", "needs_authorization_entry"):
        case.require(vm.authorized != "")


def _seconds(case: Case, vm: Vm, relationship: Relationship, move: Move) -> float:
    if move.finish is _prepare:
        return move.seconds + transfer_seconds(case.world, pending_bytes(case.world, case.host, vm, relationship))
    if move.finish is _continue_resynchronization:
        return copy_seconds(case.world, case.host, vm, relationship)
    return move.seconds


def _become(state: ReplicationState) -> Finish:
    def finish(case: Case, vm: Vm, relationship: Relationship) -> None:
        case.enter(vm, relationship, state)

    return finish


def _resume(case: Case, vm: Vm, relationship: Relationship) -> None:
    """Inferred: after tracking was lost, resuming leads to 9."""
    relationship.missed_in_row = 0
    lost = relationship.tracking_lost and sends(vm, relationship)
    case.enter(vm, relationship, STATE.WAITING_FOR_RESYNCHRONIZE if lost else STATE.REPLICATING)
    if not lost and sends(vm, relationship):
        plan_cycle(case.world, case.host, vm, relationship, 5.0)


def _prepare(case: Case, vm: Vm, relationship: Relationship) -> None:
    send_last_delta(case.world, case.host, vm)
    case.enter(vm, relationship, STATE.SYNCED)


def _cancel_prepared(case: Case, vm: Vm, relationship: Relationship) -> None:
    relationship.prepared = False
    case.enter(vm, relationship, STATE(case.world.switches.number("state_after_cancel")))


def _become_replica(case: Case, vm: Vm, relationship: Relationship) -> None:
    if vm.power is not Power.OFF:
        raise Refused(32775)  # somebody started it meanwhile
    vm.mode = ReplicationMode.REPLICA
    relationship.prepared = relationship.tracking_lost = False
    vm.recovery_points.clear()
    case.enter(vm, relationship, STATE.WAITING_FOR_INITIAL_REPLICATION)


def _continue_resynchronization(case: Case, vm: Vm, relationship: Relationship) -> None:
    complete_copy(case.world, case.host, vm, relationship, "Resynchronize")


def _stop_first_copy(case: Case, vm: Vm, relationship: Relationship) -> None:
    enter(case.world, case.host, vm, relationship, STATE.READY)


#: Moves by which this host sends something.
_SENDING_MOVES: Final = (_prepare, _continue_resynchronization)

#: An old primary that may become a replica: any state but those in which data is under way (inferred).
OLD_PRIMARY: Final = frozenset({STATE(n) for n in (1, 3, 4, 7, 8, 9, 11)})

MOVES: Final = (
    Move(
        requested=STATE.READY,
        end=SENDING,
        before=frozenset({STATE.WAITING_FOR_INITIAL_REPLICATION}),
        job_type=JobType.STOP_INITIAL_REPLICATION,
        finish=_stop_first_copy,
        stops=(
            JobType.START_INITIAL_REPLICATION,
            JobType.START_EXPORT_INITIAL_REPLICATION,
            JobType.START_RESYNC_INITIAL_REPLICATION,
        ),
    ),
    Move(
        requested=STATE.WAITING_FOR_INITIAL_REPLICATION,
        end=SENDING,
        before=OLD_PRIMARY,
        job_type=JobType.REPLICATION_STATE_CHANGE,
        finish=_become_replica,
        seconds=3.0,
        off=True,
    ),
    Move(  # a copy brought there by hand, for a seeded relationship (team blog 2013-08-27; the WMI form is inferred)
        requested=STATE.WAITING_FOR_INITIAL_REPLICATION,
        end=NEITHER,
        before=frozenset({STATE.DISABLED}),
        job_type=JobType.REPLICATION_STATE_CHANGE,
        finish=_become_replica,
        seconds=3.0,
        off=True,
    ),
    Move(
        requested=STATE.REPLICATING,
        end=EITHER,
        before=frozenset({STATE.SUSPENDED, STATE.CRITICAL}),
        job_type=JobType.REPLICATION_STATE_CHANGE,
        finish=_resume,
    ),
    Move(
        requested=STATE.REPLICATING,
        end=SENDING,
        before=frozenset({STATE.SYNCED}),
        job_type=JobType.CANCEL_SYNCED_REPLICATION,
        finish=_cancel_prepared,
    ),
    Move(
        requested=STATE.REPLICATING,
        end=SENDING,
        before=frozenset({STATE.RESYNCHRONIZE_SUSPENDED}),
        job_type=JobType.RESYNCHRONIZING,
        finish=_continue_resynchronization,
        shows=STATE.RESYNCHRONIZING,
    ),
    Move(
        requested=STATE.SYNCED,
        end=SENDING,
        before=frozenset({STATE.REPLICATING}),
        job_type=JobType.INITIATE_SYNCED_REPLICATION,
        finish=_prepare,
        off=True,
    ),
    Move(
        requested=STATE.SUSPENDED,
        end=EITHER,
        before=frozenset({STATE.REPLICATING, STATE.CRITICAL}),
        job_type=JobType.REPLICATION_STATE_CHANGE,
        finish=_become(STATE.SUSPENDED),
        seconds=1.0,
    ),
    Move(
        requested=STATE.SUSPENDED,
        end=SENDING,
        before=frozenset({STATE.RESYNCHRONIZING}),
        job_type=JobType.REPLICATION_STATE_CHANGE,
        finish=_become(STATE.RESYNCHRONIZE_SUSPENDED),
        seconds=1.0,
        shows=STATE.RESYNCHRONIZE_SUSPENDED,
        stops=(JobType.RESYNCHRONIZING, JobType.RESYNCHRONIZING_EXTENDED),
    ),
    Move(
        requested=STATE.WAITING_FOR_RESYNCHRONIZE,
        end=SENDING,
        before=frozenset({STATE.RESYNCHRONIZING, STATE.RESYNCHRONIZE_SUSPENDED}),
        job_type=JobType.STOP_RESYNCHRONIZING,
        finish=_become(STATE.WAITING_FOR_RESYNCHRONIZE),
        stops=(JobType.RESYNCHRONIZING, JobType.RESYNCHRONIZING_EXTENDED),
    ),
)
