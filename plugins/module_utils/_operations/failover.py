# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Failover: the destination is the replica host, the source the primary, which may be dead."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Absence, Absent, End, Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    Power,
    ReplicationMode,
    ReplicationState,
    VirtualSystemType,
)
from ansible_collections.hyperv.replica.plugins.module_utils._operations import guards, move, reprotect, steps
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import Commit, PointChoice
from ansible_collections.hyperv.replica.plugins.module_utils._operations.path import Leg, Task, shown
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import (
    Learned,
    Loses,
    Method,
    Shows,
    Step,
    Target,
)

_S: Final = ReplicationState
_REPLICA: Final = guards.RECEIVERS

#: What an unplanned failover may start from (lifecycle 7; only 3 and the states of a resynchronization are documented).
FROM: Final = (
    _S.REPLICATING,
    _S.SUSPENDED,
    _S.CRITICAL,
    _S.WAITING_FOR_RESYNCHRONIZE,
    _S.RESYNCHRONIZING,
    _S.RESYNCHRONIZE_SUSPENDED,
)

#: Of these, what a host may want resumed first; that it fails over from them is inferred.
_PAUSED: Final = (_S.SUSPENDED, _S.CRITICAL)

#: A primary's clock may be ahead of the outage's time by this much before it counts as alive after it.
_SKEW: Final = timedelta(seconds=60)


def guard(seen: Pair, task: Task) -> None:
    """Refuse what no unplanned failover may start from. A dead primary stops nothing; a live one always does."""
    here = seen.destination
    if isinstance(here, Absent):
        raise guards.absent(here, seen.vm_name)
    guards.refuse_wrong_peer(seen)
    if here.mode is ReplicationMode.PRIMARY:
        _refuse_primary_here(here, seen)
        return
    if here.mode not in _REPLICA:
        raise _not_a_replica(here)
    guards.refuse_middle(seen)
    _refuse_live_primary(seen, here, task)
    if task.goal.target is Target.PROTECTED:
        guards.need_both(seen)
        guards.need_roles(seen)
        guards.refuse_chain(seen)
    if here.state not in guards.FAILED_OVER:
        _refuse_unconfirmed(seen, task)
        chosen_point(here, task.goal.point)


def _refuse_primary_here(here: Side, seen: Pair) -> None:
    """The primary is here already: by a finished reverse, or because somebody aims at the wrong end."""
    there = seen.source
    if isinstance(there, Side) and there.mode in _REPLICA:
        return
    raise PreconditionFailed(
        f"this host holds the primary, not the replica: {shown(here)}",
        host=here.host,
        vm=here.vm_name,
        remedy="Run this on the replica host, with the primary's host as peer",
    )


def _not_a_replica(here: Side) -> PreconditionFailed:
    return PreconditionFailed(
        f"this copy is not a replica: {shown(here)}",
        kind="not_replicated",
        host=here.host,
        vm=here.vm_name,
        remedy="Run this on the host that holds the replica",
    )


def _refuse_live_primary(seen: Pair, here: Side, task: Task) -> None:
    there = seen.source
    failed_over = here.state in guards.FAILED_OVER
    if isinstance(there, Side) and there.power in guards.UP and not failed_over:
        raise _alive(here, f"the primary on {there.host} answers and shows {shown(there)}")
    if isinstance(there, Side) and there.power in guards.UP and here.power not in guards.UP:
        error = _alive(here, f"{here.host} was failed over and is off, and the primary on {there.host} runs")
        error.remedy = (
            "Undo the failover with hyperv_replica_failover_cancel, or shut the primary down first; "
            "no consent allows a second copy"
        )
        raise error
    began, last = task.goal.point.outage_began, here.last_replicated
    if not failed_over and began and last and last > began + _SKEW:
        raise _alive(
            here, f"the replica still received at {last:%Y-%m-%d %H:%M:%SZ}, after the outage was said to begin"
        )


def _alive(here: Side, found: str) -> PreconditionFailed:
    return PreconditionFailed(
        found,
        kind="primary_alive",
        host=here.host,
        vm=here.vm_name,
        cause="An unplanned failover beside a live primary makes two copies that both change",
        remedy="Use mode: planned, which loses nothing, or shut the primary down first; no consent allows this",
    )


