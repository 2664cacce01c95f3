# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls an operation is made of, each built once: where, with which arguments, leading where, losing what."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import (
    End,
    Pair,
    Side,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    InitialReplicationType,
    Power,
    ReplicationMode,
    ReplicationState,
    RequestedPower,
    RequestedReplicationState,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.ends import listener, point_of, settings_of
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import Task
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import (
    Consent,
    Learned,
    Loses,
    Method,
    Shows,
    Step,
)

_S: Final = ReplicationState

#: States that either end may show right after a reverse: replicating at once, or waiting for StartReplication.
#: The first one is planned with: an old primary made a replica waits for a first copy (replication-failover page).
_REPLICATES: Final = (_S.REPLICATING, _S.READY, _S.WAITING_FOR_INITIAL_REPLICATION)
_SENDER_WAITS: Final = (_S.READY, _S.REPLICATING, _S.WAITING_FOR_INITIAL_REPLICATION)
_RECEIVER_WAITS: Final = (_S.WAITING_FOR_INITIAL_REPLICATION, _S.REPLICATING, _S.READY)


def shut_down(end: End, task: Task) -> Step:
    """Ask the guest to shut down, or turn it off where it stays up and that was allowed."""
    if task.knows(Learned.GUEST_STAYS_UP):
        return turn_off(end, why="the guest did not shut down and if_guest_stays_up is turn_off", loses=Loses.NOTHING)
    return Step(
        host=end,
        method=Method.INITIATE_SHUTDOWN,
        arguments={"Force": task.goal.force_shutdown, "Reason": "hyperv.replica: planned move"},
        expects=Shows(power=(Power.OFF,)),
        limit=task.goal.guest_shutdown_timeout,
        takes=timedelta(seconds=30),
        teaches=Learned.GUEST_ASKED,
        lesson=Learned.GUEST_STAYS_UP if task.goal.turn_off_guest else None,
        why="the guest shuts down; users are not served from here on",
    )


def turn_off(end: End, *, why: str, loses: Loses, consent: tuple[Consent, ...] = ()) -> Step:
    """Cut the power of a VM, without asking its guest."""
    return Step(
        host=end,
        method=Method.REQUEST_STATE_CHANGE,
        arguments={"RequestedState": int(RequestedPower.OFF)},
        expects=Shows(power=(Power.OFF,)),
        loses=loses,
        can_be_undone=loses is Loses.NOTHING,
        consent=consent,
        takes=timedelta(seconds=5),
        limit=timedelta(seconds=300),
        why=why,
    )


def start(end: End, *, why: str = "the VM is started") -> Step:
    """Start a VM, or resume a saved one."""
    return Step(
        host=end,
        method=Method.REQUEST_STATE_CHANGE,
        arguments={"RequestedState": int(RequestedPower.RUNNING)},
        expects=Shows(power=(Power.RUNNING,)),
        takes=timedelta(seconds=10),
        limit=timedelta(seconds=600),
        why=why,
    )


def save(end: End) -> Step:
    """Save a VM's memory to disk."""
    return Step(
        host=end,
        method=Method.REQUEST_STATE_CHANGE,
        arguments={"RequestedState": int(RequestedPower.SAVED)},
        expects=Shows(power=(Power.SAVED,)),
        limit=timedelta(seconds=600),
        why="the VM's memory is saved to disk",
    )


def prepare(end: End) -> Step:
    """Send the last delta and lock the primary (RequestedState 4, inferred; lifecycle 1.5)."""
    step = _state_change(
        end,
        RequestedReplicationState.SYNCED,
        expects=Shows(state=(_S.SYNCED,)),
        why="the last delta is sent and the VM is locked against starting here",
    )
    return replace(step, takes=timedelta(seconds=15))


def resume(end: End, *, why: str, consent: tuple[Consent, ...], limit: timedelta | None = None) -> Step:
    """Resume from 7 or 8, or continue a resynchronization (RequestedState 3)."""
    step = _state_change(
        end,
        RequestedReplicationState.REPLICATING,
        expects=Shows(state=(_S.REPLICATING, _S.WAITING_FOR_RESYNCHRONIZE, _S.RESYNCHRONIZING)),
        why=why,
    )
    return replace(step, consent=consent, limit=limit)


def continue_resynchronization(end: End, task: Task, *, why: str, consent: tuple[Consent, ...]) -> Step:
    """Let a paused resynchronization go on: by RequestedState 3, or anew. No WMI form is published (lifecycle 12)."""
    if task.knows(Learned.CONTINUE_ANEW):
        return replace(resynchronize(end, task), consent=consent)
    step = resume(end, why=why, consent=consent, limit=task.goal.sync_timeout)
    return replace(step, loses=Loses.RECOVERY_POINTS, can_be_undone=False, lesson=Learned.CONTINUE_ANEW)


