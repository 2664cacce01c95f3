# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Preflight rules about how the copies are: replication's state, health and age, and the machines' power."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    JobType,
    Power,
    ReplicationHealth,
    ReplicationMode,
    ReplicationState,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations import guards, verification
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import shown
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Consent
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight import Rule, gates
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight_view import (
    Finding,
    Operation,
    Phase,
    Unseen,
    View,
    failed,
    passed,
    warned,
)

_S = ReplicationState

#: From which a replica can be failed over without its primary (lifecycle 7: also during a resynchronization).
_FAILS_OVER: Final = (
    _S.REPLICATING,
    _S.SUSPENDED,
    _S.CRITICAL,
    _S.WAITING_FOR_RESYNCHRONIZE,
    _S.RESYNCHRONIZING,
    _S.RESYNCHRONIZE_SUSPENDED,
    *guards.FAILED_OVER,
)
#: In which a replica makes a test copy; not while it is resynchronized, and not when it is failed over (lifecycle 8).
_MAKES_TESTS: Final = (_S.REPLICATING, _S.SUSPENDED, _S.CRITICAL, _S.WAITING_FOR_RESYNCHRONIZE)
_RESYNCS: Final = (_S.WAITING_FOR_RESYNCHRONIZE, _S.RESYNCHRONIZING, _S.RESYNCHRONIZE_SUSPENDED)

#: HealthState of a machine (Microsoft's page msvm-computersystem).
_UNWELL: Final = {20: "its worker process does not respond", 25: "it was paused, or cannot run, for want of space"}

_BACKUPS: Final = (JobType.BACKUP_VIRTUAL_MACHINE, JobType.SNAPSHOT_VIRTUAL_MACHINE)


def _state(view: View) -> Finding:
    here = view.here
    match view.asked.operation:
        case Operation.UNPLANNED:
            served = here.mode is ReplicationMode.PRIMARY and here.power in guards.UP
            return _in_state(here, here.state in _FAILS_OVER or served)
        case Operation.TEST:
            return _in_state(here, here.state in _MAKES_TESTS)
    return _planned_state(view, here)


def _state_at_peer(view: View) -> Finding:
    return _planned_state(view, view.there)


def _planned_state(view: View, side: Side) -> Finding:
    if view.phase is not Phase.BEFORE:
        return passed(f"the move goes on from here: {shown(side)}", side.host)
    consents = {_S.SUSPENDED: Consent.RESUME_SUSPENDED, **dict.fromkeys(_RESYNCS, Consent.RESYNCHRONIZE)}
    consented = consents.get(side.state) in view.asked.consent
    return _in_state(side, side.state is _S.REPLICATING or consented)


def _in_state(side: Side, good: bool) -> Finding:
    found = f"{side.state.name} ({int(side.state)})"
    return passed(found, side.host) if good else failed(found, side.host)


def _health(view: View) -> Finding:
    sides = [side for side in (view.pair.destination, view.pair.source) if isinstance(side, Side)]
    if view.phase is not Phase.BEFORE:
        return passed("replication stands still while a move is under way")
    for level, say in ((ReplicationHealth.CRITICAL, failed), (ReplicationHealth.WARNING, warned)):
        for side in sides:
            if side.health is level:
                return say(f"{level.name} ({int(level)})", side.host)
    return passed("; ".join(f"{side.host} {side.health.name}" for side in view.sides))


def _resync(view: View) -> Finding:
    for side in (view.pair.destination, view.pair.source):
        if isinstance(side, Side) and side.state in _RESYNCS and view.phase is Phase.BEFORE:
            if Consent.RESYNCHRONIZE in view.asked.consent:
                return warned(f"{side.state.name} ({int(side.state)}); a resynchronization was consented to", side.host)
            return failed(f"{side.state.name} ({int(side.state)})", side.host)
    return passed("; ".join(f"{side.host} {side.state.name}" for side in view.sides))


def _age(view: View) -> Finding:
    here, there = view.here, view.pair.source
    if view.phase is not Phase.BEFORE:
        return passed("nothing is sent while a move is under way", here.host)
    if isinstance(there, Side) and there.power is Power.OFF:
        return passed("the sender is off, so nothing new is to be sent", here.host)
    old = verification.age(view.pair)
    if old is None:
        raise Unseen(here.host, "it never replicated, or the host told no time")
    limit = view.asked.rpo.get(here.vm_id)
    interval = timedelta(seconds=here.settings.interval if here.settings else 300)
    found = f"last replication {old.total_seconds():.0f} s ago"
    if limit is not None and old > limit:
        return failed(f"{found}, more than the RPO of {limit.total_seconds():.0f} s", here.host)
    if old > 2 * interval:
        return warned(f"{found}, more than two intervals of {interval.total_seconds():.0f} s", here.host)
    return passed(found, here.host)


def _loss_limit(view: View) -> Finding:
    here, allowed = view.here, view.asked.max_data_loss
    if here.state in guards.FAILED_OVER or here.mode is ReplicationMode.PRIMARY:
        return passed("it was failed over before", here.host)
    if here.last_replicated is None:
        return failed("the replica has never received anything", here.host)
    if allowed is None:
        raise Unseen(here.host, "max_data_loss was not given")
    began = view.asked.outage_began or here.last_replicated
    loss = max(began - here.last_replicated, timedelta()).total_seconds()
    found = f"the latest point is {loss:.0f} s before the outage; {allowed.total_seconds():.0f} s are allowed"
    return passed(found, here.host) if loss <= allowed.total_seconds() else failed(found, here.host)


