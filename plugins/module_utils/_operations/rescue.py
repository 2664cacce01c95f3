# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a move fails after the VM was shut down: bring service back, and say at what price.

``roll_back`` is lossless for as long as nothing was started at the destination. ``start_unprotected`` serves at the
destination without protection; where the destination cannot start it yet, the source serves again instead.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absent, End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    Power,
    ReplicationMode,
    ReplicationState,
    ReplicationType,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations import cancel, failback, guards, steps
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import OnFailure
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import Leg, Task, walk
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import (
    Learned,
    Method,
    Performed,
    Shows,
    Step,
)

_S: Final = ReplicationState


#: A VM in one of these serves its users, or is about to.
SERVING: Final = (Power.RUNNING, Power.STARTING)


def served(seen: Pair) -> bool:
    """Whether a copy runs somewhere."""
    return any(isinstance(side, Side) and side.power in SERVING for side in (seen.source, seen.destination))


def disturbed(performed: Collection[Performed], seen: Pair) -> bool:
    """Whether a run asked for something, and nothing serves."""
    return any(done.step.method.mutates for done in performed) and not served(seen)


def lessons(performed: Collection[Performed]) -> frozenset[Learned]:
    """What a run's own steps tell: it failed the destination over itself and never started it, so nothing is there.

    A copy that was failed over when the run began may have served since.
    """
    here = {done.step.method for done in performed if done.step.host is End.DESTINATION}
    ours = Method.INITIATE_FAILOVER in here and Method.REQUEST_STATE_CHANGE not in here
    return frozenset({Learned.NEVER_STARTED}) if ours else frozenset()


def back_at_source(seen: Pair, task: Task) -> bool:
    """The source serves again, or is unlocked where the VM was off when the run began."""
    here, there = seen.destination, seen.source
    if not isinstance(there, Side) or (isinstance(here, Side) and here.state is _S.RECOVERED):
        return False
    on = there.power is Power.RUNNING or task.knows(Learned.KEEP_OFF)
    return on and there.state is not _S.SYNCED and not cancel.paused_by_us(seen, task)


def _may_roll_back(seen: Pair, task: Task) -> bool:
    """Nothing was reversed, and the destination's copy is off and not the one that counts."""
    here, there = seen.destination, seen.source
    if not isinstance(there, Side) or there.mode is not ReplicationMode.PRIMARY:
        return False
    if isinstance(here, Absent):
        return there.state is not _S.SYNCED
    if here.state is _S.RECOVERED and not cancel.unused(here, task):
        return False
    free = here.state not in (_S.COMMITTED, _S.FAILBACK_IN_PROGRESS, _S.FAILBACK_COMPLETE)
    unfilled = here.state is _S.COMMITTED and there.state is not _S.SYNCED and not failback.came_home(seen, task)
    return here.mode in guards.RECEIVERS and (free or unfilled) and here.power is Power.OFF


def _may_restore(seen: Pair, task: Task) -> bool:
    """The source is not locked and may serve again as it did, beside a failed-over copy that is off and kept."""
    here, there = seen.destination, seen.source
    kept = isinstance(here, Side) and here.state is _S.RECOVERED and here.power is Power.OFF
    free = isinstance(there, Side) and there.mode is ReplicationMode.PRIMARY and there.state is not _S.SYNCED
    return kept and free


def _source_runs(seen: Pair, task: Task) -> bool:
    there = seen.source
    return task.knows(Learned.KEEP_OFF) or (isinstance(there, Side) and there.power is Power.RUNNING)


def _may_start(seen: Pair, task: Task) -> bool:
    """The destination's copy holds the last delta and may start; the source's cannot start beside it."""
    here, there = seen.destination, seen.source
    if not isinstance(here, Side) or here.power not in (Power.OFF, Power.SAVED):
        return False
    source_off = isinstance(there, Absent) or there.power is Power.OFF
    return source_off and (_took_all(here) or failback.came_home(seen, task))


def _took_all(here: Side) -> bool:
    """It is the primary, or was failed over with the last delta; another failover leaves writes behind."""
    planned = here.relationship is not None and here.relationship.failed_over_type is ReplicationType.PLANNED
    return here.mode is ReplicationMode.PRIMARY or (here.state in guards.FAILED_OVER and planned)


_START_HERE: Final = Leg(
    says="the VM starts at the destination without protection",
    destination=Shows(power=(Power.OFF, Power.SAVED)),
    step=lambda seen, task: steps.start(End.DESTINATION, why="the VM starts at the destination, not protected"),
)


_COMMIT_HERE: Final = Leg(
    says="what the provider brought home is committed",
    destination=Shows(state=(_S.FAILBACK_COMPLETE,), power=(Power.OFF,)),
    given=failback.commit_wanted,
    step=lambda seen, task: steps.commit_failback(End.DESTINATION),
)


def plan(seen: Pair, task: Task, policy: OnFailure) -> tuple[str, tuple[Step, ...]]:
    """Give what is done, as a word for the result, and the steps to it; none where service runs or nothing helps."""
    if served(seen) and not cancel.paused_by_us(seen, task):
        return "", ()
    if policy is OnFailure.STOP:
        return "stopped", ()
    started_here = ("started_unprotected", (_COMMIT_HERE, _START_HERE), _here_runs)
    rolled_back = ("rolled_back", cancel.LEGS, back_at_source)
    first, second = (
        (started_here, rolled_back) if policy is OnFailure.START_UNPROTECTED else (rolled_back, started_here)
    )
    for word, legs, done in (first, second):
        if (_may_start if word == "started_unprotected" else _may_roll_back)(seen, task):
            return word, walk(seen, task, legs, done)
    if _may_restore(seen, task):
        return "rolled_back", walk(seen, task, (cancel.START_AT_SOURCE,), _source_runs)
    return "stopped", ()


def _here_runs(seen: Pair, task: Task) -> bool:
    here = seen.destination
    return isinstance(here, Side) and here.power is Power.RUNNING
