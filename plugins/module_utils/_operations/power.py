# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A VM on one host is running, off or saved. The destination is that host; the source is the other copy's host.

Starting a replicated VM asks where its other copy is: two copies must never run at once.
"""

from __future__ import annotations

from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absence, Absent, End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    Power,
    ReplicationMode,
    ReplicationState,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations import guards, steps
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import Leg, Task, shown
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Consent, Loses, Shows, Step

_S: Final = ReplicationState
_STARTABLE: Final = (*guards.FAILED_OVER, _S.FAILBACK_COMPLETE)
_UP: Final = (Power.RUNNING,)
_PAUSED: Final = (Power.PAUSED, Power.V1_PAUSED)
_SAVED: Final = (Power.SAVED, Power.V1_SAVED)


def start_guard(seen: Pair, task: Task) -> None:
    """Refuse to start what is locked, or what may run elsewhere."""
    here = seen.destination
    if isinstance(here, Absent):
        raise guards.absent(here, seen.vm_name)
    if here.mode in guards.RECEIVERS and here.state not in _STARTABLE:
        raise PreconditionFailed(
            f"a replica starts only after a failover: {shown(here)}",
            host=here.host,
            vm=here.vm_name,
            remedy="Use hyperv_replica_failover on this host",
        )
    if here.state is _S.SYNCED and here.mode is ReplicationMode.PRIMARY:
        raise PreconditionFailed(
            "it is prepared for a planned failover and locked against starting",
            host=here.host,
            vm=here.vm_name,
            remedy="Finish the failover, or undo it with hyperv_replica_failover_cancel",
        )
    replicated = here.mode is not ReplicationMode.NONE
    runs_there = isinstance(seen.source, Side) and seen.source.power in guards.UP
    if replicated or runs_there:
        _refuse_second_copy(seen, here, task)


def _refuse_second_copy(seen: Pair, here: Side, task: Task) -> None:
    there = seen.source
    if isinstance(there, Side):
        guards.refuse_wrong_peer(seen)
        serves = there.power in guards.UP or there.state in guards.FAILED_OVER
        if serves and (there.power in guards.UP or not task.goal.abandon_peer_copy):
            raise PreconditionFailed(
                f"the other copy on {there.host} is served or failed over: {shown(there)}",
                kind="split_brain",
                host=here.host,
                vm=here.vm_name,
                remedy="Bring the VM home with hyperv_replica_failback; a second copy must never run",
            )
    elif not task.goal.abandon_peer_copy:
        why = "no peer was given" if there.why is Absence.NOT_ASKED else shown(there)
        raise PreconditionFailed(
            f"whether the other copy runs was not seen: {why}",
            kind="split_brain",
            host=here.host,
            vm=here.vm_name,
            remedy='Give peer, or give the other copy up: abandon_peer_copy: "<reason>"',
        )


def stop_guard(seen: Pair, task: Task) -> None:
    """Only a VM that is there can be switched off."""
    if isinstance(seen.destination, Absent):
        raise guards.absent(seen.destination, seen.vm_name)


def shows(power: tuple[Power, ...], seen: Pair, task: Task) -> bool:
    """Whether the host shows one of these."""
    return isinstance(seen.destination, Side) and seen.destination.power in power


def _drop_saved(seen: Pair, task: Task) -> Step:
    return steps.turn_off(
        End.DESTINATION,
        why="the VM is saved; off drops its saved memory",
        loses=Loses.SAVED_STATE,
        consent=(Consent.DISCARD_SAVED_STATE,),
    )


def _turn_off_paused(seen: Pair, task: Task) -> Step:
    return steps.turn_off(End.DESTINATION, why="a paused guest cannot shut down", loses=Loses.NOTHING)


START_LEGS: Final = (
    Leg(
        says="the VM starts",
        destination=Shows(power=(Power.OFF, *_SAVED, *_PAUSED)),
        step=lambda seen, task: steps.start(End.DESTINATION),
    ),
)
OFF_LEGS: Final = (
    Leg(says="a saved VM drops its memory", destination=Shows(power=_SAVED), step=_drop_saved),
    Leg(
        says="a paused VM is turned off where that was allowed",
        destination=Shows(power=_PAUSED),
        given=lambda seen, task: task.goal.turn_off_guest,
        step=_turn_off_paused,
    ),
    Leg(
        says="the guest shuts down",
        destination=Shows(power=_UP),
        step=lambda seen, task: steps.shut_down(End.DESTINATION, task),
    ),
)
SAVE_LEGS: Final = (
    Leg(
        says="the VM is saved",
        destination=Shows(power=(*_UP, *_PAUSED)),
        step=lambda seen, task: steps.save(End.DESTINATION),
    ),
)
