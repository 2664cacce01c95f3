# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Failback: the destination is home, the source the recovery host that serves the VM now.

``reverse`` is Microsoft's documented way: reverse replication, then a planned move home. ``provider`` has an external
replication provider bring the data back with InitiateFailback.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import HostRefused, PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import (
    Absence,
    Absent,
    End,
    Job,
    Pair,
    Side,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    JobType,
    Power,
    ReplicationMode,
    ReplicationState,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations import guards, move, reprotect, steps
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Strategy
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import Leg, Task, shown
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import (
    Learned,
    Loses,
    Shows,
    Step,
    Target,
)

_S: Final = ReplicationState
_PRIMARY: Final = (ReplicationMode.PRIMARY,)
_REPLICA: Final = guards.RECEIVERS
_OFF: Final = (Power.OFF,)
_HOME: Final = (_S.FAILBACK_COMPLETE, _S.COMMITTED)
#: Refusals that may mean that the call is made on the wrong one of the two virtual machines (lifecycle 10).
_OTHER_END: Final = (32770, 32773, 32775)
#: Two hosts are looked at one after the other; their ages may differ by this.
_JITTER: Final = timedelta(seconds=5)

#: Microsoft documents no state for InitiateFailback; these are tried as found (lifecycle 10).
_RECEIVES: Final = (_S.REPLICATING, _S.RECOVERED, _S.COMMITTED)


def strategy(seen: Pair, wanted: Strategy) -> Strategy:
    """Decide by the relationship's provider alone: built-in reverses, any other fails back by itself."""
    if wanted is not Strategy.AUTO:
        return wanted
    known = [side.settings for side in (seen.destination, seen.source) if isinstance(side, Side) and side.settings]
    return Strategy.REVERSE if all(settings.built_in for settings in known) else Strategy.PROVIDER


#: A home that was only prepared for a move away, which then was given up, goes on as the primary that it is.
_UNLOCK_LEGS: Final = (
    Leg(
        says="a home that was only prepared for a move away is unlocked",
        source=Shows(mode=_REPLICA, state=(_S.REPLICATING,), power=_OFF),
        destination=Shows(mode=_PRIMARY, state=(_S.SYNCED,)),
        step=lambda seen, task: steps.cancel_prepared(End.DESTINATION),
    ),
    Leg(
        says="replication goes on where unlocking paused it",
        source=Shows(mode=_REPLICA),
        destination=Shows(mode=_PRIMARY, state=(_S.SUSPENDED,)),
        given=lambda seen, task: task.knows(Learned.UNLOCKED),
        step=lambda seen, task: replace(
            steps.resume(End.DESTINATION, why="what was undone left replication paused; it goes on", consent=()),
            contingent=True,
        ),
    ),
)

#: Home by reverse: the recovery host becomes the primary of home first, where it is not yet, then moves the VM home.
REVERSE_LEGS: Final = (*reprotect.legs(End.SOURCE), move.first_copy_leg(End.SOURCE), *_UNLOCK_LEGS, *move.LEGS)


def reverse_guard(seen: Pair, task: Task) -> None:
    """Refuse what no failback by reverse may start from."""
    if not reprotect.needed(seen, End.SOURCE):
        refuse_lost_home(seen)
        move.guard(seen, task)
        return
    guards.refuse_wrong_peer(seen)
    guards.need_both(seen)
    guards.need_roles(seen)
    guards.refuse_chain(seen)


def refuse_lost_home(seen: Pair) -> None:
    """Raise where the recovery host does not answer: without it there is nothing to bring home."""
    there = seen.source
    if not isinstance(there, Absent):
        return
    if there.why is Absence.UNREACHABLE and not there.fault:
        error = guards.absent(there, seen.vm_name)
        error.remedy = (
            "Failback needs the recovery host. If it is lost for good, use hyperv_replica_failover mode: unplanned "
            "with home as the host, or hyperv_vm_power with abandon_peer_copy"
        )
        raise error


def provider_guard(seen: Pair, task: Task) -> None:
    """Refuse what no failback by a provider may start from."""
    here, there = seen.destination, seen.source
    if isinstance(here, Absent):
        raise guards.absent(here, seen.vm_name)
    guards.refuse_wrong_peer(seen)
    guards.refuse_split(seen)
    if here.mode is ReplicationMode.NONE:
        guards.need_roles(seen)
    _refuse_unreversed(here, there)
    if isinstance(there, Absent) and not task.goal.source_confirmed_off and not _coming_home(here):
        raise PreconditionFailed(
            "whether the other side's copy is off was not seen",
            kind="source_unconfirmed",
            host=there.host,
            vm=here.vm_name,
            cause="The provider may take its recovery point at the call, and what is written there afterwards be lost",
            remedy='Give peer, or attest it: source_confirmed_off: "<reason>"',
        )


def _refuse_unreversed(here: Side, there: Side | Absent) -> None:
    """A home copy that is still the primary receives nothing from a provider; the page wants a recovery VM."""
    if here.mode is not ReplicationMode.PRIMARY or not isinstance(there, Side) or there.state not in guards.FAILED_OVER:
        return
    raise PreconditionFailed(
        f"the copy at home is still the primary ({shown(here)}), and the other side is failed over ({shown(there)})",
        kind="not_reversed",
        host=here.host,
        vm=here.vm_name,
        cause="InitiateFailback works on a recovery VM; the direction was never reversed after the failover",
        remedy="Use strategy: reverse, or finish the failover first with hyperv_replica_failover and state: protected",
    )


def _coming_home(here: Side) -> bool:
    return here.state in (_S.FAILBACK_IN_PROGRESS, *_HOME) or here.mode is ReplicationMode.PRIMARY


def came_home(seen: Pair, task: Task) -> bool:
    """Whether the data is at home, and nothing was written elsewhere since it came.

    State 6 alone does not say it: a copy may be committed before it is filled. Then a failback job that succeeded
    says it, for as long as the host keeps it, or that the copy is served.
    """
    here = seen.destination
    if not isinstance(here, Side):
        return False
    if here.mode is ReplicationMode.PRIMARY or (here.state in _HOME and here.power is Power.RUNNING):
        return True
    known = task.knows(Learned.CAME_HOME) or task.knows(Learned.COMMIT_ASKED)
    if here.state is _S.REPLICATING:
        return known and task.knows(Learned.REVERSE_REFUSED)
    told = known or here.state is _S.FAILBACK_COMPLETE or _job(here) is not None
    return here.state in _HOME and told and not _served_since(here, seen.source, task)


def _job(here: Side) -> Job | None:
    done = (job for job in here.jobs if job.type is JobType.INITIATE_FAILBACK and job.succeeded)
    return max(done, key=lambda job: str(job.started or ""), default=None)


def _served_since(here: Side, there: Side | Absent, task: Task) -> bool:
    """Whether the source ran after its data came home, each host's times by its own clock.

    What cannot be told counts as if it had: to bring the data home once more costs time, to leave it behind writes.
    """
    if isinstance(there, Absent):
        return False
    if there.power in guards.UP:
        return True
    if task.goal.source_confirmed_off or task.knows(Learned.CAME_HOME) or task.knows(Learned.COMMIT_ASKED):
        return False
    job = _job(here)
    came = job.started if job else here.last_replicated
    if not (came and there.power_changed and here.facts.clock and there.facts.clock):
        return False
    return there.facts.clock - there.power_changed + _JITTER < here.facts.clock - came


def provider_reached(seen: Pair, task: Task) -> bool:
    """Home runs it; for ``protected`` it also replicates again."""
    here, there = seen.destination, seen.source
    if not isinstance(here, Side) or task.goal.target.rank < Target.RUNNING.rank:
        return move.reached(seen, task)
    if isinstance(there, Side) and there.power in guards.UP:
        return False
    if not came_home(seen, task) or not move.on(seen, task):
        return False
    return task.goal.target is Target.RUNNING or (
        here.state is _S.REPLICATING and (here.mode is ReplicationMode.PRIMARY or task.knows(Learned.REVERSE_REFUSED))
    )


def commit_wanted(seen: Pair, task: Task) -> bool:
    """Whether the commit of a failback is still to be asked for."""
    return not (task.knows(Learned.COMMIT_NOT_WANTED) or task.knows(Learned.COMMIT_ASKED))


def _to_recover_first(seen: Pair, task: Task) -> bool:
    return task.knows(Learned.FAILBACK_WANTS_RECOVERED) or task.knows(Learned.FAILBACK_WANTS_COMMITTED)


def _source_off(seen: Pair, task: Task) -> bool:
    return not (isinstance(seen.source, Side) and seen.source.power in guards.UP)


def _initiate(seen: Pair, task: Task) -> Step:
    """Which state the VM must be in is undocumented: as found, then failed over, then committed."""
    here = seen.destination
    settings = here.settings if isinstance(here, Side) else None
    lesson = None
    external = settings is not None and not settings.built_in
    if external and isinstance(here, Side) and not task.goal.initiate_on_peer:
        lesson = {
            _S.REPLICATING: Learned.FAILBACK_WANTS_RECOVERED,
            _S.RECOVERED: Learned.FAILBACK_WANTS_COMMITTED,
        }.get(here.state)
    return steps.initiate_failback(End.DESTINATION, task, lesson=lesson)


def _commit_failback(seen: Pair, task: Task) -> Step:
    """Where the source ran since, a commit only leads back to a state from which the data can be brought again."""
    step = steps.commit_failback(End.DESTINATION)
    return step if came_home(seen, task) else replace(step, teaches=None)


def _reverse_at_home(seen: Pair, task: Task) -> Step:
    step = steps.reverse(End.DESTINATION, seen)
    return steps.with_lesson(step, Learned.REVERSE_REFUSED)


#: Home by the provider; what follows the state 14 is undocumented, so refusals on the way are lessons (lifecycle 10).
PROVIDER_LEGS: Final = (
    Leg(
        says="the guest shuts down at the source",
        source=Shows(power=(Power.RUNNING,)),
        destination=Shows(mode=_REPLICA, state=_RECEIVES, power=_OFF),
        step=lambda seen, task: steps.shut_down(End.SOURCE, task),
    ),
    Leg(
        says="the copy at home is failed over where the provider asks for it",
        destination=Shows(mode=_REPLICA, state=(_S.REPLICATING,), power=_OFF),
        given=lambda seen, task: _source_off(seen, task) and _to_recover_first(seen, task),
        step=lambda seen, task: steps.initiate_failover(
            End.DESTINATION,
            None,
            loses=Loses.NOTHING,
            why="this provider fails back only a failed-over VM; it stays off and is filled from the other side",
        ),
    ),
    Leg(
        says="that failover is committed where the provider asks for it",
        destination=Shows(mode=_REPLICA, state=(_S.RECOVERED,), power=_OFF),
        given=lambda seen, task: _source_off(seen, task) and task.knows(Learned.FAILBACK_WANTS_COMMITTED),
        step=lambda seen, task: steps.commit(
            End.DESTINATION, why="this provider fails back only a committed VM; it stays off and is filled from there"
        ),
    ),
    Leg(
        says="the provider brings the data home",
        destination=Shows(mode=_REPLICA, state=_RECEIVES, power=_OFF),
        given=lambda seen, task: _source_off(seen, task) and not came_home(seen, task),
        step=_initiate,
    ),
    Leg(
        says="the failback is committed",
        destination=Shows(state=(_S.FAILBACK_COMPLETE,), power=_OFF),
        given=commit_wanted,
        step=_commit_failback,
    ),
    Leg(
        says="the VM starts at home",
        destination=Shows(state=(*_HOME, _S.REPLICATING, _S.READY), power=_OFF),
        given=lambda seen, task: not task.knows(Learned.KEEP_OFF) and came_home(seen, task),
        step=lambda seen, task: steps.start(End.DESTINATION),
    ),
    Leg(
        says="replication is resumed where reverse was refused",
        destination=Shows(mode=_REPLICA, state=_HOME),
        given=lambda seen, task: task.knows(Learned.REVERSE_REFUSED) and came_home(seen, task),
        step=lambda seen, task: steps.resume(
            End.DESTINATION, why="this provider does not reverse; replication is resumed", consent=()
        ),
    ),
    Leg(
        says="replication goes towards the other side again",
        destination=Shows(mode=_REPLICA, state=_HOME),
        given=came_home,
        step=_reverse_at_home,
    ),
    move.first_copy_leg(End.DESTINATION),
    *move.repair_legs(End.DESTINATION),
)


def explained(refusal: HostRefused, seen: Pair) -> HostRefused:
    """What a refused InitiateFailback means for the operator, after a look that shows that nothing changed."""
    here = seen.destination
    settings = here.settings if isinstance(here, Side) else None
    if settings is not None and settings.built_in:
        refusal.cause = "This provider does not fail back that way: it is the built-in one of Hyper-V Replica"
        refusal.remedy = "Use strategy: reverse, the documented failback between two hosts"
    elif refusal.code in _OTHER_END:
        refusal.remedy = refusal.remedy or "Look at the provider's own log"
        refusal.remedy += (
            ". If this provider wants the call on the other end's virtual machine, give initiate_on its other value"
        )
    refusal.next_move = refusal.next_move or f"A look afterwards shows nothing changed: {shown(here)}"
    return refusal
