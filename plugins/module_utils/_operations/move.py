# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A planned move: nothing is lost. The VM runs at the source and shall run at the destination.

The same table serves planned failover and the documented failback; only who is called home differs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    Power,
    ReplicationMode,
    ReplicationState,
    ReplicationType,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations import fence, guards, steps
from ansible_collections.hyperv.replica.plugins.module_utils._operations.ends import built_in
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import Leg, Task, shown
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import (
    Consent,
    Learned,
    Loses,
    Shows,
    Step,
    Target,
)

_S: Final = ReplicationState
_PRIMARY: Final = (ReplicationMode.PRIMARY,)
_REPLICA: Final = guards.RECEIVERS
_SAVED: Final = (Power.SAVED, Power.V1_SAVED)
_FAILED_OVER: Final = guards.FAILED_OVER


def guard(seen: Pair, task: Task) -> None:
    """Refuse what no planned move may start from."""
    guards.refuse_wrong_peer(seen)
    guards.need_both(seen)
    guards.need_roles(seen)
    if task.goal.target is Target.PROTECTED:
        guards.refuse_chain(seen)
    guards.refuse_split(seen)
    guards.refuse_critical(seen)
    _refuse_paused_guest(seen)
    _refuse_lossy_failover(seen)


def _refuse_paused_guest(seen: Pair) -> None:
    side = seen.source
    if isinstance(side, Side) and side.power in (Power.PAUSED, Power.V1_PAUSED):
        raise PreconditionFailed(
            "the VM is paused, so its guest cannot shut down",
            host=side.host,
            vm=side.vm_name,
            remedy="Resume it, or turn it off, then run this again",
        )


def _refuse_lossy_failover(seen: Pair) -> None:
    """A failover that did not take the last delta is not a planned one: going on would lose what came after."""
    here, there = seen.destination, seen.source
    if not (isinstance(here, Side) and isinstance(there, Side)) or here.state not in _FAILED_OVER:
        return
    if here.mode not in _REPLICA or there.mode is not ReplicationMode.PRIMARY:
        return
    planned = here.relationship is not None and here.relationship.failed_over_type is ReplicationType.PLANNED
    if planned and there.state is _S.SYNCED:
        return
    raise PreconditionFailed(
        f"{here.host} was failed over without the last delta of {there.host}: {shown(here)} there, {shown(there)} here",
        kind="data_loss",
        host=here.host,
        vm=here.vm_name,
        cause="Going on would lose what the source wrote after the recovery point",
        remedy="Cancel that failover with hyperv_replica_failover_cancel and run this again, "
        "or keep it with hyperv_replica_failover mode: unplanned, state: protected",
    )


def settled_at_source(seen: Pair) -> bool:
    """The VM is served at the destination by a finished reverse: it is the primary and the source its replica."""
    here, there = seen.destination, seen.source
    return (
        isinstance(here, Side)
        and isinstance(there, Side)
        and here.mode is ReplicationMode.PRIMARY
        and there.mode in _REPLICA
        and there.state not in _FAILED_OVER
    )


def on(seen: Pair, task: Task) -> bool:
    """The destination runs the VM, or is to leave it off."""
    here = seen.destination
    return task.knows(Learned.KEEP_OFF) or (isinstance(here, Side) and here.power is Power.RUNNING)


def reached(seen: Pair, task: Task) -> bool:
    """Whether what is seen satisfies the target; a later state satisfies an earlier one."""
    here, there = seen.destination, seen.source
    if not (isinstance(here, Side) and isinstance(there, Side)):
        return False
    target = task.goal.target
    if settled_at_source(seen):
        return _reached_after_reverse(here, there, seen, task)
    if there.mode is not ReplicationMode.PRIMARY or here.mode not in _REPLICA:
        return False
    locked = there.state is _S.SYNCED and there.power is Power.OFF and not there.busy
    if here.state in _FAILED_OVER and locked:
        return target.rank <= Target.SWITCHED_OFF.rank or (target is Target.RUNNING and on(seen, task))
    if locked:
        return target.rank <= Target.SWITCHED_OFF.rank
    return target is Target.SYNCED and guards.in_sync(seen, End.SOURCE)


def _reached_after_reverse(here: Side, there: Side, seen: Pair, task: Task) -> bool:
    if task.goal.target.rank <= Target.SWITCHED_OFF.rank:
        return True
    if not on(seen, task) or there.power in guards.UP or fence.to_restore(End.DESTINATION, seen, task):
        return False
    if task.goal.target is Target.RUNNING:
        return True
    return here.state is _S.REPLICATING and there.state is _S.REPLICATING


@dataclass(frozen=True, slots=True, kw_only=True)
class _Repair:
    """What is done about a relationship that does not replicate; ``receiver`` where the receiving end shows it."""

    says: str
    state: ReplicationState
    step: Callable[[End, Task], Step]
    receiver: bool = False