def _refuse_unconfirmed(seen: Pair, task: Task) -> None:
    there = seen.source
    if not isinstance(there, Absent):
        return
    if there.why is Absence.NO_SUCH_VM or there.fault:
        raise guards.absent(there, seen.vm_name)
    if not task.goal.primary_confirmed_down:
        raise PreconditionFailed(
            "the primary does not answer, which does not prove that it is down"
            + (f": {there.said}" if there.said else ""),
            kind="primary_unconfirmed",
            host=there.host,
            vm=seen.vm_name,
            remedy='Make sure that it is down, then say so: primary_confirmed_down: "<who, how, ticket>"',
        )


def reached(seen: Pair, task: Task) -> bool:
    """The destination serves; for ``protected`` it also replicates to the old primary."""
    here, there = seen.destination, seen.source
    if not isinstance(here, Side):
        return False
    if task.goal.target is Target.PROTECTED:
        return isinstance(there, Side) and move.reached(seen, task) and move.settled_at_source(seen)
    if here.mode is ReplicationMode.PRIMARY:
        return move.settled_at_source(seen) and move.on(seen, task)
    return here.state in guards.FAILED_OVER and move.on(seen, task) and not _to_commit(seen, task)


def _to_commit(seen: Pair, task: Task) -> bool:
    here = seen.destination
    if not isinstance(here, Side) or here.state is not _S.RECOVERED:
        return False
    return task.goal.commit in (Commit.NOW, Commit.VERIFIED)


def chosen_point(here: Side, choice: PointChoice) -> str | None:
    """The InstanceID of the recovery point to fail over to; None is the latest.

    Raises:
        PreconditionFailed: there is no such point, or it would lose more than was allowed.
    """
    point, taken = _point(here, choice)
    began = choice.outage_began or here.last_replicated
    if taken is None or began is None:
        raise PreconditionFailed(
            "the replica has never received anything, so there is nothing to fail over to",
            kind="data_loss",
            host=here.host,
            vm=here.vm_name,
        )
    loss = max(began - taken, timedelta())
    if choice.max_loss is not None and loss > choice.max_loss:
        raise PreconditionFailed(
            f"the chosen recovery point of {taken:%Y-%m-%d %H:%M:%SZ} loses {loss.total_seconds():.0f} s, "
            f"more than max_data_loss of {choice.max_loss.total_seconds():.0f} s",
            kind="data_loss",
            host=here.host,
            vm=here.vm_name,
            remedy="Choose a younger point, or allow more with max_data_loss",
        )
    return point


def point_time(here: Side, choice: PointChoice) -> datetime | None:
    """When the chosen recovery point was taken."""
    return _point(here, choice)[1]


def _point(here: Side, choice: PointChoice) -> tuple[str | None, datetime | None]:
    points = sorted(here.points, key=lambda point: point.created, reverse=True)
    if choice.before is not None:
        points = [point for point in points if point.created <= choice.before]
    elif choice.wanted == "latest":
        return None, here.last_replicated
    if choice.wanted == "latest_app_consistent":
        points = [point for point in points if point.kind is VirtualSystemType.POINT_APPLICATION_CONSISTENT]
    elif choice.wanted != "latest":
        points = [point for point in points if choice.wanted.lower() in (point.id.lower(), point.name.lower())]
    if not points:
        raise _no_point(here, choice)
    if choice.before is None and len(points) > 1 and choice.wanted not in ("latest", "latest_app_consistent"):
        raise _no_point(here, choice)
    return points[0].id, points[0].created


def _no_point(here: Side, choice: PointChoice) -> PreconditionFailed:
    offered = ", ".join(f"{point.name} [{point.id}]" for point in here.points) or "none"
    asked = f"before {choice.before:%Y-%m-%d %H:%M:%SZ}" if choice.before else choice.wanted
    return PreconditionFailed(
        f"not exactly one recovery point fits {asked}; there are: {offered}",
        kind="no_such_point",
        host=here.host,
        vm=here.vm_name,
        remedy="Give one by its id, or latest",
    )