def cancel_prepared(end: End) -> Step:
    """Unlock a prepared primary (RequestedState 3 from 4, inferred; lifecycle 6). Some hosts show another state."""
    step = _state_change(
        end,
        RequestedReplicationState.REPLICATING,
        expects=Shows(state=(_S.REPLICATING, _S.SUSPENDED, _S.CRITICAL, _S.WAITING_FOR_RESYNCHRONIZE)),
        why="the prepared failover is cancelled; the primary may start again",
    )
    return replace(step, teaches=Learned.UNLOCKED)


def as_replica(end: End, consent: tuple[Consent, ...], loses: Loses) -> Step:
    """Turn an old primary into a replica that waits for data (RequestedState 2, inferred; lifecycle 9)."""
    step = _state_change(
        end,
        RequestedReplicationState.WAITING_FOR_INITIAL_REPLICATION,
        expects=Shows(mode=(ReplicationMode.REPLICA,), state=(_S.WAITING_FOR_INITIAL_REPLICATION,)),
        why="the old primary becomes a replica; what only it has will be overwritten",
    )
    return replace(step, consent=consent, loses=loses, can_be_undone=False, lesson=Learned.REPLICA_WANTS_ENTRY)


def set_authorization_entry(end: End, seen: Pair) -> Step:
    """Bind the VM to the entry of the host that will send to it (lifecycle 9; whether it is needed is undocumented)."""
    return Step(
        host=end,
        method=Method.SET_AUTHORIZATION_ENTRY,
        arguments={"AllowedPrimaryHostSystem": point_of(seen, end.other)},
        contingent=True,
        teaches=Learned.ENTRY_SET,
        why="the old primary is told which host may replicate into it",
    )


def initiate_failover(end: End, point: str | None, *, loses: Loses, why: str) -> Step:
    """Have a replica take over, from a recovery point or the latest state."""
    return Step(
        host=end,
        method=Method.INITIATE_FAILOVER,
        arguments={"SnapshotSettingData": point},
        expects=Shows(state=(_S.RECOVERED,)),
        loses=loses,
        takes=timedelta(seconds=10),
        why=why,
    )


def revert(end: End) -> Step:
    """Drop the failover. The state afterwards is inferred to be 3 (lifecycle 2); a host may show another."""
    return Step(
        host=end,
        method=Method.REVERT_FAILOVER,
        expects=Shows(
            state=(
                _S.REPLICATING,
                _S.SUSPENDED,
                _S.CRITICAL,
                _S.WAITING_FOR_INITIAL_REPLICATION,
                _S.WAITING_FOR_RESYNCHRONIZE,
                _S.RESYNCHRONIZING,
            )
        ),
        takes=timedelta(seconds=10),
        teaches=Learned.REVERTED,
        why="the failover is undone; the copy is a replica again",
    )


def commit(end: End, *, why: str, lesson: Learned | None = None) -> Step:
    """Make a failover final; its other recovery points go."""
    return Step(
        host=end,
        method=Method.COMMIT_FAILOVER,
        expects=Shows(state=(_S.COMMITTED,)),
        loses=Loses.RECOVERY_POINTS,
        can_be_undone=False,
        takes=timedelta(seconds=10),
        contingent=True,
        lesson=lesson,
        why=why,
    )


def commit_failback(end: End) -> Step:
    """Make a provider's failback final. Whether that is needed, and leads to another state, is undocumented."""
    step = commit(end, why="the failback becomes final", lesson=Learned.COMMIT_NOT_WANTED)
    done = Shows(state=(_S.COMMITTED, _S.FAILBACK_COMPLETE))
    return replace(step, expects=done, teaches=Learned.COMMIT_ASKED)


def test_connection(sender: End, seen: Pair) -> Step:
    """Ask the future sender whether it could replicate to the other end; changes nothing."""
    arguments = listener(seen, sender.other)
    settings = settings_of(seen, sender)
    arguments["BypassProxyServer"] = settings.bypass_proxy
    return Step(
        host=sender,
        method=Method.TEST_REPLICATION_CONNECTION,
        arguments=arguments,
        takes=timedelta(seconds=5),
        limit=timedelta(seconds=120),
        teaches=Learned.CONNECTION_TESTED,
        why="the way back is tested before users are disturbed",
    )