_RESUME: Final = (Consent.RESUME_SUSPENDED,)
_REPAIRS: Final = (
    _Repair(
        says="a paused sender is resumed",
        state=_S.SUSPENDED,
        step=lambda end, task: steps.resume(end, why="somebody paused the replication", consent=_RESUME),
    ),
    _Repair(
        says="a paused receiver is resumed",
        state=_S.SUSPENDED,
        step=lambda end, task: steps.resume(end.other, why="somebody paused the replica", consent=_RESUME),
        receiver=True,
    ),
    _Repair(
        says="a failed sender is resumed",
        state=_S.CRITICAL,
        step=lambda end, task: steps.resume(end, why="replication stopped with an error", consent=_RESUME),
    ),
    _Repair(
        says="lost tracking is resynchronized",
        state=_S.WAITING_FOR_RESYNCHRONIZE,
        step=steps.resynchronize,
    ),
    _Repair(
        says="a paused resynchronization is continued",
        state=_S.RESYNCHRONIZE_SUSPENDED,
        step=lambda end, task: steps.continue_resynchronization(
            end,
            task,
            why="somebody paused the resynchronization; its end deletes all recovery points",
            consent=(Consent.RESYNCHRONIZE,),
        ),
    ),
    _Repair(
        says="a running copy is waited for",
        state=_S.WAITING_FOR_INITIAL_REPLICATION,
        step=steps.wait_until_in_sync,
    ),
    _Repair(
        says="a running resynchronization is waited for",
        state=_S.RESYNCHRONIZING,
        step=steps.wait_until_in_sync,
    ),
)


def repair_legs(sender: End) -> tuple[Leg, ...]:
    """Bring a relationship whose sender is known back to replicating; each row that loses or overrides asks first."""
    return tuple(_repair_leg(sender, repair) for repair in _REPAIRS)


def _repair_leg(sender: End, repair: _Repair) -> Leg:
    state = (repair.state,)
    sends = Shows(mode=_PRIMARY, state=() if repair.receiver else state)
    receives = Shows(mode=_REPLICA, state=state if repair.receiver else ())
    at_source = sender is End.SOURCE
    return Leg(
        says=repair.says,
        source=sends if at_source else receives,
        destination=receives if at_source else sends,
        step=lambda seen, task: repair.step(sender, task),
    )


def first_copy_leg(sender: End) -> Leg:
    """After a reverse that needs it, the differences are sent."""
    sends, receives = Shows(mode=_PRIMARY, state=(_S.READY,)), Shows(mode=_REPLICA)
    return Leg(
        says="the differences are sent",
        source=sends if sender is End.SOURCE else receives,
        destination=receives if sender is End.SOURCE else sends,
        step=lambda seen, task: steps.start_replication(sender, task),
    )


def _must_still_sync(seen: Pair, task: Task) -> bool:
    return not guards.in_sync(seen, End.SOURCE) and _undisturbed(seen)


def _undisturbed(seen: Pair) -> bool:
    source = seen.source
    return isinstance(source, Side) and source.state is _S.REPLICATING and source.power is not Power.OFF


def _untested(seen: Pair, task: Task) -> bool:
    return built_in(seen) and not task.knows(Learned.CONNECTION_TESTED)


def _to_protect(seen: Pair, task: Task) -> bool:
    return task.goal.target is Target.PROTECTED


def _to_commit_first(seen: Pair, task: Task) -> bool:
    return _to_protect(seen, task) and task.knows(Learned.REVERSE_WANTS_COMMITTED)


def _to_start(seen: Pair, task: Task) -> bool:
    return not task.knows(Learned.KEEP_OFF)


def _failover_step(seen: Pair, task: Task) -> Step:
    return steps.initiate_failover(
        End.DESTINATION, None, loses=Loses.NOTHING, why="the replica takes over with the last delta applied"
    )


