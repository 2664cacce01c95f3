# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Failback where home holds no copy any more: a new replica is made there, filled, and then moved to.

The old relationship leads nowhere: it is removed from the recovery host, whose copy serves the users all the while and
is never touched but for that. From the first copy on it is the same move home as ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import HostRefused
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absence, Absent, Disk, End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import ReplicationMode, ReplicationState
from ansible_collections.hyperv.replica.plugins.module_utils._operations import guards, move, steps
from ansible_collections.hyperv.replica.plugins.module_utils._operations import relationship_steps as relating
from ansible_collections.hyperv.replica.plugins.module_utils._operations.estimates import Estimate
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import Leg, Task
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import (
    Consent,
    Learned,
    Loses,
    Plain,
    Shows,
    Step,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.relationship_settings import (
    FirstCopy,
    WantedRelationship,
    folded,
    for_new,
    is_named,
    shown,
)

_S: Final = ReplicationState
_HOME: Final = End.DESTINATION
_THERE: Final = End.SOURCE
_PRIMARY: Final = (ReplicationMode.PRIMARY,)
_REPLICA: Final = (ReplicationMode.REPLICA,)
_NONE: Final = (ReplicationMode.NONE,)
_WAITING: Final = (_S.WAITING_FOR_INITIAL_REPLICATION,)

#: What the new relationship takes over from the old one, unless it was asked for otherwise.
_CARRIED: Final = (
    "AuthenticationType",
    "CompressionEnabled",
    "BypassProxyServer",
    "ApplicationConsistentSnapshotInterval",
    "RecoveryHistory",
    "ReplicationInterval",
    "IncludedDisks",
    "AutoResynchronizeEnabled",
    "AutoResynchronizeIntervalStart",
    "AutoResynchronizeIntervalEnd",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCopy:
    """How the new copy is made.

    Attributes:
        wanted: the new relationship: its replica server is home.
        namesakes: GUIDs of other virtual machines at home that have the name of this one.
        estimate: what the first copy carries.
        allowed: how long the first copy may be expected to take; None asks nothing.
    """

    wanted: WantedRelationship
    namesakes: tuple[str, ...] = ()
    estimate: Estimate = field(default_factory=Estimate)
    allowed: timedelta | None = None


def planned_for(given: NewCopy, first: Pair) -> NewCopy:
    """The same with what the old relationship says, as long as that is there, and with a start that lies ahead."""
    there = first.source
    carried = _carried(there) if isinstance(there, Side) else {}
    now = there.facts.clock if there.facts else None
    start_at = _ahead(given.wanted.start_at, now)
    settings = {**carried, **given.wanted.settings}
    return replace(given, wanted=replace(given.wanted, settings=settings, start_at=start_at))


def _carried(there: Side) -> dict[str, Plain]:
    if there.settings is None or there.mode is ReplicationMode.NONE:
        return {}
    told = {name: shown(there.settings, name) for name in _CARRIED if name in there.settings.own}
    told["IncludedDisks"] = _disks(there, told.get("IncludedDisks"))
    return {name: value for name, value in told.items() if value not in (None, ())}


def _disks(there: Side, known: Plain) -> tuple[str, ...]:
    """The disks that were replicated, by the ids of their settings."""
    named = folded(known)
    return tuple(disk.id for disk in there.disks if disk.id.upper() in named)


def _ahead(start_at: datetime | None, now: datetime | None) -> datetime | None:
    return start_at if start_at and (now is None or start_at > now) else None


def carries(seen: Pair, given: NewCopy) -> tuple[Disk, ...]:
    """The disks of the recovery host that the first copy is of."""
    there = seen.source
    if not isinstance(there, Side):
        return ()
    wanted = planned_for(given, seen).wanted.settings.get("IncludedDisks")
    if not isinstance(wanted, tuple):
        return there.disks
    return tuple(disk for disk in there.disks if any(is_named(disk, text) for text in wanted))


def turned(seen: Pair) -> Pair:
    """The pair as a relationship knows it: its destination sends, which is the recovery host here."""
    return Pair(destination=seen.source, source=seen.destination)


def _turned(step: Step) -> Step:
    return replace(step, host=step.host.other)


def formed(seen: Pair) -> bool:
    """Both ends are the two ends of a replication, so what is left is a move home, or done."""
    here, there = seen.destination, seen.source
    if not (isinstance(here, Side) and isinstance(there, Side)):
        return False
    to_home = there.mode is ReplicationMode.PRIMARY and here.mode in guards.RECEIVERS
    locked = there.mode in guards.RECEIVERS or there.state is _S.SYNCED
    return to_home or (here.mode is ReplicationMode.PRIMARY and locked and not failed_over(there))


def failed_over(side: Side) -> bool:
    """Whether a replica took over and its old primary was not made its replica."""
    return side.mode in guards.RECEIVERS and side.state in (_S.RECOVERED, _S.COMMITTED)


def _to_make(seen: Pair, given: NewCopy) -> bool:
    """Home can take a new replica: it has no copy, one that waits for data, or one that is to be filled up."""
    here = seen.destination
    if isinstance(here, Absent):
        return here.why is Absence.NO_SUCH_VM
    waits = here.mode is ReplicationMode.REPLICA and here.state in _WAITING
    seed = here.mode is ReplicationMode.NONE and given.wanted.first_copy is FirstCopy.EXISTING
    return waits or seed


def _arguments(seen: Pair, given: NewCopy) -> Mapping[str, Plain]:
    there = seen.source
    return for_new(turned(seen), there, given.wanted) if isinstance(there, Side) else {}


def _untested(seen: Pair, task: Task, given: NewCopy) -> bool:
    there = seen.source
    made = isinstance(there, Side) and there.mode is ReplicationMode.PRIMARY and formed(seen)
    by_us = "RecoveryServerPortNumber" in _arguments(seen, given)
    return not made and by_us and _to_make(seen, given) and not task.knows(Learned.WAY_HOME_TESTED)


def _test(seen: Pair, given: NewCopy) -> Step:
    step = _turned(relating.test(turned(seen), _arguments(seen, given)))
    return replace(step, teaches=Learned.WAY_HOME_TESTED, why="the way home is tested before anything is given up")


def _remove(seen: Pair) -> Step:
    return replace(
        relating.remove(_THERE, seen),
        loses=Loses.NOTHING,
        renames=True,
        why="home has no copy: the old relationship leads nowhere and is removed here; the VM runs on, not protected",
    )


def _mark() -> Step:
    step = steps.as_replica(_HOME, (Consent.DISCARD_OLD_PRIMARY_DATA,), Loses.WRITES)
    return replace(step, lesson=None, why="the copy brought home becomes the replica; what only it has is overwritten")


def _create(seen: Pair, given: NewCopy) -> Step:
    step = _turned(relating.create(turned(seen), _arguments(seen, given), given.wanted.receiver))
    return replace(step, renames=True, why="a new relationship is made towards home; nothing is sent yet")


def _begin(seen: Pair, task: Task, given: NewCopy) -> Step:
    step = _turned(relating.start(turned(seen), task, given.wanted))
    return replace(step, takes=given.estimate.takes, why=f"{step.why}: {given.estimate}")


def _await(seen: Pair, task: Task, given: NewCopy) -> Step:
    """A first copy that begins later is waited for from then on."""
    there = seen.source
    now = there.facts.clock if isinstance(there, Side) else None
    start_at = given.wanted.start_at
    until = max(start_at - now, timedelta()) if start_at and now else timedelta()
    step = steps.wait_until_in_sync(_THERE, task)
    return replace(step, limit=task.goal.sync_timeout + until, takes=given.estimate.takes)


def legs(given: NewCopy) -> tuple[Leg, ...]:
    """The table: first what makes and fills the copy at home, then the move there."""
    return (
        Leg(
            says="the way home is tested",
            given=lambda seen, task: _untested(seen, task, given),
            step=lambda seen, task: _test(seen, given),
        ),
        Leg(
            says="the old relationship is removed from the recovery host",
            source=Shows(mode=(*_PRIMARY, *guards.RECEIVERS)),
            given=lambda seen, task: not formed(seen) and _to_make(seen, given),
            step=lambda seen, task: _remove(seen),
        ),
        Leg(
            says="a copy brought home by hand becomes the replica",
            source=Shows(mode=_NONE),
            destination=Shows(mode=_NONE),
            given=lambda seen, task: _to_make(seen, given),
            step=lambda seen, task: _mark(),
        ),
        Leg(
            says="a new relationship is made towards home",
            source=Shows(mode=_NONE),
            given=lambda seen, task: _to_make(seen, given),
            step=lambda seen, task: _create(seen, given),
        ),
        Leg(
            says="the first copy begins",
            source=Shows(mode=_PRIMARY, state=(_S.READY,)),
            destination=Shows(mode=_REPLICA, state=_WAITING),
            given=lambda seen, task: not task.knows(Learned.SCHEDULED),
            step=lambda seen, task: _begin(seen, task, given),
        ),
        Leg(
            says="a first copy that begins later is waited for",
            source=Shows(mode=_PRIMARY, state=(_S.READY,)),
            destination=Shows(mode=_REPLICA, state=_WAITING),
            step=lambda seen, task: _await(seen, task, given),
        ),
        Leg(
            says="the exported copy is imported",
            source=Shows(mode=_PRIMARY, state=_WAITING),
            destination=Shows(mode=_REPLICA, state=_WAITING),
            given=lambda seen, task: given.wanted.first_copy is FirstCopy.EXPORT,
            step=lambda seen, task: _turned(relating.import_copy(task, given.wanted.import_path or "")),
        ),
        *move.LEGS,
    )


#: The table as it is drawn: with a copy over the network.
NETWORK_LEGS: Final = legs(NewCopy(wanted=WantedRelationship.to_home("home")))


def explained(refusal: HostRefused, seen: Pair) -> HostRefused:
    """What a refused creation may mean, after a look that shows what there is now."""
    refusal.cause = (
        f"{refusal.cause}. Files of an earlier copy may lie where the replica server at home puts replicas, which no "
        "class shows as belonging to a VM; or that replica server is off, or does not let this sender in"
    ).lstrip(". ")
    refusal.remedy = (
        "Read the Hyper-V-VMMS-Admin log at home; move away what lies in that folder, check hyperv_replica_server there"
    )
    refusal.next_move = refusal.next_move or (
        "The VM runs on at the recovery host, not protected; nothing is lost. Run this again to go on"
    )
    return refusal