def silent_long_enough(seen: Pair) -> bool:
    """More than an interval has passed without a delta, on the replica's own clock: nobody sends any more."""
    here = seen.destination
    if not isinstance(here, Side) or here.last_replicated is None or here.facts.clock is None:
        return True
    interval = timedelta(seconds=here.settings.interval if here.settings else 300)
    return here.facts.clock - here.last_replicated > interval + interval / 10


def _not_surely_silent(seen: Pair, task: Task) -> bool:
    return isinstance(seen.source, Absent) and not task.knows(Learned.PRIMARY_SILENT) and not silent_long_enough(seen)


def _wait_until_silent(seen: Pair, task: Task) -> Step:
    return Step(
        host=End.DESTINATION,
        method=Method.WAIT_UNTIL_SILENT,
        teaches=Learned.PRIMARY_SILENT,
        why="one replication interval passes without a delta, which a live primary would send",
    )


def _fail_over(seen: Pair, task: Task) -> Step:
    here = seen.destination
    point = chosen_point(here, task.goal.point) if isinstance(here, Side) else None
    step = steps.initiate_failover(
        End.DESTINATION,
        point,
        loses=Loses.WRITES,
        why="the replica takes over; what the primary wrote after the recovery point is not in it",
    )
    paused = isinstance(here, Side) and here.state in _PAUSED
    return steps.with_lesson(step, Learned.FAILOVER_WANTS_RESUMED) if paused else step


def _unprotected_and_off(seen: Pair, task: Task) -> bool:
    return not task.knows(Learned.KEEP_OFF)


def _test_copy(seen: Pair) -> str:
    return seen.destination.test_copy if isinstance(seen.destination, Side) else ""


#: Before a replica takes over.
BEFORE_LEGS: Final = (
    Leg(
        says="a leftover test copy that runs is turned off",
        destination=Shows(mode=_REPLICA, state=FROM),
        given=lambda seen, task: guards.test_copy_runs(seen.destination),
        step=lambda seen, task: steps.turn_off_test_copy(End.DESTINATION),
    ),
    Leg(
        says="a leftover test copy is removed",
        destination=Shows(mode=_REPLICA, state=FROM),
        given=lambda seen, task: bool(_test_copy(seen)),
        step=lambda seen, task: steps.destroy_test_copy(End.DESTINATION, _test_copy(seen)),
    ),
    Leg(
        says="the primary's silence is made sure of",
        destination=Shows(mode=_REPLICA, state=FROM),
        given=_not_surely_silent,
        step=_wait_until_silent,
    ),
)
START_LEG: Final = Leg(
    says="the VM starts",
    destination=Shows(mode=_REPLICA, state=guards.FAILED_OVER, power=(Power.OFF, Power.SAVED)),
    given=_unprotected_and_off,
    step=lambda seen, task: steps.start(End.DESTINATION),
)
#: On to a protected VM where the old primary answers.
AFTER_LEGS: Final = (
    *reprotect.legs(End.DESTINATION),
    *(leg for leg in move.LEGS if leg.destination.mode == (ReplicationMode.PRIMARY,)),
)
#: From a replica without its primary to a served VM, and on.
LEGS: Final = (
    *BEFORE_LEGS,
    Leg(
        says="a paused replica is resumed where a failover asks for it",
        destination=Shows(mode=_REPLICA, state=_PAUSED),
        given=lambda seen, task: task.knows(Learned.FAILOVER_WANTS_RESUMED),
        step=lambda seen, task: steps.resume(
            End.DESTINATION, why="this host fails over only a replica that is not paused", consent=()
        ),
    ),
    Leg(
        says="the destination takes over",
        destination=Shows(mode=_REPLICA, state=FROM, power=(Power.OFF,)),
        step=_fail_over,
    ),
    START_LEG,
    Leg(
        says="the failover is committed where that was asked for",
        destination=Shows(mode=_REPLICA, state=(_S.RECOVERED,)),
        given=_to_commit,
        step=lambda seen, task: steps.commit(End.DESTINATION, why="commit was asked for; the failover becomes final"),
    ),
    *AFTER_LEGS,
)