def _power(view: View) -> Finding:
    here = view.here
    under_way = view.phase is not Phase.BEFORE or here.state in guards.FAILED_OVER
    if here.power is Power.OFF or under_way or here.mode is ReplicationMode.PRIMARY:
        return passed(here.power.name, here.host)
    return failed(f"the replica is {here.power.name}", here.host)


def _power_at_peer(view: View) -> Finding:
    there = view.there
    if there.power in (Power.RUNNING, Power.OFF) or view.phase is Phase.BEGUN:
        return passed(there.power.name, there.host)
    if there.power in (Power.STARTING, Power.SHUTTING_DOWN):  # as a move leaves it that was killed; the next one waits
        return passed(f"{there.power.name}; a move waits until it is over", there.host)
    if there.power is Power.SAVED and Consent.DISCARD_SAVED_STATE in view.asked.consent:
        return warned("SAVED; losing its saved state was consented to", there.host)
    return failed(f"the VM is {there.power.name}", there.host)


def _paused_critical(view: View) -> Finding:
    for side in (view.pair.destination, view.pair.source):
        if isinstance(side, Side) and side.health_state in _UNWELL:
            return failed(f"health {side.health_state}: {_UNWELL[side.health_state]}", side.host)
    for side in view.sides:
        if side.health_state is None:
            raise Unseen(side.host, "it does not tell the machine's health")
    return passed("both copies are well")


def _test_copy(view: View) -> Finding:
    here = view.here
    if not here.test_copy:
        return passed("there is none", here.host)
    if Consent.REMOVE_LEFTOVER_TEST_COPY in view.asked.consent and view.asked.operation is not Operation.TEST:
        return warned(f"{here.test_copy}; removing it was consented to", here.host)
    return failed(f"a test copy is left: {here.test_copy}", here.host)


def _backup(view: View) -> Finding:
    for side in view.sides:
        for job in side.jobs:
            if job.running and job.type in _BACKUPS:
                return failed(f"job {job.id} runs, {job.percent} %", side.host)
    return passed("no backup runs")


RULES: Final = (
    Rule(
        id="state",
        asks="The destination's replication state allows the operation.",
        gates=gates("B B B B B"),
        check=_state,
        cause="From this state Hyper-V refuses the step",
        remedy="Bring replication into order, or consent to what would (resume_suspended, resynchronize)",
    ),
    Rule(
        id="state_at_peer",
        asks="The source's replication state allows the operation.",
        gates=gates("- B W B B"),
        check=_state_at_peer,
        cause="From this state Hyper-V refuses the step",
        remedy="Bring replication into order, or consent to what would (resume_suspended, resynchronize)",
    ),
    Rule(
        id="health",
        asks="Replication says of itself that it works.",
        gates=gates("W B W B B"),
        check=_health,
        cause="The primary cannot send, or cycles were missed in this monitoring interval",
        remedy="Remove the cause that the Hyper-V-VMMS-Admin log names and wait for a good cycle",
    ),
    Rule(
        id="resync",
        asks="No resynchronization is needed or running.",
        gates=gates("W B W B B"),
        check=_resync,
        cause="Changes were lost track of, so nothing is sent until disks were compared",
        remedy="Let it resynchronize, which deletes all recovery points, and wait until it replicates again",
    ),
    Rule(
        id="age",
        asks="The last replication is within the RPO limit, and younger than two intervals.",
        gates=gates("W B W W B"),
        check=_age,
        cause="Changes do not arrive as often as they should",
        remedy="Find out what holds replication up: bandwidth, a paused replication, or a full volume",
    ),
    Rule(
        id="loss_limit",
        asks="The latest point is within max_data_loss of the outage.",
        gates=gates("- - B - -"),
        check=_loss_limit,
        cause="What was written after that point is not at the destination",
        remedy="Allow more with max_data_loss, or bring the primary back",
    ),
    Rule(
        id="power",
        asks="The replica is off.",
        gates=gates("- B B - B"),
        check=_power,
        cause="A replica that is on or saved was tampered with",
        remedy="Turn the replica off, or discard its saved state, in Hyper-V Manager",
    ),
    Rule(
        id="power_at_peer",
        asks="The primary is neither saved nor paused.",
        gates=gates("- B W - B"),
        check=_power_at_peer,
        cause="A guest that does not run cannot be shut down, and a saved state does not travel",
        remedy="Start it and let it run, or consent to discard_saved_state",
    ),
    Rule(
        id="paused_critical",
        asks="Neither copy is in a critical state, such as paused for want of space.",
        gates=gates("W B W W B"),
        check=_paused_critical,
        cause="The host paused it, or its worker process hangs",
        remedy="Make room on the volume of its disks, then resume it",
    ),
    Rule(
        id="test_copy",
        asks="No test copy is left over.",
        gates=gates("B B W - B"),
        check=_test_copy,
        cause="A VM has one test copy at most, and what a failover beside one does is undocumented",
        remedy="Remove it with hyperv_replica_test_failover state: absent, or consent to remove_leftover_test_copy",
    ),
    Rule(
        id="backup",
        asks="No backup of it is running.",
        gates=gates("W B W - B"),
        check=_backup,
        cause="A backup holds the disks, and a shutdown in the middle of it leaves a checkpoint behind",
        remedy="Wait until it ends, and keep the backup window clear of the move",
    ),
)
