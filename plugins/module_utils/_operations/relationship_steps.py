# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls of a relationship's life as steps: where, with which arguments, leading where, losing what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import (
    Absence,
    Absent,
    End,
    HostFacts,
    Pair,
    ReplicationSettings,
    Side,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    InitialReplicationType,
    Power,
    ReplicationMode,
    ReplicationState,
    RequestedReplicationState,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations import guards, steps
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import Task
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import (
    Learned,
    Loses,
    Method,
    Plain,
    Shows,
    Step,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.relationship_settings import (
    FirstCopy,
    WantedRelationship,
    changed,
    listener_of,
    same,
)

_S: Final = ReplicationState
_HERE: Final = End.DESTINATION
_WAITING: Final = (_S.WAITING_FOR_INITIAL_REPLICATION,)
_TYPES: Final = {
    FirstCopy.NETWORK: InitialReplicationType.NETWORK,
    FirstCopy.EXPORT: InitialReplicationType.EXPORT,
    FirstCopy.EXISTING: InitialReplicationType.SEEDED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingStep(Step):
    """A step after which the settings of its end are those that it sends."""

    def after(self, seen: Pair) -> Pair:
        seen = Step.after(self, seen)
        here = seen.at(self.host)
        if isinstance(here, Side) and here.settings is not None:
            seen = seen.replaced(self.host, here.but(settings=changed(here.settings, self.arguments)))
        return seen

    def shown_by(self, seen: Pair) -> bool:
        here = seen.at(self.host)
        settings = here.settings if isinstance(here, Side) else None
        sent = settings is not None and all(same(settings, name, value) for name, value in self.arguments.items())
        return sent and Step.shown_by(self, seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatingStep(SettingStep):
    """A step after which the other end has a replica of that mode, where it had no VM before."""

    receiver: ReplicationMode = ReplicationMode.REPLICA

    def after(self, seen: Pair) -> Pair:
        seen = SettingStep.after(self, seen)
        here, there = seen.at(self.host), seen.at(self.host.other)
        if isinstance(here, Side) and isinstance(there, Absent) and there.why is Absence.NO_SUCH_VM:
            seen = seen.replaced(self.host.other, _replica_of(here, there, self.receiver))
        return seen


def _replica_of(here: Side, there: Absent, mode: ReplicationMode) -> Side:
    return Side(
        host=there.host,
        vm_name=here.vm_name,
        vm_id=here.vm_id,
        power=Power.OFF,
        mode=mode,
        facts=there.facts or HostFacts(name=there.host),
    ).but(state=_S.WAITING_FOR_INITIAL_REPLICATION)


def test(seen: Pair, arguments: Mapping[str, Plain]) -> Step:
    """Ask this host whether it could replicate there; changes nothing."""
    here = seen.at(_HERE)
    settings = here.settings if isinstance(here, Side) and here.settings else ReplicationSettings(instance_id="")
    return Step(
        host=_HERE,
        method=Method.TEST_REPLICATION_CONNECTION,
        arguments=listener_of(arguments, settings),
        takes=timedelta(seconds=5),
        limit=timedelta(seconds=120),
        teaches=Learned.CONNECTION_TESTED,
        why="the way to the replica server is tested before anything is made",
    )


def create(seen: Pair, arguments: Mapping[str, Plain], receiver: ReplicationMode) -> Step:
    """Make the relationship; the replica server makes the replica, which comes to have that mode."""
    asked = isinstance(seen.source, Absent) and seen.source.why is not Absence.NO_SUCH_VM
    return CreatingStep(
        host=_HERE,
        method=Method.CREATE_RELATIONSHIP,
        arguments=arguments,
        expects=Shows(mode=(ReplicationMode.PRIMARY,), state=(_S.READY,)),
        peer_expects=None if asked else Shows(mode=(receiver,), state=_WAITING),
        receiver=receiver,
        takes=timedelta(seconds=10),
        why="the relationship is made; nothing is sent yet",
    )


def modify(end: End, side: object, changes: Mapping[str, Plain]) -> Step:
    """Change the settings that differ."""
    return SettingStep(
        host=end,
        method=Method.MODIFY_SETTINGS,
        arguments=changes,
        takes=timedelta(seconds=5),
        why=f"settings are changed: {', '.join(sorted(changes))}",
    )


def start(seen: Pair, task: Task, wanted: WantedRelationship) -> Step:
    """Begin the first copy, now or later; an exported one waits for its import."""
    exported = wanted.first_copy is FirstCopy.EXPORT
    arguments: dict[str, Plain] = {"InitialReplicationType": int(_TYPES[wanted.first_copy])}
    if exported:
        arguments["InitialReplicationExportLocation"] = wanted.export_path
    step = Step(
        host=_HERE,
        method=Method.START_REPLICATION,
        arguments=arguments,
        expects=Shows(state=_WAITING if exported else (_S.REPLICATING,)),
        peer_expects=None if exported else Shows(state=(_S.REPLICATING,)),
        limit=task.goal.sync_timeout,
        why=f"the first copy is {'written to a folder' if exported else 'sent'}",
    )
    return scheduled(near(step, seen), None if exported else wanted.start_at)


def scheduled(step: Step, start_at: datetime | None) -> Step:
    """The same, to begin later. No host shows that it will, so the answer is all there is."""
    if start_at is None:
        return step
    return replace(
        step,
        arguments={**step.arguments, "StartTime": start_at.isoformat()},
        expects=Shows(),
        peer_expects=None,
        limit=None,
        teaches=Learned.SCHEDULED,
        unseen=True,
        why=f"{step.why}, from {start_at:%Y-%m-%d %H:%MZ} on",
    )


def near(step: Step, seen: Pair) -> Step:
    """The same, expecting nothing of an end that is not looked at."""
    return step if isinstance(seen.at(step.host.other), Side) else replace(step, peer_expects=None)


def import_copy(task: Task, path: str) -> Step:
    """Take in at the receiving side what was exported."""
    return Step(
        host=End.SOURCE,
        method=Method.IMPORT_INITIAL_REPLICA,
        arguments={"InitialReplicationImportLocation": path},
        expects=Shows(state=(_S.REPLICATING,)),
        peer_expects=Shows(state=(_S.REPLICATING,)),
        limit=task.goal.sync_timeout,
        why="the exported copy is taken in by the replica",
    )


def request(wanted: RequestedReplicationState, states: tuple[ReplicationState, ...], why: str) -> Step:
    """Ask the sending side for another state."""
    return Step(
        host=_HERE,
        method=Method.REQUEST_REPLICATION_STATE_CHANGE,
        arguments={"RequestedState": int(wanted)},
        expects=Shows(state=states),
        why=why,
    )


def promote() -> Step:
    """Make a committed replica the primary of the host that it replicates to."""
    return Step(
        host=_HERE,
        method=Method.CHANGE_MODE_TO_PRIMARY,
        expects=Shows(mode=(ReplicationMode.PRIMARY,)),
        sets={"extended": None},
        can_be_undone=False,
        takes=timedelta(seconds=15),
        why="this copy becomes the primary for the third host; the host that it came from is left behind",
    )


def reset_statistics(end: End) -> Step:
    """Begin counting anew. What is counted is shown by no look, so it is asked for once and never again."""
    return Step(
        host=end,
        method=Method.RESET_STATISTICS,
        can_be_undone=False,
        teaches=Learned.STATISTICS_RESET,
        unseen=True,
        why="statistics are counted anew",
    )


def make_final(end: End) -> Step:
    """Commit a failover, so that what was written since stays when its relationship goes."""
    step = steps.commit(end, why="the failover becomes final, so that what was written since it stays")
    return replace(step, contingent=False)


def remove(end: End, seen: Pair) -> Step:
    """Remove the relationship from one end; its VM stays, as a VM like any other."""
    side = seen.at(end)
    receives = isinstance(side, Side) and side.mode in guards.RECEIVERS
    return Step(
        host=end,
        method=Method.REMOVE_RELATIONSHIP,
        expects=Shows(mode=(ReplicationMode.NONE,), state=(_S.DISABLED,)),
        loses=Loses.RECOVERY_POINTS if receives else Loses.NOTHING,
        can_be_undone=False,
        takes=timedelta(seconds=5),
        why="the relationship is removed from this host; the VM stays",
    )


def wait(seen: Pair, task: Task) -> Step:
    """Wait until a copy that is under way is complete."""
    step = Step(
        host=_HERE,
        method=Method.WAIT_UNTIL_IN_SYNC,
        expects=Shows(mode=(ReplicationMode.PRIMARY,), state=(_S.REPLICATING,)),
        peer_expects=Shows(mode=guards.RECEIVERS, state=(_S.REPLICATING,)),
        limit=task.goal.sync_timeout,
        contingent=True,
        why="both copies come to hold the same data",
    )
    return near(step, seen)