def reverse(end: End, seen: Pair) -> Step:
    """Make this end the primary of the pair. From state 5 that commits the failover."""
    here = seen.at(end)
    there = seen.at(end.other)
    recovered = isinstance(here, Side) and here.state is _S.RECOVERED
    waits = isinstance(there, Side) and there.state is _S.WAITING_FOR_INITIAL_REPLICATION
    arguments = listener(seen, end.other)
    del arguments["AuthenticationType"]
    return Step(
        host=end,
        method=Method.REVERSE,
        arguments=arguments,
        expects=Shows(mode=(ReplicationMode.PRIMARY,), state=_SENDER_WAITS if waits else _REPLICATES),
        peer_expects=Shows(mode=(ReplicationMode.REPLICA,), state=_RECEIVER_WAITS if waits else _REPLICATES),
        loses=Loses.RECOVERY_POINTS,
        can_be_undone=False,
        takes=timedelta(seconds=15),
        lesson=Learned.REVERSE_WANTS_COMMITTED if recovered else None,
        why="the direction of replication is reversed" + ("; this commits the failover" if recovered else ""),
    )


def start_replication(end: End, task: Task, *, contingent: bool = True) -> Step:
    """Send the first copy, or after a reverse the differences (lifecycle 9: type 1 or 3)."""
    seeded = task.knows(Learned.START_SEEDED)
    kind = InitialReplicationType.SEEDED if seeded else InitialReplicationType.NETWORK
    return Step(
        host=end,
        method=Method.START_REPLICATION,
        arguments={"InitialReplicationType": int(kind)},
        expects=Shows(state=(_S.REPLICATING,)),
        peer_expects=Shows(state=(_S.REPLICATING,)),
        limit=task.goal.sync_timeout,
        contingent=contingent,
        lesson=None if seeded else Learned.START_SEEDED,
        why="the differences are sent to the other end",
    )


def resynchronize(end: End, task: Task) -> Step:
    """Compare both copies and bring them in line."""
    return Step(
        host=end,
        method=Method.RESYNCHRONIZE,
        expects=Shows(state=(_S.REPLICATING,)),
        peer_expects=Shows(state=(_S.REPLICATING,)),
        loses=Loses.RECOVERY_POINTS,
        can_be_undone=False,
        consent=(Consent.RESYNCHRONIZE,),
        limit=task.goal.sync_timeout,
        why="both copies are compared and brought in line; all recovery points go",
    )


def initiate_failback(end: End, task: Task, *, lesson: Learned | None) -> Step:
    """Have the provider bring the data home; called on the VM that receives it unless told otherwise."""
    done = Shows(state=(_S.FAILBACK_COMPLETE,))
    caller = end.other if task.goal.initiate_on_peer else end
    return Step(
        host=caller,
        method=Method.INITIATE_FAILBACK,
        arguments={"RecoveryPointIdentifier": task.goal.recovery_point_identifier},
        expects=done if caller is end else Shows(),
        peer_expects=None if caller is end else done,
        can_be_undone=False,
        limit=task.goal.sync_timeout,
        lesson=lesson,
        teaches=Learned.CAME_HOME,
        why="the replication provider resynchronizes the data in the reverse direction",
    )


def destroy_test_copy(end: End, test_copy: str) -> Step:
    """Remove the test copy that blocks a failover."""
    return Step(
        host=end,
        method=Method.DESTROY_SYSTEM,
        arguments={"AffectedSystem": test_copy},
        sets={"test_copy": ""},
        loses=Loses.NOTHING,
        can_be_undone=False,
        consent=(Consent.REMOVE_LEFTOVER_TEST_COPY,),
        limit=timedelta(seconds=300),
        why="the test copy left behind is removed",
    )


def turn_off_test_copy(end: End) -> Step:
    """Turn off the test copy that blocks a failover, so that it can be removed."""
    return Step(
        host=end,
        method=Method.REQUEST_STATE_CHANGE,
        arguments={"RequestedState": int(RequestedPower.OFF), "TestCopy": True},
        sets={"test_power": Power.OFF},
        can_be_undone=False,
        consent=(Consent.REMOVE_LEFTOVER_TEST_COPY,),
        limit=timedelta(seconds=300),
        why="the test copy left behind runs: it is turned off to be removed, and what was written in it goes with it",
    )


def wait_until_in_sync(end: End, task: Task) -> Step:
    """Wait until the sending end replicates and the other end has what it sent."""
    return Step(
        host=end,
        method=Method.WAIT_UNTIL_IN_SYNC,
        expects=Shows(mode=(ReplicationMode.PRIMARY,), state=(_S.REPLICATING,)),
        peer_expects=Shows(mode=(ReplicationMode.REPLICA,), state=(_S.REPLICATING,)),
        limit=task.goal.sync_timeout,
        contingent=True,
        why="both copies come to hold the same data",
    )


def _state_change(end: End, wanted: RequestedReplicationState, *, expects: Shows, why: str) -> Step:
    return Step(
        host=end,
        method=Method.REQUEST_REPLICATION_STATE_CHANGE,
        arguments={"RequestedState": int(wanted)},
        expects=expects,
        why=why,
    )


def with_lesson(step: Step, lesson: Learned) -> Step:
    """The same step, whose refusal teaches something else."""
    return replace(step, lesson=lesson)
