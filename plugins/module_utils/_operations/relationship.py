# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A relationship as it is wanted: made, changed, copied for the first time, paused, resynchronized or removed.

The destination is the sending side, which is the task's host; the source is the receiving side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absence, Absent, End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    JobType,
    ReplicationMode,
    ReplicationState,
    RequestedReplicationState,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations import guards, steps, waiting
from ansible_collections.hyperv.replica.plugins.module_utils._operations import relationship_steps as relating
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Goal
from ansible_collections.hyperv.replica.plugins.module_utils._operations.operation import Operation
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import Given, Leg, Task
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import (
    Consent,
    Learned,
    Loses,
    Plain,
    Shows,
    Step,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations.relationship_guards import guard
from ansible_collections.hyperv.replica.plugins.module_utils._operations.relationship_settings import (
    FirstCopy,
    RelationshipState,
    WantedRelationship,
    differences,
    for_new,
)

_S: Final = ReplicationState
_HERE: Final = End.DESTINATION
_THERE: Final = End.SOURCE
_PRIMARY: Final = (ReplicationMode.PRIMARY,)
_NONE: Final = (ReplicationMode.NONE,)
_PAUSED: Final = (_S.SUSPENDED, _S.CRITICAL)
_STOPPED: Final = (*_PAUSED, _S.WAITING_FOR_RESYNCHRONIZE, _S.RESYNCHRONIZE_SUSPENDED)
_RESYNCHRONIZING: Final = (_S.RESYNCHRONIZING, _S.RESYNCHRONIZE_SUSPENDED)

#: Jobs of a first copy; which of them runs depends on how it began (page msvm-concretejob, JobType).
_COPIES: Final = (
    JobType.START_INITIAL_REPLICATION,
    JobType.START_EXPORT_INITIAL_REPLICATION,
    JobType.START_RESYNC_INITIAL_REPLICATION,
    JobType.SENDING_INITIAL_REPLICA,
)

_Of = Callable[[Pair, Task, WantedRelationship], bool]
_Make = Callable[[Pair, Task, WantedRelationship], Step]


def relationship_to(goal: Goal, wanted: WantedRelationship, now: datetime) -> Operation:
    """The relationship of one VM, as wanted; a start that does not lie ahead is one at once."""
    wanted = replace(wanted, start_at=wanted.start_at if wanted.start_at and wanted.start_at > now else None)
    rest = _RESTS.get(wanted.state, waiting.at_rest)
    return Operation(
        name="relationship",
        goal=goal,
        legs=legs(wanted),
        guard=lambda seen, task: guard(seen, wanted),
        reached=_bound(reached, wanted),
        rest=rest,
        moves=False,
        asks_guest=False,
        strategy=wanted.first_copy.value if wanted.state is RelationshipState.REPLICATING else "",
    )


def _at_rest_but_for(*interrupted: JobType) -> Callable[[Pair], bool]:
    """Nothing is under way that a pause or a cancellation would have to wait for."""

    def rest(seen: Pair) -> bool:
        sides = [side for side in (seen.source, seen.destination) if isinstance(side, Side)]
        return not any(job.type not in interrupted for side in sides for job in side.busy)

    return rest


def reached(seen: Pair, task: Task, wanted: WantedRelationship) -> bool:
    """Whether both ends, as far as they are known, show what is wanted."""
    here, there = seen.destination, seen.source
    if not isinstance(here, Side):
        return False
    if wanted.state is RelationshipState.ABSENT:
        return here.mode is ReplicationMode.NONE and not _left_over(there, wanted)
    if wanted.extended and here.middle is None:
        return False
    told = not wanted.reset_statistics or task.knows(Learned.STATISTICS_RESET)
    made = here.mode is ReplicationMode.PRIMARY and not differences(here, wanted)
    return told and made and _in_state(here, there, task, wanted)


def _left_over(there: Side | Absent, wanted: WantedRelationship) -> bool:
    """The other end still has its part; of a third host that is only a copy in that role."""
    if isinstance(there, Absent):
        return there.why is Absence.UNREACHABLE
    if wanted.extended:
        return there.mode is wanted.receiver
    return there.mode is not ReplicationMode.NONE


def _in_state(here: Side, there: Side | Absent, task: Task, wanted: WantedRelationship) -> bool:
    match wanted.state:
        case RelationshipState.SUSPENDED:
            return here.state in (_S.SUSPENDED, _S.RESYNCHRONIZE_SUSPENDED)
        case RelationshipState.RESYNCHRONIZATION_CANCELLED:
            return here.state not in _RESYNCHRONIZING
        case RelationshipState.FIRST_COPY_STOPPED:
            return here.state is not _S.WAITING_FOR_INITIAL_REPLICATION
        case RelationshipState.PRESENT | RelationshipState.PROMOTED:
            return True
    if task.knows(Learned.SCHEDULED):
        return True
    if wanted.state is RelationshipState.REPLICATING and _on_its_way(here, wanted):
        return True
    received = not isinstance(there, Side) or there.state is _S.REPLICATING
    return here.state is _S.REPLICATING and received


def _on_its_way(here: Side, wanted: WantedRelationship) -> bool:
    """The first copy was exported, and where it is brought to is not said yet."""
    exported = wanted.first_copy is FirstCopy.EXPORT and wanted.import_path is None
    return exported and here.state is _S.WAITING_FOR_INITIAL_REPLICATION


def _is(*states: RelationshipState) -> _Of:
    return lambda seen, task, wanted: wanted.state in states


def _bound(function: _Of, wanted: WantedRelationship) -> Given:
    return lambda seen, task: function(seen, task, wanted)


def _leg(
    says: str, given: _Of, step: _Make, *, here: Shows | None = None, there: Shows | None = None
) -> Callable[[WantedRelationship], Leg]:
    """One row, bound to what is wanted."""
    return lambda wanted: Leg(
        says=says,
        destination=here or Shows(),
        source=there or Shows(),
        given=_bound(given, wanted),
        step=lambda seen, task: step(seen, task, wanted),
    )


_REPLICATING: Final = RelationshipState.REPLICATING
_MADE: Final = (RelationshipState.PRESENT, RelationshipState.REPLICATING)


def _new(seen: Pair, task: Task, wanted: WantedRelationship) -> bool:
    return wanted.state in _MADE


def _untested(seen: Pair, task: Task, wanted: WantedRelationship) -> bool:
    """The built-in provider's way there can be tested before anything is made."""
    here = seen.destination
    arguments = _arguments(seen, wanted)
    external = "RecoveryServerPortNumber" not in arguments
    built_in = not isinstance(here, Side) or here.settings is None or here.settings.built_in
    return _new(seen, task, wanted) and built_in and not external and not task.knows(Learned.CONNECTION_TESTED)


def _seeds(seen: Pair, task: Task, wanted: WantedRelationship) -> bool:
    return _new(seen, task, wanted) and wanted.first_copy is FirstCopy.EXISTING


def _arguments(seen: Pair, wanted: WantedRelationship) -> dict[str, Plain]:
    here = seen.destination
    return for_new(seen, here, wanted) if isinstance(here, Side) else {}


def _differs(seen: Pair, task: Task, wanted: WantedRelationship) -> bool:
    here = seen.destination
    removed = wanted.state is RelationshipState.ABSENT
    return isinstance(here, Side) and not removed and bool(differences(here, wanted))


def _modify(seen: Pair, task: Task, wanted: WantedRelationship) -> Step:
    here = seen.destination
    return relating.modify(_HERE, here, differences(here, wanted) if isinstance(here, Side) else {})


def _mark(seen: Pair, task: Task, wanted: WantedRelationship) -> Step:
    step = steps.as_replica(_THERE, (Consent.DISCARD_OLD_PRIMARY_DATA,), Loses.WRITES)
    return replace(step, lesson=None, why="the copy that is there becomes a replica; what only it has is overwritten")


def _resume(end: End) -> _Make:
    def step(seen: Pair, task: Task, wanted: WantedRelationship) -> Step:
        return steps.resume(end, why="replication goes on", consent=())

    return step


def _continue(seen: Pair, task: Task, wanted: WantedRelationship) -> Step:
    step = steps.continue_resynchronization(_HERE, task, why="the resynchronization goes on", consent=())
    return relating.near(step, seen)


def _resynchronize(seen: Pair, task: Task, wanted: WantedRelationship) -> Step:
    """Asking for the state by its name consents to it; on the way to another it is asked for."""
    named = wanted.state is RelationshipState.RESYNCHRONIZED
    step = relating.near(steps.resynchronize(_HERE, task), seen)
    step = replace(step, consent=() if named else step.consent)
    return relating.scheduled(step, wanted.start_at)


def _cancel(seen: Pair, task: Task, wanted: WantedRelationship) -> Step:
    return relating.request(
        RequestedReplicationState.CANCEL_RESYNCHRONIZE,
        (_S.WAITING_FOR_RESYNCHRONIZE,),
        "the resynchronization is cancelled; nothing is sent until the next one",
    )


def _stop(seen: Pair, task: Task, wanted: WantedRelationship) -> Step:
    return relating.request(
        RequestedReplicationState.READY, (_S.READY,), "the first copy is stopped; what was sent of it does not count"
    )


def _suspend(seen: Pair, task: Task, wanted: WantedRelationship) -> Step:
    return relating.request(
        RequestedReplicationState.SUSPENDED, (_S.SUSPENDED, _S.RESYNCHRONIZE_SUSPENDED), "replication is paused"
    )


def _imports(seen: Pair, task: Task, wanted: WantedRelationship) -> bool:
    return wanted.state is _REPLICATING and wanted.import_path is not None


def _started(seen: Pair, task: Task, wanted: WantedRelationship) -> bool:
    return wanted.state is _REPLICATING and not task.knows(Learned.SCHEDULED)


def _copying(seen: Pair, task: Task, wanted: WantedRelationship) -> bool:
    """Something moves by itself; nobody has to come at the receiving side first."""
    there = seen.source
    moves = not isinstance(there, Side) or there.state not in _STOPPED
    return moves and wanted.state in (_REPLICATING, RelationshipState.RESYNCHRONIZED)


def _resets(seen: Pair, task: Task, wanted: WantedRelationship) -> bool:
    return wanted.reset_statistics and not task.knows(Learned.STATISTICS_RESET)


def _resynchronizes(seen: Pair, task: Task, wanted: WantedRelationship) -> bool:
    return wanted.state is RelationshipState.RESYNCHRONIZED and not task.knows(Learned.SCHEDULED)


_RESUMED: Final = _is(RelationshipState.REPLICATING)
_FINISHED: Final = _is(RelationshipState.REPLICATING, RelationshipState.RESYNCHRONIZED)

#: What a removal does to what was written since such a failover is documented nowhere (lifecycle 13: commit first).
_FAILED_OVER: Final = Shows(mode=guards.RECEIVERS, state=(_S.RECOVERED,))

#: First what makes and changes it, then what brings it into its state.
_ROWS: Final = (
    _leg(
        "a failover is made final before its relationship is removed",
        _is(RelationshipState.ABSENT),
        lambda seen, task, wanted: relating.make_final(_HERE),
        here=_FAILED_OVER,
    ),
    _leg(
        "a failover at the other side is made final before that",
        _is(RelationshipState.ABSENT),
        lambda seen, task, wanted: relating.make_final(_THERE),
        there=_FAILED_OVER,
    ),
    _leg(
        "a relationship is removed from the sending side",
        _is(RelationshipState.ABSENT),
        lambda seen, task, wanted: relating.remove(_HERE, seen),
        here=Shows(mode=tuple(mode for mode in ReplicationMode if mode is not ReplicationMode.NONE)),
    ),
    _leg(
        "what is left of it is removed from the other side",
        lambda seen, task, wanted: wanted.state is RelationshipState.ABSENT and _left_over(seen.source, wanted),
        lambda seen, task, wanted: relating.remove(_THERE, seen),
        there=Shows(mode=tuple(mode for mode in ReplicationMode if mode is not ReplicationMode.NONE)),
    ),
    _leg(
        "a committed replica becomes the primary for the third host",
        _is(RelationshipState.PROMOTED),
        lambda seen, task, wanted: relating.promote(),
        here=Shows(mode=(ReplicationMode.REPLICA,), state=(_S.COMMITTED,)),
    ),
    _leg(
        "the way there is tested",
        _untested,
        lambda seen, task, wanted: relating.test(seen, _arguments(seen, wanted)),
        here=Shows(mode=_NONE),
    ),
    _leg("a copy that is there becomes a replica", _seeds, _mark, here=Shows(mode=_NONE), there=Shows(mode=_NONE)),
    _leg(
        "the relationship is made",
        _new,
        lambda seen, task, wanted: relating.create(seen, _arguments(seen, wanted), wanted.receiver),
        here=Shows(mode=_NONE),
    ),
    _leg("settings that differ are changed", _differs, _modify, here=Shows(mode=_PRIMARY)),
    _leg(
        "statistics are reset",
        _resets,
        lambda seen, task, wanted: relating.reset_statistics(_HERE),
        here=Shows(mode=_PRIMARY),
    ),
    _leg(
        "a first copy is stopped",
        _is(RelationshipState.FIRST_COPY_STOPPED),
        _stop,
        here=Shows(mode=_PRIMARY, state=(_S.WAITING_FOR_INITIAL_REPLICATION,)),
    ),
    _leg(
        "the first copy begins",
        _started,
        relating.start,
        here=Shows(mode=_PRIMARY, state=(_S.READY,)),
    ),
    _leg(
        "the exported copy is imported",
        _imports,
        lambda seen, task, wanted: relating.import_copy(task, wanted.import_path or ""),
        here=Shows(mode=_PRIMARY, state=(_S.WAITING_FOR_INITIAL_REPLICATION,)),
        there=Shows(mode=guards.RECEIVERS, state=(_S.WAITING_FOR_INITIAL_REPLICATION,)),
    ),
    _leg(
        "a resynchronization is cancelled",
        _is(RelationshipState.RESYNCHRONIZATION_CANCELLED),
        _cancel,
        here=Shows(mode=_PRIMARY, state=_RESYNCHRONIZING),
    ),
    _leg(
        "it is paused",
        _is(RelationshipState.SUSPENDED),
        _suspend,
        here=Shows(mode=_PRIMARY, state=(_S.REPLICATING, _S.CRITICAL, _S.RESYNCHRONIZING)),
    ),
    _leg(
        "a resynchronization begins",
        _resynchronizes,
        _resynchronize,
        here=Shows(mode=_PRIMARY, state=(*_PAUSED, _S.WAITING_FOR_RESYNCHRONIZE)),
    ),
    _leg(
        "a resynchronization that is needed begins",
        _is(RelationshipState.REPLICATING),
        _resynchronize,
        here=Shows(mode=_PRIMARY, state=(_S.WAITING_FOR_RESYNCHRONIZE,)),
    ),
    _leg(
        "a resynchronization goes on",
        _FINISHED,
        _continue,
        here=Shows(mode=_PRIMARY, state=(_S.RESYNCHRONIZE_SUSPENDED,)),
    ),
    _leg("the sending side goes on", _RESUMED, _resume(_HERE), here=Shows(mode=_PRIMARY, state=_PAUSED)),
    _leg("the receiving side goes on", _FINISHED, _resume(_THERE), there=Shows(mode=guards.RECEIVERS, state=_PAUSED)),
    _leg(
        "what is under way ends",
        _copying,
        lambda seen, task, wanted: relating.wait(seen, task),
        here=Shows(mode=_PRIMARY, state=(_S.WAITING_FOR_INITIAL_REPLICATION, _S.RESYNCHRONIZING, _S.REPLICATING)),
    ),
)


_RESYNCHRONIZATIONS: Final = (JobType.RESYNCHRONIZING, JobType.RESYNCHRONIZING_EXTENDED)

#: What does not have to rest before a step, since the step is asked for because of it.
_RESTS: Final = {
    RelationshipState.SUSPENDED: _at_rest_but_for(*_RESYNCHRONIZATIONS),
    RelationshipState.RESYNCHRONIZATION_CANCELLED: _at_rest_but_for(*_RESYNCHRONIZATIONS),
    RelationshipState.FIRST_COPY_STOPPED: _at_rest_but_for(*_COPIES),
}


def legs(wanted: WantedRelationship) -> tuple[Leg, ...]:
    """The table, for what is wanted."""
    return tuple(row(wanted) for row in _ROWS)
