# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A test copy of a replica is there, or gone. The destination is the replica host; nobody else is asked.

The replica goes on replicating. Where its copies are connected to is set on its adapters first, and put back after.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.adapters import Adapter, connected_to
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absence, Absent, End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    JobType,
    Power,
    ReplicationMode,
    ReplicationState,
    RequestedPower,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations import failover, guards, steps
from ansible_collections.hyperv.replica.plugins.module_utils._operations.copy_network import (
    as_wanted,
    changed,
    listed,
    refuse_networks,
    to_switch,
    wanted_switches,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import CopyGoal, Goal
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import Operation
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import Leg, Task, shown
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Method, Shows, Step

_HERE: Final = End.DESTINATION
_MOVING: Final = (Power.STARTING, Power.SHUTTING_DOWN)
_OURS: Final = (
    JobType.INITIATE_TEST_REPLICA,
    JobType.REMOVE_TEST_REPLICA,
    JobType.READING_TEST_REPLICA_CONFIGURATION,
    JobType.MODIFY_VIRTUAL_MACHINE_RESOURCES,
)

#: What stands in the way of a test copy, of which only state 3 is documented to allow one (page testreplicasystem).
_CAUSES: Final[Mapping[ReplicationState, str]] = {
    ReplicationState.RESYNCHRONIZING: "Both copies are being compared; a test copy cannot be made meanwhile",
    ReplicationState.WAITING_FOR_RESYNCHRONIZE: "It waits for a resynchronization; a test copy cannot be made before",
    ReplicationState.RESYNCHRONIZE_SUSPENDED: "A resynchronization is halted; no test copy can be made before its end",
    ReplicationState.WAITING_FOR_INITIAL_REPLICATION: "The first copy has not arrived yet",
    ReplicationState.RECOVERED: "It is failed over: the replica itself serves, or is about to",
    ReplicationState.COMMITTED: "It is failed over: the replica itself serves, or is about to",
}


def make(goal: Goal, seen: Pair) -> Operation:
    """A test copy is there; what its replica's adapters said before the run, they say afterwards."""
    here = seen.destination
    before = {one.id: one.test_switch for one in here.adapters} if isinstance(here, Side) else {}
    return Operation(
        name="test_failover",
        goal=goal,
        legs=(
            _switch_leg(before),
            _make_leg(),
            _restore_leg(before),
            _start_leg(),
            _answer_leg(),
        ),
        guard=lambda seen, task: _make_guard(seen, task, before),
        reached=lambda seen, task: _made(seen, task.goal.copy, before),
        rest=at_rest,
        moves=False,
        asks_guest=False,
        strategy="present",
    )


def remove(goal: Goal, seen: Pair) -> Operation:
    """The VM's test copy is gone."""
    return Operation(
        name="test_failover",
        goal=goal,
        legs=(_stop_leg(), _destroy_leg()),
        guard=_remove_guard,
        reached=lambda seen, task: _copyless(seen),
        rest=at_rest,
        moves=False,
        asks_guest=False,
        strategy="absent",
    )


def remove_orphan(goal: Goal, seen: Pair) -> Operation:
    """A VM that is a test copy itself, of no VM that was named, is gone."""
    return Operation(
        name="test_failover",
        goal=goal,
        legs=_ORPHAN_LEGS,
        guard=_orphan_guard,
        reached=lambda seen, task: isinstance(seen.destination, Absent) and seen.destination.why is Absence.NO_SUCH_VM,
        rest=at_rest,
        moves=False,
        asks_guest=False,
        strategy="orphan",
    )


def put_back(goal: Goal, first: Pair) -> Operation:
    """After a failure: the replica's adapters say again what they said when the run began."""
    here = first.destination
    before = {one.id: one.test_switch for one in here.adapters} if isinstance(here, Side) else {}
    return Operation(
        name="test_failover",
        goal=goal,
        legs=(_restore_leg(before, made=False),),
        guard=lambda seen, task: None,
        reached=lambda seen, task: isinstance(seen.destination, Side) and not changed(seen.destination, before),
        rest=at_rest,
        moves=False,
        asks_guest=False,
        strategy="put_back",
    )


def at_rest(seen: Pair) -> bool:
    """Nothing is done to the test copy. Replication is not waited for: what stands in the way is refused."""
    here = seen.destination
    if not isinstance(here, Side):
        return True
    power = here.power if here.mode is ReplicationMode.TEST_REPLICA else here.test_power
    return power not in _MOVING and not any(job.running and job.type in _OURS for job in here.jobs)


def has_copy(side: Side) -> bool:
    """Whether a test copy of it is there, be it in mode 3 or only linked."""
    return bool(side.test_copy) or side.test_power is not None


def _copyless(seen: Pair) -> bool:
    return isinstance(seen.destination, Side) and not has_copy(seen.destination)


def _made(seen: Pair, goal: CopyGoal, before: Mapping[str, str]) -> bool:
    here = seen.destination
    if not isinstance(here, Side) or here.test_power is None or changed(here, before):
        return False
    if not as_wanted(here, goal, before):
        return False
    if not goal.started:
        return True
    return here.test_power is Power.RUNNING and (here.test_answers or not goal.answers)


def _make_guard(seen: Pair, task: Task, before: Mapping[str, str]) -> None:
    here = seen.destination
    if isinstance(here, Absent):
        raise guards.absent(here, seen.vm_name)
    refuse_networks(here, task.goal.copy, before)
    if not has_copy(here):
        _refuse_state(here)
        failover.chosen_point(here, task.goal.point)
        return
    _refuse_stranger(here)
    if not as_wanted(here, task.goal.copy, before):
        raise PreconditionFailed(
            f"its test copy is connected to {listed(connected_to(here.test.adapters) if here.test else [])}",
            kind="not_isolated",
            host=here.host,
            vm=here.vm_name,
            cause="Asked for was "
            + listed(sorted(filter(None, wanted_switches(here, task.goal.copy, before).values()))),
            remedy="Remove this copy with state: absent and make a new one",
        )


def _refuse_state(here: Side) -> None:
    if here.mode in guards.RECEIVERS and here.state is ReplicationState.REPLICATING:
        return
    raise PreconditionFailed(
        f"a test copy is made of a replica in state REPLICATING (3), and it shows {shown(here)}",
        kind="not_a_replica" if here.mode not in guards.RECEIVERS else "not_in_sync",
        host=here.host,
        vm=here.vm_name,
        cause=_CAUSES.get(here.state, "") if here.mode in guards.RECEIVERS else "",
        remedy="Run this on the replica host"
        if here.mode not in guards.RECEIVERS
        else "Bring replication into order, or wait for it, then run this again",
    )


def _refuse_stranger(here: Side) -> None:
    if here.test_power is None:
        raise PreconditionFailed(
            f"what the host links as its test copy, {here.test_copy}, does not show mode 3",
            kind="no_test_copy",
            host=here.host,
            vm=here.vm_name,
            remedy="Look at that virtual machine; nothing is done to it here",
        )


def _remove_guard(seen: Pair, task: Task) -> None:
    here = seen.destination
    if isinstance(here, Absent):
        raise guards.absent(here, seen.vm_name)
    _refuse_stranger(here)
    _refuse_running(here, here.test_power, task)


def _refuse_running(here: Side, power: Power | None, task: Task) -> None:
    if power in guards.UP and not task.goal.copy.stop_running:
        raise PreconditionFailed(
            "the test copy runs, and this run did not start it",
            kind="copy_runs",
            host=here.host,
            vm=here.vm_name,
            cause="Somebody may be working in it",
            remedy="When nobody needs it any more, give stop_running: true",
        )


def _orphan_guard(seen: Pair, task: Task) -> None:
    here = seen.destination
    if isinstance(here, Absent):
        raise guards.absent(here, seen.vm_name)
    if here.mode is not ReplicationMode.TEST_REPLICA:
        raise PreconditionFailed(
            f"it is no test copy: {shown(here)}",
            kind="no_test_copy",
            host=here.host,
            vm=here.vm_name,
            remedy="Take its GUID out of orphan_ids",
        )
    _refuse_running(here, here.power, task)


def _side(seen: Pair) -> Side:
    if isinstance(seen.destination, Absent):
        raise guards.absent(seen.destination, seen.vm_name)
    return seen.destination


def _switch_leg(before: Mapping[str, str]) -> Leg:
    return Leg(
        says="the replica's adapters are told where its test copy is connected to",
        given=lambda seen, task: not has_copy(_side(seen)) and bool(to_switch(_side(seen), task.goal.copy, before)),
        step=lambda seen, task: _set_switch(
            _side(seen),
            *to_switch(_side(seen), task.goal.copy, before)[0],
            "its test copy is connected to what was asked for, for the time of making it",
        ),
    )


def _restore_leg(before: Mapping[str, str], *, made: bool = True) -> Leg:
    def build(seen: Pair, task: Task) -> Step:
        here = _side(seen)
        adapter = changed(here, before)[0]
        return _set_switch(here, adapter, before[adapter.id], "the adapter of the replica is put back as it was")

    return Leg(
        says="the replica's adapters are put back as they were",
        given=lambda seen, task: bool(changed(_side(seen), before)) and (has_copy(_side(seen)) or not made),
        step=build,
    )


def _set_switch(here: Side, adapter: Adapter, switch: str, why: str) -> Step:
    after = tuple(replace(one, test_switch=switch) if one.id == adapter.id else one for one in here.adapters)
    return Step(
        host=_HERE,
        method=Method.MODIFY_RESOURCE_SETTINGS,
        arguments={"InstanceID": adapter.id, "TestReplicaSwitchName": switch},
        sets={"adapters": after},
        takes=timedelta(seconds=2),
        limit=timedelta(seconds=120),
        why=f"{adapter.name}: {why}",
    )


def _make_leg() -> Leg:
    def build(seen: Pair, task: Task) -> Step:
        return Step(
            host=_HERE,
            method=Method.TEST_REPLICA_SYSTEM,
            arguments={"SnapshotSettingData": failover.chosen_point(_side(seen), task.goal.point)},
            sets={"test_power": Power.OFF},
            takes=timedelta(seconds=10),
            why="a test copy is made beside the replica, which goes on replicating",
        )

    return Leg(says="the test copy is made", given=lambda seen, task: not has_copy(_side(seen)), step=build)


def _start_leg() -> Leg:
    step = replace(_power(RequestedPower.RUNNING), why="the test copy is started", takes=timedelta(seconds=10))
    return Leg(
        says="the test copy is started where that was asked for",
        given=lambda seen, task: task.goal.copy.started and _side(seen).test_power is not Power.RUNNING,
        step=lambda seen, task: step,
    )


def _answer_leg() -> Leg:
    return Leg(
        says="its guest answers",
        given=lambda seen, task: task.goal.copy.started and task.goal.copy.answers,
        step=lambda seen, task: Step(
            host=_HERE,
            method=Method.WAIT_FOR_TEST_GUEST,
            sets={"test_answers": True},
            limit=task.goal.guest_timeout,
            why="the guest of the test copy answers",
        ),
    )


def _stop_leg() -> Leg:
    step = replace(_power(RequestedPower.OFF), why="the test copy is turned off; what was written in it goes anyway")
    return Leg(
        says="a test copy that runs is turned off",
        given=lambda seen, task: _side(seen).test_power in guards.UP,
        step=lambda seen, task: step,
    )


def _power(wanted: RequestedPower) -> Step:
    return Step(
        host=_HERE,
        method=Method.REQUEST_STATE_CHANGE,
        arguments={"RequestedState": int(wanted), "TestCopy": True},
        sets={"test_power": Power(int(wanted))},
        limit=timedelta(seconds=600),
    )


def _destroy_leg() -> Leg:
    return Leg(
        says="the test copy is removed",
        step=lambda seen, task: replace(
            steps.destroy_test_copy(_HERE, _side(seen).test_copy),
            sets={"test_copy": "", "test_power": None},
            consent=(),
            takes=timedelta(seconds=5),
            why="the test copy and its disks are removed",
        ),
    )


def _destroy_itself(seen: Pair, task: Task) -> Step:
    return Step(
        host=_HERE,
        method=Method.DESTROY_SYSTEM,
        arguments={"AffectedSystem": seen.destination.vm_id},
        removes=True,
        can_be_undone=False,
        takes=timedelta(seconds=5),
        limit=timedelta(seconds=300),
        why="this test copy was named by its GUID; it and its disks are removed",
    )


_ORPHAN_LEGS: Final = (
    Leg(
        says="a test copy of no VM that was named is turned off",
        destination=Shows(mode=(ReplicationMode.TEST_REPLICA,), power=guards.UP),
        step=lambda seen, task: replace(
            _power(RequestedPower.OFF),
            expects=Shows(power=(Power.OFF,)),
            why="the test copy is turned off; what was written in it goes anyway",
        ),
    ),
    Leg(
        says="a test copy of no VM that was named is removed",
        destination=Shows(mode=(ReplicationMode.TEST_REPLICA,)),
        step=_destroy_itself,
    ),
)
