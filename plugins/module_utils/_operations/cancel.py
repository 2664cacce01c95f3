# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Undo a failover that was not committed, or one that was only prepared, and serve at the source again.

The destination holds the failed-over copy, the source the primary.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absent, End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    Power,
    ReplicationMode,
    ReplicationState,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations import guards, steps
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import Leg, Task, shown
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import (
    Consent,
    Learned,
    Loses,
    Shows,
    Step,
)

_S: Final = ReplicationState
_RECOVERED: Final = Shows(mode=guards.RECEIVERS, state=(_S.RECOVERED,))
_PRIMARY: Final = (ReplicationMode.PRIMARY,)


def guard(seen: Pair, task: Task) -> None:
    """Refuse what cannot be undone any more."""
    here = seen.destination
    if isinstance(here, Absent):
        raise guards.absent(here, seen.vm_name)
    guards.refuse_wrong_peer(seen)
    if here.mode is ReplicationMode.PRIMARY:
        raise PreconditionFailed(
            f"this copy is the primary: the failover was reversed and cannot be undone ({shown(here)})",
            host=here.host,
            vm=here.vm_name,
            remedy="Bring the VM home with hyperv_replica_failback",
        )
    if here.state is _S.COMMITTED:
        raise PreconditionFailed(
            "the failover is committed, and its recovery points are gone",
            host=here.host,
            vm=here.vm_name,
            code=int(here.state),
            remedy="Bring the VM home with hyperv_replica_failback",
        )
    _refuse_unseen_use(seen, here, task)


def _refuse_unseen_use(seen: Pair, here: Side, task: Task) -> None:
    """Reverting is free only if the VM has not run since the failover; what it wrote is dropped with its disks."""
    if here.state is not _S.RECOVERED or here.power is not Power.OFF or unused(here, task):
        return
    moved = here.power_changed
    if Consent.DISCARD_SINCE_FAILOVER in task.goal.consent:
        return
    raise PreconditionFailed(
        "the failed-over copy may have run since the failover, and what it wrote then would be lost",
        kind="consent_needed",
        host=here.host,
        vm=here.vm_name,
        cause=f"It changed its power state at {moved:%Y-%m-%d %H:%M:%SZ}" if moved else "",
        remedy="If that is wanted, add discard_since_failover to consent, with a reason",
        consent=(Consent.DISCARD_SINCE_FAILOVER.value,),
    )


def unused(here: Side, task: Task) -> bool:
    """Whether the failed-over copy surely has not run since the failover."""
    last, moved = here.last_replicated, here.power_changed
    return task.knows(Learned.NEVER_STARTED) or (last is not None and moved is not None and moved <= last)


def reached(seen: Pair, task: Task) -> bool:
    """The copy is a replica again, and the source serves where it was to be started."""
    here, there = seen.destination, seen.source
    if not isinstance(here, Side) or here.mode not in guards.RECEIVERS or here.state in guards.FAILED_OVER:
        return False
    if not isinstance(there, Side):
        return True
    running = there.power is Power.RUNNING or task.knows(Learned.KEEP_OFF)
    undone = there.mode is ReplicationMode.PRIMARY and there.state is not _S.SYNCED
    return undone and running and not paused_by_us(seen, task)


def paused_by_us(seen: Pair, task: Task) -> bool:
    """Some hosts may show 7 after a revert or a cancel that this run asked for; which state follows is undocumented."""
    ours = {End.DESTINATION: Learned.REVERTED, End.SOURCE: Learned.UNLOCKED}
    return any(task.knows(lesson) and _suspended(seen.at(end)) for end, lesson in ours.items())


def _suspended(side: Side | Absent) -> bool:
    return isinstance(side, Side) and side.state is _S.SUSPENDED


def _resume(seen: Pair, task: Task) -> Step:
    end = End.DESTINATION if _suspended(seen.destination) and task.knows(Learned.REVERTED) else End.SOURCE
    step = steps.resume(end, why="what was undone left replication paused; it goes on", consent=())
    return replace(step, contingent=True)


def _start_wanted(seen: Pair, task: Task) -> bool:
    here = seen.destination
    return not task.knows(Learned.KEEP_OFF) and not (isinstance(here, Side) and here.power in guards.UP)


def _turn_off(seen: Pair, task: Task) -> Step:
    return steps.turn_off(
        End.DESTINATION,
        why="the failed-over copy runs; what it wrote since the failover will be lost",
        loses=Loses.WRITES,
        consent=(Consent.DISCARD_SINCE_FAILOVER,),
    )


START_AT_SOURCE: Final = Leg(
    says="the VM starts at the source",
    source=Shows(mode=_PRIMARY, power=(Power.OFF, Power.SAVED)),
    given=_start_wanted,
    step=lambda seen, task: steps.start(End.SOURCE),
)

#: Back to the primary: first the copy, then the lock, then the power.
LEGS: Final = (
    Leg(
        says="a running copy is turned off",
        destination=Shows(mode=guards.RECEIVERS, state=(_S.RECOVERED,), power=(*guards.UP, Power.SAVED)),
        step=_turn_off,
    ),
    Leg(says="the failover is reverted", destination=_RECOVERED, step=lambda seen, task: steps.revert(End.DESTINATION)),
    Leg(
        says="the source is unlocked",
        source=Shows(mode=_PRIMARY, state=(_S.SYNCED,)),
        step=lambda seen, task: steps.cancel_prepared(End.SOURCE),
    ),
    START_AT_SOURCE,
    Leg(says="replication goes on where undoing paused it", given=paused_by_us, step=_resume),
)