#: From the serving source to the serving, protected destination, one row per step; the first that fits is taken.
LEGS: Final = (
    *repair_legs(End.SOURCE),
    Leg(
        says="a leftover test copy that runs is turned off",
        destination=Shows(mode=_REPLICA, state=(_S.REPLICATING,)),
        given=lambda seen, task: guards.test_copy_runs(seen.destination),
        step=lambda seen, task: steps.turn_off_test_copy(End.DESTINATION),
    ),
    Leg(
        says="a leftover test copy is removed",
        destination=Shows(mode=_REPLICA, state=(_S.REPLICATING,)),
        given=lambda seen, task: isinstance(seen.destination, Side) and bool(seen.destination.test_copy),
        step=lambda seen, task: steps.destroy_test_copy(
            End.DESTINATION, seen.destination.test_copy if isinstance(seen.destination, Side) else ""
        ),
    ),
    Leg(
        says="both copies come in sync",
        source=Shows(mode=_PRIMARY, state=(_S.REPLICATING,)),
        destination=Shows(mode=_REPLICA),
        given=_must_still_sync,
        step=lambda seen, task: steps.wait_until_in_sync(End.SOURCE, task),
    ),
    Leg(
        says="the way back is tested",
        source=Shows(mode=_PRIMARY, state=(_S.REPLICATING,)),
        destination=Shows(mode=_REPLICA, state=(_S.REPLICATING,)),
        given=_untested,
        step=lambda seen, task: steps.test_connection(End.DESTINATION, seen),
    ),
    Leg(
        says="a saved VM loses its saved memory",
        source=Shows(mode=_PRIMARY, state=(_S.REPLICATING,), power=_SAVED),
        destination=Shows(mode=_REPLICA, state=(_S.REPLICATING,)),
        step=lambda seen, task: steps.turn_off(
            End.SOURCE,
            why="the VM is saved; a planned failover needs it off, which drops its saved memory",
            loses=Loses.SAVED_STATE,
            consent=(Consent.DISCARD_SAVED_STATE,),
        ),
    ),
    Leg(
        says="the guest shuts down",
        source=Shows(mode=_PRIMARY, state=(_S.REPLICATING,), power=(Power.RUNNING,)),
        destination=Shows(mode=_REPLICA, state=(_S.REPLICATING,)),
        step=lambda seen, task: steps.shut_down(End.SOURCE, task),
    ),
    Leg(
        says="the last delta is sent and the source locked",
        source=Shows(mode=_PRIMARY, state=(_S.REPLICATING,), power=(Power.OFF,)),
        destination=Shows(mode=_REPLICA, state=(_S.REPLICATING,)),
        step=lambda seen, task: steps.prepare(End.SOURCE),
    ),
    Leg(
        says="the destination takes over",
        source=Shows(mode=_PRIMARY, state=(_S.SYNCED,), power=(Power.OFF,)),
        destination=Shows(mode=_REPLICA, state=(_S.REPLICATING,), power=(Power.OFF,)),
        step=_failover_step,
    ),
    Leg(
        says="the failover is committed where reverse asks for it",
        source=Shows(mode=_PRIMARY, state=(_S.SYNCED,), power=(Power.OFF,)),
        destination=Shows(mode=_REPLICA, state=(_S.RECOVERED,)),
        given=_to_commit_first,
        step=lambda seen, task: steps.commit(End.DESTINATION, why="this host reverses only a committed failover"),
    ),
    Leg(
        says="the direction is reversed",
        source=Shows(mode=_PRIMARY, state=(_S.SYNCED,), power=(Power.OFF,)),
        destination=Shows(mode=_REPLICA, state=_FAILED_OVER),
        given=_to_protect,
        step=lambda seen, task: steps.reverse(End.DESTINATION, seen),
    ),
    fence.reconnect_leg(
        End.DESTINATION,
        "an adapter that a fence has disconnected is connected again",
        Shows(mode=_REPLICA, state=_FAILED_OVER, power=(Power.OFF, *_SAVED)),
    ),
    fence.reconnect_leg(
        End.DESTINATION,
        "an adapter that a fence has disconnected is connected again",
        Shows(mode=_PRIMARY),
    ),
    Leg(
        says="the VM starts without protection where that was asked for",
        source=Shows(mode=_PRIMARY, state=(_S.SYNCED,), power=(Power.OFF,)),
        destination=Shows(mode=_REPLICA, state=_FAILED_OVER, power=(Power.OFF, *_SAVED)),
        given=_to_start,
        step=lambda seen, task: steps.start(End.DESTINATION),
    ),
    Leg(
        says="the VM starts",
        source=Shows(mode=_REPLICA),
        destination=Shows(mode=_PRIMARY, power=(Power.OFF, *_SAVED)),
        given=_to_start,
        step=lambda seen, task: steps.start(End.DESTINATION),
    ),
    first_copy_leg(End.DESTINATION),
    *repair_legs(End.DESTINATION),
    Leg(
        says="the reverse reaches the other host",
        source=Shows(mode=_PRIMARY, state=(_S.SYNCED,), power=(Power.OFF,)),
        destination=Shows(mode=_PRIMARY),
        step=lambda seen, task: steps.wait_until_in_sync(End.DESTINATION, task),
    ),
    Leg(
        says="the replica catches up",
        source=Shows(mode=_REPLICA, state=(_S.WAITING_FOR_INITIAL_REPLICATION, _S.RESYNCHRONIZING, _S.SYNCED)),
        destination=Shows(mode=_PRIMARY, state=(_S.REPLICATING,)),
        given=_to_protect,
        step=lambda seen, task: steps.wait_until_in_sync(End.DESTINATION, task),
    ),
    fence.unfence_leg(End.DESTINATION),
)
